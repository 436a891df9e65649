import type { Peer } from '../directory/peer-store.ts'
import { type PeerCall, peerProblemOf } from '../http/peer-client.ts'
import { askPeer, jsonCall } from './ask-peer.ts'
import { filesKnownFrom, type ManifestFile } from './offer-store.ts'
import { encodeOfferWithFiles, INLINE_BYTES, type InlineFile } from './offer-with-files.ts'
import { type OfferAnswer, type OfferRequest, offerAnswer } from './protocol.ts'
import type { RelayDeps } from './relay-deps.ts'

/**
 * Makes an offer, with its files where they are small and the peer cannot have them yet.
 *
 * @param maxAnswerBytes of the peer's answer
 * @throws CongvanError those of the peer client; `RELAY_ANSWER_UNREADABLE`, `STORAGE_DAMAGED`
 */
export async function sendOffer(
  deps: RelayDeps,
  peer: Peer,
  offer: OfferRequest,
  files: readonly ManifestFile[],
  maxAnswerBytes: number,
): Promise<OfferAnswer> {
  const inline = await smallFiles(deps, peer, files)
  if (inline.length > 0) {
    const call: PeerCall = {
      method: 'POST',
      path: '/relay/v1/offers/with-files',
      body: encodeOfferWithFiles({ offer, files: inline }),
      contentType: 'application/octet-stream',
      maxAnswerBytes,
    }
    const answer = await askPeer(deps, peer, call, offerAnswer).catch((error: unknown) => {
      // An earlier version of the program does not serve it, and says so.
      if (peerProblemOf(error)?.code === 'NOT_FOUND') return undefined
      throw error
    })
    if (answer !== undefined) return answer
  }
  return askPeer(deps, peer, { ...jsonCall('POST', '/relay/v1/offers', offer), maxAnswerBytes }, offerAnswer)
}

/** Those that this peer was never sent, as many as one request may carry. */
async function smallFiles(
  deps: RelayDeps,
  peer: Peer,
  files: readonly ManifestFile[],
): Promise<InlineFile[]> {
  const hashes = files.map((file) => file.sha256)
  const known = await deps.context.db.asNode((trx) => filesKnownFrom(trx, peer.nodeId, hashes))
  const chosen: InlineFile[] = []
  let left = INLINE_BYTES
  for (const file of files.filter((one) => !known.has(one.sha256))) {
    if (file.length > left) continue
    left -= file.length
    chosen.push({ ...file, bytes: await deps.files.read(file.sha256) })
  }
  return chosen
}
