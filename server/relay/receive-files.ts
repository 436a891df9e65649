import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { CongvanError } from '../errors.ts'
import { registerFile } from '../files/file-hold-store.ts'
import {
  completeFile,
  filesKnownFrom,
  filesOfOffer,
  findOffer,
  type Offer,
  type OfferFile,
  updateReceived,
} from './offer-store.ts'
import type { FileAnswer } from './protocol.ts'
import { readAway, unspent } from './read-away.ts'
import type { RelayDeps } from './relay-deps.ts'

interface WantedFile {
  readonly offer: Offer
  readonly file: OfferFile
}

/**
 * How much of a file is here for this offer.
 *
 * @throws CongvanError `RELAY_OFFER_UNKNOWN` for an offer or file that is not this peer's
 */
export async function fileOfOffer(
  deps: RelayDeps,
  peer: string,
  offerId: string,
  sha256: string,
): Promise<FileAnswer> {
  return toAnswer((await findWanted(deps, peer, offerId, sha256)).file)
}

/**
 * Step 2: a piece of a file, beginning at `from`. Pieces follow each other without a gap; one that was sent before
 * is compared and changes nothing.
 *
 * Order of durable steps, and what a crash after each leaves behind:
 * 1. the piece is on disk and synced, its digest proven: bytes that do not count; the peer sends them again;
 * 2. the database says how many bytes count: the peer goes on from there;
 * 3. the whole is in the file store under its hash: not known to be complete; the peer's next (empty) piece says so;
 * 4. the database says `complete`: the piece file is left over and swept by age.
 *
 * @throws CongvanError `RELAY_OFFER_UNKNOWN`, `RELAY_PIECE_MISPLACED`, `RELAY_FILE_MISMATCH`, `RELAY_COLLISION`,
 *   `STORAGE_FULL`; what the stream fails with
 */
export async function receivePiece(
  deps: RelayDeps,
  peer: string,
  piece: PieceOfFile,
  stream: Readable,
  now: Date,
): Promise<FileAnswer> {
  try {
    return await takePiece(deps, peer, piece, stream, now)
  } catch (error) {
    // A peer that is still sending reads no answer: cut off, it would only know that this node is unreachable.
    await readAway(stream)
    throw error
  }
}

interface PieceOfFile {
  readonly offerId: string
  readonly sha256: string
  readonly from: number
}

async function takePiece(
  deps: RelayDeps,
  peer: string,
  piece: PieceOfFile,
  stream: Readable,
  now: Date,
): Promise<FileAnswer> {
  const wanted = await findWanted(deps, peer, piece.offerId, piece.sha256)
  const { file } = wanted
  if (piece.from > file.received) {
    throw new CongvanError('RELAY_PIECE_MISPLACED', { from: piece.from, have: file.received })
  }
  if (file.complete || piece.from < file.received) {
    await compare(deps, wanted, piece.from, stream)
    return toAnswer(file)
  }
  const name = { offerId: piece.offerId, sha256: piece.sha256 }
  const written = await deps.pieces.write(name, piece.from, limited(stream, file, piece.from))
  const received = piece.from + written
  await deps.context.db.asNode((trx) => updateReceived(trx, piece.offerId, piece.sha256, received))
  if (received < file.length) return toAnswer({ ...file, received })
  await assemble(deps, wanted, now)
  return toAnswer({ ...file, received, complete: true })
}

async function findWanted(
  deps: RelayDeps,
  peer: string,
  offerId: string,
  sha256: string,
): Promise<WantedFile> {
  return deps.context.db.asNode(async (trx) => {
    const offer = await findOffer(trx, offerId, peer)
    if (offer === undefined) throw new CongvanError('RELAY_OFFER_UNKNOWN', { id: offerId })
    const file = (await filesOfOffer(trx, offerId)).find((one) => one.sha256 === sha256)
    if (file === undefined) throw new CongvanError('RELAY_OFFER_UNKNOWN', { id: `${offerId}/${sha256}` })
    const known = await filesKnownFrom(trx, peer, [sha256])
    // Uploaded by this peer for another offer, perhaps at this very moment: here it is complete as well.
    if (!file.complete && known.has(sha256) && (await deps.files.has(sha256))) {
      return { offer, file: { ...file, received: file.length, complete: true } }
    }
    return { offer, file: file.complete ? await stillThere(deps, file) : file }
  })
}

/** A complete file that was swept meanwhile has to be sent again. */
async function stillThere(deps: RelayDeps, file: OfferFile): Promise<OfferFile> {
  return (await deps.files.has(file.sha256)) ? file : { ...file, received: 0, complete: false }
}

async function* limited(stream: Readable, file: OfferFile, from: number): AsyncGenerator<Uint8Array> {
  let left = file.length - from
  for await (const chunk of unspent(stream)) {
    left -= chunk.length
    if (left < 0) throw new CongvanError('RELAY_FILE_MISMATCH', { sha256: file.sha256 })
    yield chunk
  }
}

/** Puts the whole into the file store if it has the hash that the manifest names; discards it otherwise. */
async function assemble(deps: RelayDeps, { offer, file }: WantedFile, now: Date): Promise<void> {
  const name = { offerId: offer.id, sha256: file.sha256 }
  const { db, limits } = deps.context
  await db.asNode((trx) => registerFile(trx, file, now))
  try {
    await deps.files.put(proven(deps.pieces.read(name, 0, file.length), file.sha256), limits.fileBytes)
  } catch (error) {
    // Another run of the same job may have put the whole away and discarded the piece meanwhile. Only what this peer
    // has proven to hold counts; the row is set right below, since our note of the piece may have come after its end.
    const { file: found } = await findWanted(deps, offer.peer, offer.id, file.sha256)
    if (!found.complete) {
      if (error instanceof CongvanError && error.code === 'RELAY_FILE_MISMATCH') {
        await db.asNode((trx) => updateReceived(trx, offer.id, file.sha256, 0))
        await deps.pieces.discard(name)
      }
      throw error
    }
  }
  await db.asNode((trx) => completeFile(trx, offer, file, now))
  await deps.pieces.discard(name)
}

/** Passes bytes through and fails at their end when the hash is another: the store then keeps nothing. */
async function* proven(source: Readable, sha256: string): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256')
  for await (const chunk of source as AsyncIterable<Uint8Array>) {
    hash.update(chunk)
    yield chunk
  }
  if (hash.digest('hex') !== sha256) throw new CongvanError('RELAY_FILE_MISMATCH', { sha256 })
}

/**
 * A piece that was sent before: read to its end, so that its digest is proven, and compared with what is here.
 *
 * @throws CongvanError `RELAY_COLLISION` when it has other bytes
 */
async function compare(deps: RelayDeps, wanted: WantedFile, from: number, stream: Readable): Promise<void> {
  const { offer, file } = wanted
  const sent = createHash('sha256')
  const overlap = file.received - from
  let read = 0
  for await (const chunk of unspent(stream)) {
    sent.update(chunk.subarray(0, Math.max(0, overlap - read)))
    read += chunk.length
  }
  const to = from + Math.min(read, overlap)
  const here = await digestOf(storedBytes(deps, wanted, from, to)).catch(async (error: unknown) => {
    // Discarded since we looked, because another run of the same job put the whole away: it is in the store now.
    const now = await findWanted(deps, offer.peer, offer.id, file.sha256)
    if (file.complete || !now.file.complete) throw error
    return digestOf(storedBytes(deps, now, from, to))
  })
  if (sent.digest('hex') !== here) throw new CongvanError('RELAY_COLLISION', { id: file.sha256 })
}

async function digestOf(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of bytes) hash.update(chunk)
  return hash.digest('hex')
}

async function* storedBytes(
  deps: RelayDeps,
  { offer, file }: WantedFile,
  from: number,
  to: number,
): AsyncGenerator<Uint8Array> {
  if (!file.complete) {
    yield* deps.pieces.read({ offerId: offer.id, sha256: file.sha256 }, from, to) as AsyncIterable<Uint8Array>
    return
  }
  let at = 0
  for await (const chunk of deps.files.open(file.sha256) as AsyncIterable<Uint8Array>) {
    yield chunk.subarray(Math.max(0, from - at), Math.max(0, to - at))
    at += chunk.length
    if (at >= to) return
  }
}

function toAnswer(file: OfferFile): FileAnswer {
  return { sha256: file.sha256, length: file.length, received: file.received, complete: file.complete }
}
