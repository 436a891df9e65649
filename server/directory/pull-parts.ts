import { z } from 'zod'
import { CongvanError } from '../errors.ts'
import { acceptPart } from './accept-part.ts'
import { nodeIdSchema } from './agency-entry.ts'
import type { DirectoryFeed } from './directory-feed.ts'
import { MAX_PART_BYTES, mayPassLater } from './part.ts'
import { listParts } from './part-store.ts'
import { listPeers, type Peer } from './peer-store.ts'

const listSchema = z.object({
  parts: z
    .array(z.object({ issuer: nodeIdSchema, version: z.int().positive(), sha256: z.string().length(64) }))
    .max(20_000),
})

/**
 * Asks every peer what it holds and fetches what is newer here. Mends what pushes have missed: a peer that was away,
 * a node that is new. A peer that is away or sends a bad part holds up nobody.
 *
 * @returns how many parts were accepted
 */
export async function pullParts(feed: DirectoryFeed): Promise<number> {
  const { context } = feed
  const peers = await context.db.asNode((trx) => listPeers(trx, context.clock()))
  let accepted = 0
  for (const peer of peers.filter((one) => one.enabled)) {
    try {
      accepted += await pullFrom(feed, peer)
    } catch (error) {
      if (!(error instanceof CongvanError)) throw error
      context.log.info({ peer: peer.nodeId, code: error.code }, 'the directory could not be pulled')
    }
  }
  return accepted
}

async function pullFrom(feed: DirectoryFeed, peer: Peer): Promise<number> {
  const answer = await feed.client.request(peer, {
    method: 'GET',
    path: '/relay/v1/directory',
    maxAnswerBytes: 4_000_000,
  })
  const theirs = readList(peer, answer.body)
  const ours = await feed.context.db.asNode(listParts)
  const newer = theirs.filter(
    (one) =>
      one.issuer !== feed.context.nodeId &&
      one.version > (ours.find((held) => held.issuer === one.issuer)?.version ?? 0),
  )
  const waiting: Uint8Array[] = []
  let accepted = 0
  for (const { issuer } of newer) {
    const { body } = await feed.client.request(peer, {
      method: 'GET',
      path: `/relay/v1/directory/${issuer}`,
      maxAnswerBytes: MAX_PART_BYTES,
    })
    const outcome = await tryPart(feed, body, peer.nodeId)
    if (outcome === 'accepted') accepted += 1
    const held = waiting.reduce((sum, one) => sum + one.length, body.length)
    if (outcome === 'later' && held <= MAX_WAITING_BYTES) waiting.push(body)
  }
  return accepted + (await tryAgain(feed, waiting, peer.nodeId))
}

/** A peer cannot fill the memory with parts that nothing here supports; what does not fit comes with the next pull. */
const MAX_WAITING_BYTES = 4 * MAX_PART_BYTES

function readList(peer: Peer, body: Uint8Array): z.output<typeof listSchema>['parts'] {
  try {
    return listSchema.parse(JSON.parse(Buffer.from(body).toString('utf8'))).parts
  } catch {
    throw new CongvanError('PEER_ANSWER_NOT_AUTHENTIC', { node: peer.nodeId, reason: 'no list of parts' })
  }
}

/** A part can be judged only after those of its issuer's ancestors: rounds go on as long as one of them helps. */
async function tryAgain(feed: DirectoryFeed, parts: readonly Uint8Array[], from: string): Promise<number> {
  let accepted = 0
  for (let waiting = parts; waiting.length > 0; ) {
    const again: Uint8Array[] = []
    for (const bytes of waiting) {
      const outcome = await tryPart(feed, bytes, from)
      if (outcome === 'accepted') accepted += 1
      if (outcome === 'later') again.push(bytes)
    }
    if (again.length === waiting.length) break
    waiting = again
  }
  return accepted
}

/** A rejection was logged by `acceptPart`; it is no reason to leave the other parts. */
async function tryPart(
  feed: DirectoryFeed,
  bytes: Uint8Array,
  from: string,
): Promise<'accepted' | 'known' | 'later' | 'rejected'> {
  try {
    return (await acceptPart(feed, bytes, from)).accepted ? 'accepted' : 'known'
  } catch (error) {
    if (!(error instanceof CongvanError) || error.code !== 'DIRECTORY_FEED_REJECTED') throw error
    return mayPassLater(error.params.why) ? 'later' : 'rejected'
  }
}
