import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import type { Peer } from '../directory/peer-store.ts'
import type { PeerCall } from '../http/peer-client.ts'
import { askPeer, unreadable } from './ask-peer.ts'
import type { ManifestFile } from './offer-store.ts'
import { type FileAnswer, fileAnswer } from './protocol.ts'
import type { RelayDeps } from './relay-deps.ts'

/** What one request carries, bytes: a line that breaks costs no more than this. */
export const PIECE_BYTES = 8 * 1024 * 1024

/** The slowest line that is waited for, bytes a second. */
const SLOWEST = 64 * 1024

/**
 * Sends the files of an offer that the peer still needs, each from where the peer has it.
 *
 * @throws CongvanError those of the peer client; `RELAY_ANSWER_UNREADABLE`
 */
export async function sendFiles(
  deps: RelayDeps,
  peer: Peer,
  offerId: string,
  files: readonly ManifestFile[],
): Promise<void> {
  for (const file of files) await sendFile(deps, peer, offerId, file)
}

async function sendFile(deps: RelayDeps, peer: Peer, offerId: string, file: ManifestFile): Promise<void> {
  const path = `/relay/v1/offers/${offerId}/files/${file.sha256}`
  let there = await askPeer(deps, peer, { method: 'GET', path }, fileAnswer)
  while (!there.complete) {
    const from = requireProgress(peer, file, there.received)
    const to = Math.min(from + PIECE_BYTES, file.length)
    const call: PeerCall = {
      method: 'PUT',
      path,
      query: { from: String(from) },
      body: await pieceOf(deps, file, from, to),
      timeoutMs: 30_000 + Math.ceil(((to - from) / SLOWEST) * 1000),
    }
    const after: FileAnswer = await askPeer(deps, peer, call, fileAnswer)
    if (!after.complete && after.received <= from) {
      throw unreadable(peer.nodeId, `${file.sha256}: no progress at byte ${from}`)
    }
    there = after
  }
}

function requireProgress(peer: Peer, file: ManifestFile, received: number): number {
  if (received <= file.length) return received
  throw unreadable(peer.nodeId, `${file.sha256}: has ${received} of ${file.length} bytes`)
}

/** A piece with its digest. The first pass hashes, the second, when the request is sent, streams. */
async function pieceOf(
  deps: RelayDeps,
  file: ManifestFile,
  from: number,
  to: number,
): Promise<NonNullable<PeerCall['body']>> {
  if (from === 0 && to === file.length) {
    const sha256 = Buffer.from(file.sha256, 'hex')
    return { open: () => deps.files.open(file.sha256), sha256, length: file.length }
  }
  const hash = createHash('sha256')
  for await (const chunk of slice(deps, file.sha256, from, to)) hash.update(chunk)
  return {
    open: () => Readable.from(slice(deps, file.sha256, from, to)),
    sha256: hash.digest(),
    length: to - from,
  }
}

async function* slice(deps: RelayDeps, sha256: string, from: number, to: number): AsyncGenerator<Uint8Array> {
  let at = 0
  for await (const chunk of deps.files.open(sha256) as AsyncIterable<Uint8Array>) {
    const part = chunk.subarray(Math.max(0, from - at), Math.max(0, to - at))
    if (part.length > 0) yield part
    at += chunk.length
    if (at >= to) return
  }
}
