/** The certificates and CRLs that a verdict rests on, as they were kept when it was made. */
import type { UserActor } from '../actor.ts'
import type { NodeContext } from '../context.ts'
import { CongvanError } from '../errors.ts'
import type { FileStore } from '../files/file-store.ts'
import { requireReadable } from './document-access-store.ts'
import { findLatestReport } from './report-store.ts'

export type TrustPart = 'certificates' | 'crls'

/**
 * One of them, DER, by the hash under which the newest report names it, so that the report can be judged again when the
 * trust folder has changed. OCSP answers and the signers' own
 * certificates stand in the document itself.
 *
 * @throws CongvanError `NOT_FOUND`, also for what is kept and no report of this document names; `STORAGE_DAMAGED`
 */
export async function readTrust(
  context: NodeContext,
  files: FileStore,
  actor: UserActor,
  wanted: { readonly id: string; readonly part: TrustPart; readonly sha256: string },
): Promise<Uint8Array> {
  const { id, part, sha256 } = wanted
  const { agencyId, userId } = actor
  const report = await context.db.asAgency({ agencyId, userId }, async (trx) => {
    await requireReadable(trx, actor, id)
    return findLatestReport(trx, id)
  })
  const { anchors = [], untrusted = [], crls = [] } = report?.policy ?? {}
  const named = part === 'crls' ? crls : [...anchors, ...untrusted]
  if (!named.includes(sha256)) throw new CongvanError('NOT_FOUND', { what: `${part} ${sha256}` })
  return files.read(sha256)
}
