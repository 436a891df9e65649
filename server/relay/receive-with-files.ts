import { CongvanError } from '../errors.ts'
import { registerFile } from '../files/file-hold-store.ts'
import { completeFile, filesOfOffer, type ManifestFile } from './offer-store.ts'
import type { OfferWithFiles } from './offer-with-files.ts'
import type { OfferAnswer } from './protocol.ts'
import { receiveOffer } from './receive.ts'
import type { RelayDeps } from './relay-deps.ts'

/**
 * Steps 1 and 2 in one request: the offer is taken as any other, then those of its files that it still needs.
 *
 * Order of durable steps, and what a crash after each leaves behind:
 * 1. the offer is stored: the peer offers again and is told what is missing;
 * 2. the files are in the store under their hashes, held by nobody: they count for nothing and are swept by age;
 * 3. the database says that this peer holds them: the offer can be committed.
 *
 * @throws CongvanError those of `receiveOffer`; `RELAY_FILE_MISMATCH` for a file that is not as long as the envelope
 *   says; `STORAGE_FULL`, `STORAGE_FAILED`
 */
export async function receiveOfferWithFiles(
  deps: RelayDeps,
  peer: string,
  { offer, files }: OfferWithFiles,
  now: Date,
): Promise<OfferAnswer> {
  const answer = await receiveOffer(deps, peer, offer, now)
  if (answer.state !== 'open') return answer
  // What the envelope does not name is not asked for, whatever came along.
  const wanted = files.filter((file) => answer.needs.includes(file.sha256))
  if (wanted.length === 0) return answer
  const { db, limits } = deps.context
  await db.asNode(async (trx) => {
    const manifest = await filesOfOffer(trx, answer.offer)
    const other = wanted.find((file) => manifest.every((one) => !isSame(one, file)))
    if (other !== undefined) throw new CongvanError('RELAY_FILE_MISMATCH', { sha256: other.sha256 })
    for (const file of wanted) await registerFile(trx, file, now)
  })
  for (const file of wanted) await deps.files.put(file.bytes, limits.fileBytes)
  await db.asNode(async (trx) => {
    for (const file of wanted) await completeFile(trx, { id: answer.offer, peer }, file, now)
  })
  const here = new Set(wanted.map((file) => file.sha256))
  return { ...answer, needs: answer.needs.filter((one) => !here.has(one)) }
}

function isSame(one: ManifestFile, other: ManifestFile): boolean {
  return one.sha256 === other.sha256 && one.length === other.length
}
