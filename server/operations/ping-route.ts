import type { KeyProvider } from '../../signing/index.ts'
import type { NodeContext } from '../context.ts'
import { findPeer } from '../directory/peer-store.ts'
import { openPing, sealPingAnswer } from '../edxml/ping.ts'
import { CongvanError, isKnownError } from '../errors.ts'
import type { PeerReply, PeerRequest, PeerRoute } from '../http/peer-routes.ts'
import { openPeerLimiter } from '../http/rate-limit.ts'

export const PING_PATH = '/relay/v1/ping'
export const PING_CONTENT_TYPE = 'application/xml'
/** A sealed ping is about 4 kB. */
export const MAX_PING_BYTES = 20_000

/** An operator tests by hand, a monitor every few seconds; each answer costs a use of the node's key. */
export const PINGS_PER_MINUTE = 30

/**
 * `POST /relay/v1/ping`: a sealed ping is answered by a sealed answer that names its hash. Nothing is kept; who may ask is
 * proven as for every other request, and each peer may ask `perMinute` times of one process.
 */
export function pingRoutes(
  context: NodeContext,
  key: KeyProvider,
  { perMinute = PINGS_PER_MINUTE }: { readonly perMinute?: number } = {},
): PeerRoute[] {
  const admit = openPeerLimiter('ping', perMinute)
  return [
    {
      method: 'post',
      path: '/ping',
      body: { kind: 'bytes', maxBytes: MAX_PING_BYTES },
      handle: async (request) => {
        await admit(request.peer)
        return answerPing(context, key, request)
      },
    },
  ]
}

/** @throws CongvanError `PING_REJECTED` */
async function answerPing(context: NodeContext, key: KeyProvider, request: PeerRequest): Promise<PeerReply> {
  const { peer, body, now } = request
  const known = await context.db.asNode((trx) => findPeer(trx, peer, now))
  const keyFingerprints = known?.keyFingerprints ?? []
  const { message, sha256, sealedAt } = open(() => openPing(body, { keyFingerprints }))
  if (message.from !== peer) throw rejected(`it is from ${message.from}, not from ${peer}`)
  if (message.to !== context.nodeId) throw rejected(`it is for ${message.to}, not for ${context.nodeId}`)
  const skew = context.limits.clockSkewSeconds * 1000
  for (const time of [message.time, sealedAt]) {
    if (Math.abs(time.getTime() - now.getTime()) > skew) throw rejected(`its time is ${time.toISOString()}`)
  }
  const answer = { from: context.nodeId, pingSha256: sha256, time: now }
  const { xml } = await sealPingAnswer(answer, { key, sealedAt: now })
  return { status: 200, contentType: PING_CONTENT_TYPE, body: xml }
}

function open<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (isKnownError(error)) throw rejected(error.message)
    throw error
  }
}

function rejected(reason: string): CongvanError {
  return new CongvanError('PING_REJECTED', { reason })
}
