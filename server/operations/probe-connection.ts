/** The first steps to a peer, beneath HTTP: does its name resolve, its port take connections, its TLS hold? */
import { connect, isIP } from 'node:net'
import { connect as connectTls, type PeerCertificate } from 'node:tls'
import type { PeerFindingCode, StepResult } from './peer-steps.ts'

const PATIENCE_MS = 5_000
const DAY_MS = 86_400_000
const ENDS_SOON_DAYS = 14

type Finding = Pick<StepResult, 'state' | 'params'> & { readonly code?: PeerFindingCode }

interface Place {
  readonly host: string
  readonly port: number
}

export function placeOf(url: URL): Place {
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port }
}

export async function probeConnection(url: URL): Promise<Finding> {
  const place = placeOf(url)
  const socket = connect(place)
  try {
    await opened(socket, 'connect')
    return { state: 'passed', params: { address: `${socket.remoteAddress}:${socket.remotePort}` } }
  } catch (error) {
    const { code, params } = connectionFinding(error, place)
    return { state: 'failed', code, params }
  } finally {
    socket.destroy()
  }
}

/** @param now by which the end of the certificate is judged */
export async function probeTls(url: URL, now: Date): Promise<Finding> {
  const { host, port } = placeOf(url)
  if (url.protocol === 'http:') {
    const isLocal = host === 'localhost' || host === '::1' || host.startsWith('127.')
    return isLocal
      ? { state: 'skipped', params: {} }
      : { state: 'warning', code: 'TLS_NONE', params: { host } }
  }
  // What is wrong with the certificate is to be told, so it is judged below instead of by the connection.
  const socket = connectTls({
    host,
    port,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    rejectUnauthorized: false,
  })
  try {
    await opened(socket, 'secureConnect')
    const certificate = socket.getPeerCertificate()
    const protocol = socket.getProtocol() ?? ''
    return judgeCertificate(certificate, reasonOf(socket.authorizationError), { host, protocol }, now)
  } catch (error) {
    return { state: 'failed', code: 'TLS_FAILED', params: { host, reason: reasonOf(error) } }
  } finally {
    socket.destroy()
  }
}

function judgeCertificate(
  certificate: PeerCertificate,
  refusal: string,
  { host, protocol }: { readonly host: string; readonly protocol: string },
  now: Date,
): Finding {
  const endsAt = new Date(certificate.valid_to)
  const params = {
    host,
    protocol,
    ends: Number.isNaN(endsAt.getTime()) ? '?' : endsAt.toISOString().slice(0, 10),
  }
  if (refusal === 'CERT_HAS_EXPIRED' || endsAt < now) return { state: 'failed', code: 'TLS_EXPIRED', params }
  if (refusal === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const names = certificate.subjectaltname ?? ''
    return { state: 'failed', code: 'TLS_NAME', params: { ...params, reason: names } }
  }
  if (refusal !== '')
    return { state: 'failed', code: 'TLS_UNTRUSTED', params: { ...params, reason: refusal } }
  const isSoon = endsAt.getTime() - now.getTime() < ENDS_SOON_DAYS * DAY_MS
  return isSoon ? { state: 'warning', code: 'TLS_ENDS', params } : { state: 'passed', params }
}

interface Openable {
  once(event: string, listener: (error: Error) => void): unknown
  setTimeout(ms: number, listener: () => void): unknown
}

function opened(socket: Openable, event: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once(event, () => resolve())
    socket.once('error', reject)
    // The other side has closed before it said anything: no TLS there.
    socket.once('close', () => reject(new Error('closed')))
    socket.setTimeout(PATIENCE_MS, () => reject(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })))
  })
}

function connectionFinding(
  error: unknown,
  { host, port }: Place,
): { code: PeerFindingCode; params: StepResult['params'] } {
  const reason = reasonOf(error)
  if (reason === 'ENOTFOUND' || reason === 'EAI_AGAIN') return { code: 'NAME_UNKNOWN', params: { host } }
  if (reason === 'ECONNREFUSED') return { code: 'CONNECTION_REFUSED', params: { host, port } }
  if (reason === 'ETIMEDOUT') {
    return { code: 'CONNECTION_TIMEOUT', params: { host, port, seconds: PATIENCE_MS / 1000 } }
  }
  return { code: 'CONNECTION_FAILED', params: { host, port, reason } }
}

/** The code of an error where it has one; of several addresses tried, that of the last. */
function reasonOf(error: unknown): string {
  if (error === null || error === undefined) return ''
  if (!(error instanceof Error)) return String(error)
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors.at(-1))
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message
}
