/**
 * Who may be believed: whose key sealed, and which node hosted which agency, at a time. Pure.
 *
 * Both follow from the signed directory in the bundle once its root is known: by the fingerprint of the root's key, or
 * by the root's own certificate where that is the one node certificate that is trusted. A certificate authority
 * cannot stand in for it: it says who a node is, not that it is the root; any node that it certifies could call
 * itself one. Beside that a node's key is believed to be the node's where its certificate, which names the node, is
 * trusted itself or issued below a trusted one. What a node hosted is then still to be proven by the directory.
 */
import { X509Certificate } from 'node:crypto'
import {
  certificateSubject,
  nodeKeyFingerprint,
  SigningError,
  validateCertificatePath,
} from '../../../signing/index.ts'
import { isValidOn, vietnamDay } from '../../directory/agency-entry.ts'
import { type DerivedNode, type Directory, deriveDirectory, keyValidAt } from '../../directory/derive.ts'
import type { DecodedPart } from '../../directory/part.ts'
import type { Findings } from './findings.ts'

export interface TrustGiven {
  /** DER; certificates of authorities and of nodes. */
  readonly anchors: readonly Uint8Array[]
  /** DER; may stand between, with no trust in themselves. */
  readonly untrusted: readonly Uint8Array[]
  readonly crls: readonly Uint8Array[]
  /** SHA-256 of the root's key (SPKI, DER), hexadecimal. */
  readonly roots: readonly string[]
}

export interface Seal {
  readonly keyFingerprint: string
  readonly certificate: Uint8Array
  readonly sealedAt: Date
}

export interface RootFound {
  readonly node: string
  readonly fingerprint: string
  readonly trusted: boolean
}

type Part = DecodedPart & { readonly file: string }
type Answer = 'yes' | 'no' | 'unknown'

export interface NodeTrust {
  readonly root: RootFound | null
  /** Whether a key was a node's when it sealed, as the directory says. */
  keyOf(node: string, seal: Seal): Answer
  /** Whether that may be believed. */
  believes(node: string, seal: Seal): boolean
  /** Whether a node hosted the agency that bore a code at a moment. */
  hosted(node: string, code: string, at: Date): Answer
  /** The node that hosted last, until a moment or of all time, the agency that bore a code at another. */
  lastHost(code: string, at: Date, until?: Date): string | undefined
  /** The node that the directory or else the trusted certificate names for a seal, by what it hosted. */
  sealer(code: string, seal: Seal): string
  /** Whether a node lies on the way between two others; `unknown` where one of them is not in the directory. */
  onWay(node: string, from: string, to: string): Answer
}

export function nodeTrust(parts: readonly Part[], given: TrustGiven, findings: Findings): NodeTrust {
  const { root, taken } = chooseParts(parts, given)
  const directory = deriveDirectory({
    rootIssuer: root?.node ?? null,
    parts: new Map(taken.map((part) => [part.content.issuer, sourceOf(part)])),
    ownNode: '',
  })
  if (root === null) findings.add('DIRECTORY_MISSING')
  else if (!root.trusted) {
    findings.add('DIRECTORY_NOT_TRUSTED', { node: root.node, fingerprint: root.fingerprint })
  }
  for (const part of taken) {
    if (!maySpeak(part, root, directory)) {
      findings.add('DIRECTORY_PART_NOT_ENTITLED', { file: part.file, node: part.content.issuer })
    }
  }
  const certified = certificateJudge(given)
  const keyOf = (node: string, seal: Seal): Answer => {
    const known = directory.nodes.get(node)
    if (known === undefined) return 'unknown'
    return keyValidAt(known.keys, seal.keyFingerprint, seal.sealedAt.toISOString()) ? 'yes' : 'no'
  }
  const hosted = (node: string, code: string, at: Date): Answer => {
    const host = hostOf(directory, code, at)
    return host === undefined ? 'unknown' : host === node ? 'yes' : 'no'
  }
  return {
    root,
    keyOf,
    hosted,
    believes: (node, seal) =>
      (root?.trusted === true && keyOf(node, seal) === 'yes') || certified(node, seal),
    lastHost: (code, at, until) => lastHostOf(directory, code, at, until),
    sealer: (code, seal) => hostOf(directory, code, seal.sealedAt) ?? commonName(seal.certificate),
    onWay: (node, from, to) => isOnWay(directory.nodes, node, from, to),
  }
}

/**
 * The newest part of each issuer, and the root among them. Earlier parts of the root lead from a key that is trusted
 * to the one that it has now: each names its keys, the next is signed by one of them.
 */
function chooseParts(parts: readonly Part[], given: TrustGiven): { root: RootFound | null; taken: Part[] } {
  const newest = new Map<string, Part>()
  for (const part of parts) {
    const { issuer, version } = part.content
    if (version > (newest.get(issuer)?.content.version ?? 0)) newest.set(issuer, part)
  }
  const taken = [...newest.values()]
  const roots = taken.filter(({ content }) => content.nodes.some((node) => node.id === content.issuer))
  const trusted = rootKeys(given)
  const found = roots.map((part) => {
    const { issuer } = part.content
    const history = parts.filter((one) => one.content.issuer === issuer)
    return { node: issuer, fingerprint: part.keyFingerprint, trusted: leadsTo(history, part, trusted) }
  })
  // Two roots contradict each other: without trust in one of them none is taken.
  const root = found.find((one) => one.trusted) ?? (found.length === 1 ? found[0] : undefined)
  return { root: root ?? null, taken }
}

function leadsTo(history: readonly Part[], newest: Part, trusted: ReadonlySet<string>): boolean {
  const keys = new Set(trusted)
  for (const { content, keyFingerprint } of history.toSorted(
    (a, b) => a.content.version - b.content.version,
  )) {
    if (!keys.has(keyFingerprint)) continue
    const self = content.nodes.find((node) => node.id === content.issuer)
    for (const key of self?.keys ?? []) keys.add(key.fingerprint)
  }
  return keys.has(newest.keyFingerprint)
}

/** The keys that are the root's: those that were named so, or else that of the only node certificate given. */
function rootKeys({ anchors, roots }: TrustGiven): Set<string> {
  if (roots.length > 0) return new Set(roots)
  const nodes = anchors.filter((der) => !new X509Certificate(der).ca).map((der) => nodeKeyFingerprint(der))
  return new Set(new Set(nodes).size === 1 ? nodes : [])
}

function sourceOf({ content, keyFingerprint }: Part) {
  return { ...content, signed: { keyFingerprint, at: content.signedAt } }
}

function maySpeak({ content, keyFingerprint }: Part, root: RootFound | null, directory: Directory): boolean {
  const { issuer, signedAt } = content
  if (root === null) return true
  if (issuer === root.node) return keyFingerprint === root.fingerprint
  const node = directory.nodes.get(issuer)
  return node !== undefined && keyValidAt(node.keys, keyFingerprint, signedAt)
}

/** Whether the certificate of a seal names the node and is trusted itself or through its issuers. */
function certificateJudge({ anchors, untrusted, crls }: TrustGiven) {
  // By key and name: whoever has a trusted key can make a certificate for it that names another node.
  const direct = new Set(anchors.map((der) => `${nodeKeyFingerprint(der)} ${commonName(der)}`))
  return (node: string, { certificate, keyFingerprint, sealedAt }: Seal): boolean => {
    if (anchors.length === 0 || commonName(certificate) !== node) return false
    if (direct.has(`${keyFingerprint} ${node}`)) return true
    const common = { intermediates: untrusted, trustAnchors: anchors, crls, ocspResponses: [] }
    const judged = validateCertificatePath({
      ...common,
      certificate,
      time: sealedAt,
      requireRevocation: false,
      purpose: 'any',
    })
    return judged.indication === 'TOTAL_PASSED'
  }
}

function commonName(certificate: Uint8Array): string {
  try {
    return certificateSubject(certificate).commonName ?? '?'
  } catch (error) {
    if (error instanceof SigningError) return '?'
    throw error
  }
}

function hostOf(directory: Directory, code: string, at: Date): string | undefined {
  const day = vietnamDay(at)
  const borne = directory.codes.find((one) => one.code === code && isValidOn(one, day))
  return directory.terms.find((one) => one.agencyId === borne?.agencyId && isValidOn(one, day))?.hostingNode
}

function lastHostOf(directory: Directory, code: string, at: Date, until?: Date): string | undefined {
  const day = vietnamDay(at)
  const borne = directory.codes.find((one) => one.code === code && isValidOn(one, day))
  return directory.terms
    .filter((one) => one.agencyId === borne?.agencyId)
    .filter((one) => until === undefined || one.validFrom <= vietnamDay(until))
    .toSorted((a, b) => (a.validFrom < b.validFrom ? 1 : -1))[0]?.hostingNode
}

function isOnWay(nodes: ReadonlyMap<string, DerivedNode>, node: string, from: string, to: string): Answer {
  if (![node, from, to].every((id) => nodes.has(id))) return 'unknown'
  const [up, down] = [ancestors(nodes, from), ancestors(nodes, to)]
  const meeting = up.find((id) => down.includes(id))
  if (meeting === undefined) return 'unknown'
  const way = [...up.slice(0, up.indexOf(meeting) + 1), ...down.slice(0, down.indexOf(meeting))]
  return way.includes(node) ? 'yes' : 'no'
}

/** A node and those above it, up to the root. */
function ancestors(nodes: ReadonlyMap<string, DerivedNode>, id: string): string[] {
  const found: string[] = []
  for (let at: string | null = id; at !== null && !found.includes(at); at = nodes.get(at)?.parent ?? null) {
    found.push(at)
  }
  return found
}
