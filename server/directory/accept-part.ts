import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeTransaction } from '../db.ts'
import { CongvanError } from '../errors.ts'
import { type Directory, keyValidAt } from './derive.ts'
import type { DirectoryFeed } from './directory-feed.ts'
import { previewDirectory, writeDirectory } from './directory-store.ts'
import { type DecodedPart, decodePart, type PartContent, readStoredContent, rejected } from './part.ts'
import { findPart, insertPart, lockDirectory, type StoredPart, sourceOf } from './part-store.ts'
import { putPublication } from './publish-part.ts'
import { putPushes } from './push-parts.ts'

export interface Acceptance {
  readonly issuer: string
  readonly version: number
  /** False when this very version was here already. */
  readonly accepted: boolean
}

/**
 * Judges a signed part and, if it may stand, stores its bytes, puts the new directory in force and passes it on to
 * the other peers, all in one transaction. A part that is refused changes nothing.
 *
 * @param from the peer that sent it
 * @throws CongvanError `DIRECTORY_FEED_REJECTED`; its parameter `why` is a `RejectionReason`
 */
export async function acceptPart(feed: DirectoryFeed, bytes: Uint8Array, from: string): Promise<Acceptance> {
  const { context } = feed
  try {
    const part = await decodePart(bytes)
    return await context.db.asNode((trx) => judgeAndStore(feed, trx, part, from))
  } catch (error) {
    if (error instanceof CongvanError && error.code === 'DIRECTORY_FEED_REJECTED') {
      context.log.warn({ from, ...error.params }, 'directory part rejected')
    }
    throw error
  }
}

async function judgeAndStore(
  feed: DirectoryFeed,
  trx: NodeTransaction,
  part: DecodedPart,
  from: string,
): Promise<Acceptance> {
  const { context } = feed
  const { issuer, version } = part.content
  const now = context.clock()
  await lockDirectory(trx)
  const stored = await findPart(trx, issuer)
  if (stored !== undefined && version <= stored.version) {
    return known(part, version === stored.version ? stored : await findPart(trx, issuer, version))
  }
  if (issuer === context.nodeId) throw rejected(issuer, 'own-part', `version ${version} was not signed here`)
  checkTimes(part, stored, now, context.limits.clockSkewSeconds)
  checkContinues(part, stored)
  const isRoot = part.content.nodes.some((node) => node.id === issuer)
  if (isRoot) checkRootKey(feed, part, stored)
  const directory = await previewDirectory(trx, context.nodeId, {
    candidate: { part: sourceOf(part), isRoot },
  })
  if (!isRoot) checkIssuerKey(part, directory)
  checkScope(part.content, directory)
  for (const one of directory.problems) {
    context.log.warn({ ...one }, 'a directory entry of another part is left out')
  }
  await insertPart(trx, part, { isRoot, receivedFrom: from, now })
  await writeDirectory(trx, directory)
  await putPushes(context, trx, [{ issuer, version }], from)
  // The parent's word decides whether what this node has signed counts: it may have to sign again.
  if (directory.nodes.get(context.nodeId)?.issuer === issuer) await putPublication(context, trx)
  await appendLogEntry(
    trx,
    { nodeId: context.nodeId, actor: { kind: 'node', nodeId: context.nodeId }, now },
    null,
    {
      kind: 'directory.part-accepted',
      subject: `node:${issuer}`,
      facts: { version, sha256: part.sha256, from, key: part.keyFingerprint },
    },
  )
  return { issuer, version, accepted: true }
}

/** A version that is not newer than the stored one: fine if it is the very one that was stored, byte for byte. */
function known(part: DecodedPart, same: StoredPart | undefined): Acceptance {
  const { issuer, version } = part.content
  if (same === undefined)
    throw rejected(issuer, 'rolled-back', `version ${version} is older than the stored one`)
  if (same.sha256 !== part.sha256) throw rejected(issuer, 'collision', `version ${version} has other bytes`)
  return { issuer, version, accepted: false }
}

/** Time only goes forward: a key whose time has ended cannot sign a new version by dating it back. */
function checkTimes(part: DecodedPart, stored: StoredPart | undefined, now: Date, skewSeconds: number): void {
  const { issuer, signedAt } = part.content
  const at = Date.parse(signedAt)
  if (at > now.getTime() + skewSeconds * 1000) throw rejected(issuer, 'signed-in-future', signedAt)
  if (stored !== undefined && at < stored.signedAt.getTime()) {
    throw rejected(issuer, 'rolled-back', `signed at ${signedAt}, before the stored version`)
  }
}

function checkContinues(part: DecodedPart, stored: StoredPart | undefined): void {
  const { issuer, version, previous } = part.content
  if ((version === 1) !== (previous === null)) {
    throw rejected(issuer, 'malformed', 'only the first version has no previous one')
  }
  if (stored === undefined) return
  if (version === stored.version + 1 && previous !== stored.sha256) {
    throw rejected(issuer, 'collision', `version ${version} does not continue the stored version`)
  }
  const gone = vanished(readStoredContent(stored.bytes), part.content)
  if (gone !== undefined) throw rejected(issuer, 'entry-vanished', gone)
}

/** An entry or tombstone of the older version that the newer one neither repeats nor buries. */
function vanished(older: PartContent, newer: PartContent): string | undefined {
  const name = (kind: string, id: string) => `${kind} ${id}`
  const buried = newer.tombstones.map((one) => name(one.kind, one.id))
  const kept = new Set([
    ...buried,
    ...newer.nodes.map((one) => name('node', one.id)),
    ...newer.agencies.map((one) => name('agency', one.id)),
  ])
  const lost = [
    ...older.nodes.map((one) => name('node', one.id)),
    ...older.agencies.map((one) => name('agency', one.id)),
  ].find((one) => !kept.has(one))
  return lost ?? older.tombstones.map((one) => name(one.kind, one.id)).find((one) => !buried.includes(one))
}

/**
 * The root is known by its pinned key. A key that the stored version names counts for its time, the pinned one too:
 * once the root has ended it, whoever holds it can sign nothing any more.
 */
function checkRootKey(feed: DirectoryFeed, part: DecodedPart, stored: StoredPart | undefined): void {
  const { issuer, signedAt } = part.content
  const { keyFingerprint } = part
  if (feed.rootFingerprint === undefined) {
    throw rejected(issuer, 'no-root', 'no root is pinned (CONGVAN_DIRECTORY_ROOT)')
  }
  const before = stored?.isRoot ? readStoredContent(stored.bytes) : undefined
  const keys = before?.nodes.find((node) => node.id === issuer)?.keys ?? []
  const named = keys.some((key) => key.fingerprint === keyFingerprint)
  if (named ? keyValidAt(keys, keyFingerprint, signedAt) : keyFingerprint === feed.rootFingerprint) return
  throw rejected(issuer, 'wrong-key', `${keyFingerprint} is not the root's key at ${signedAt}`)
}

function checkIssuerKey(part: DecodedPart, directory: Directory): void {
  const { issuer, signedAt } = part.content
  const node = directory.nodes.get(issuer)
  if (node === undefined) throw rejected(issuer, 'issuer-unknown', 'no part in force lists this node')
  if (!keyValidAt(node.keys, part.keyFingerprint, signedAt)) {
    throw rejected(
      issuer,
      'wrong-key',
      `${part.keyFingerprint} is not its key at ${signedAt}, says ${node.issuer}`,
    )
  }
}

/**
 * Refuses a part that states what it may not, and one that takes from another issuer what is that one's. Only where
 * an ancestor takes from a descendant does the ancestor's word stand; the descendant's entry is then left out.
 */
function checkScope(content: PartContent, directory: Directory): void {
  const { issuer } = content
  const against = directory.problems.filter(
    (one) => one.issuer === issuer || (one.holder === issuer && !isBelow(one.issuer, issuer, directory)),
  )
  if (against.length === 0) return
  const shown = against.slice(0, 5).map((one) => `${one.kind} ${one.id}, ${one.field}: ${one.reason}`)
  const more = against.length > 5 ? ` (+${against.length - 5})` : ''
  throw rejected(issuer, 'out-of-scope', `${shown.join('; ')}${more}`)
}

function isBelow(node: string, above: string, directory: Directory): boolean {
  for (let at = directory.nodes.get(node); at !== undefined; ) {
    if (at.parent === above) return true
    at = at.parent === null ? undefined : directory.nodes.get(at.parent)
  }
  return false
}
