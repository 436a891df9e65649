import { CongvanError } from '../errors.ts'
import { registerFile } from '../files/file-hold-store.ts'
import { completeFile, filesOfOffer, type ManifestFile } from './offer-store.ts'
import type { InlineFile, OfferWithFiles } from './offer-with-files.ts'
import type { OfferAnswer } from './protocol.ts'
import { receiveOffer } from './receive.ts'
import type { RelayDeps } from './relay-deps.ts'

/**
 * Steps 1 and 2 in one request: the offer is taken as any other, then those of its files that it still needs.
 *
 * Order of durable steps, and what a crash after each leaves behind:
 * 1. the offer is stored, and which files are about to come: the peer offers again and is told what is missing;
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
  const { db, limits } = deps.context
  const came: { wanted: readonly InlineFile[]; other?: InlineFile | undefined } = { wanted: [] }
  const answer = await receiveOffer(deps, peer, offer, now, async (trx, { offer: id, needs }) => {
    // What the envelope does not name is not asked for, whatever came along.
    came.wanted = files.filter((file) => needs.includes(file.sha256))
    if (came.wanted.length === 0) return
    const manifest = await filesOfOffer(trx, id)
    came.other = came.wanted.find((file) => manifest.every((one) => !isSame(one, file)))
    // In one order, so that two transactions never wait for each other.
    const inOrder = came.wanted.toSorted((a, b) => (a.sha256 < b.sha256 ? -1 : 1))
    if (came.other === undefined) await Promise.all(inOrder.map((file) => registerFile(trx, file, now)))
  })
  const { wanted, other } = came
  if (answer.state !== 'open' || wanted.length === 0) return answer
  if (other !== undefined) throw new CongvanError('RELAY_FILE_MISMATCH', { sha256: other.sha256 })
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
