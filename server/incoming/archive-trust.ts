import { createHash } from 'node:crypto'
import type { VerificationPolicy } from '../../signing/index.ts'
import type { NodeContext } from '../context.ts'
import type { ReportPolicy } from '../documents/report-store.ts'
import { findHeldBy, holdFile } from '../files/file-hold-store.ts'
import type { FileStore } from '../files/file-store.ts'
import { storeFile } from '../files/store-file.ts'

/** Bytes. The trust folder is the operator's: its files are not held to the limit of documents. */
const LARGEST = 200_000_000

/**
 * Keeps the certificates and CRLs that a verdict rests on, each once, so that the report can be judged again when
 * the trust folder has changed. Each is held by itself (`trust:<sha256>`) for good: the same bytes may come as
 * somebody's upload as well, and when that comes to nothing they stay.
 *
 * Killed between the bytes and the hold, an upload without a hold is left, as of any other file; the verification is
 * repeated and takes the hold then.
 *
 * @throws CongvanError `STORAGE_FULL`, `STORAGE_FAILED`; `STORAGE_DAMAGED` when a file is erased between its storing
 *   and its hold
 */
export async function archiveTrust(
  context: NodeContext,
  files: FileStore,
  policy: VerificationPolicy,
): Promise<ReportPolicy> {
  const anchors = named(policy.trustAnchors)
  const untrusted = named(policy.untrusted)
  const crls = named(policy.crls)
  const all = new Map([...anchors, ...untrusted, ...crls])
  const held = await context.db.asNode((trx) => findHeldBy(trx, [...all.keys()].map(holderOf)))
  for (const [sha256, der] of all) {
    if (held.has(sha256) && (await files.has(sha256))) continue
    const file = await storeFile(context, files, der, LARGEST)
    await context.db.asNode((trx) => holdFile(trx, files, file, holderOf(sha256), context.clock()))
  }
  return {
    profile: policy.profile,
    time: policy.time.toISOString(),
    anchors: anchors.map(([sha256]) => sha256),
    untrusted: untrusted.map(([sha256]) => sha256),
    crls: crls.map(([sha256]) => sha256),
  }
}

const holderOf = (sha256: string) => `trust:${sha256}` as const

/** CRLs can be of megabytes; a trust store hands out the same arrays until it is read anew, and nobody changes them. */
const hashes = new WeakMap<Uint8Array, string>()

function named(all: readonly Uint8Array[]): [sha256: string, der: Uint8Array][] {
  return all.map((der) => {
    const sha256 = hashes.get(der) ?? createHash('sha256').update(der).digest('hex')
    hashes.set(der, sha256)
    return [sha256, der]
  })
}
