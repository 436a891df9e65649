/**
 * Who may read `/metrics`. Figures tell how busy offices are and where a node is weak, so strangers get none.
 *
 * - With `CONGVAN_METRICS_TOKEN_FILE` set: whoever shows the token in that file (`Authorization: Bearer …`), from
 *   anywhere. The file is read anew each time: a changed token counts at once.
 * - Without it: only from the machine itself, and only where no proxy can stand in between, behind which every request
 *   would come from the machine itself. A node that names a proxy, or a public URL that is no loopback address, has one.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { CongvanError } from '../errors.ts'

export interface MetricsAccess {
  readonly tokenFile: string | undefined
  /** Whether requests may come through a proxy on this machine. */
  readonly behindProxy: boolean
  readonly publicUrl: string
}

export interface MetricsCaller {
  /** Of the connection itself, not as a proxy tells it. */
  readonly remoteAddress: string | undefined
  readonly authorization: string | undefined
  /** A proxy's mark: `Forwarded`, `X-Forwarded-For` or `Via`. */
  readonly isForwarded: boolean
}

/** @throws CongvanError `METRICS_CLOSED`, `METRICS_TOKEN_WRONG`; a token file that cannot be used lets nobody in */
export async function admitToMetrics(access: MetricsAccess, caller: MetricsCaller): Promise<void> {
  if (access.tokenFile !== undefined) {
    const token = await readToken(access.tokenFile)
    if (!showsToken(caller.authorization, token)) throw new CongvanError('METRICS_TOKEN_WRONG')
    return
  }
  const isLocal =
    isLoopback(caller.remoteAddress ?? '') &&
    !caller.isForwarded &&
    !access.behindProxy &&
    isLoopbackUrl(access.publicUrl)
  if (!isLocal) throw new CongvanError('METRICS_CLOSED')
}

/** A token shorter than this could be guessed, and an empty file would let everybody in. */
const LEAST_TOKEN = 16

async function readToken(file: string): Promise<string> {
  const token = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new CongvanError('METRICS_CLOSED', {}, { cause: error })
  })
  if (token.trim().length < LEAST_TOKEN) {
    const cause = new Error(`${file}: the token is shorter than ${LEAST_TOKEN} characters`)
    throw new CongvanError('METRICS_CLOSED', {}, { cause })
  }
  return token.trim()
}

function showsToken(authorization: string | undefined, token: string): boolean {
  const shown = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1]
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return shown !== undefined && timingSafeEqual(digest(shown), digest(token))
}

function isLoopback(address: string): boolean {
  const plain = address.replace(/^::ffff:/, '')
  return isIP(plain) === 4 ? plain.startsWith('127.') : plain === '::1'
}

function isLoopbackUrl(url: string): boolean {
  const { hostname } = new URL(url)
  return hostname === 'localhost' || isLoopback(hostname.replace(/^\[|\]$/g, ''))
}
