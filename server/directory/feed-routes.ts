import { CongvanError } from '../errors.ts'
import { jsonReply, type PeerRoute } from '../http/peer-routes.ts'
import { acceptPart } from './accept-part.ts'
import type { DirectoryFeed } from './directory-feed.ts'
import { MAX_PART_BYTES, PART_CONTENT_TYPE } from './part.ts'
import { findPart, listParts } from './part-store.ts'

/** The signed directory between nodes, below `/relay/v1`. */
export function directoryPeerRoutes(feed: DirectoryFeed): PeerRoute[] {
  const { context } = feed
  return [
    {
      method: 'get',
      path: '/directory',
      body: { kind: 'none' },
      handle: async () => jsonReply({ parts: await context.db.asNode(listParts) }),
    },
    {
      method: 'get',
      path: '/directory/:issuer',
      body: { kind: 'none' },
      handle: async ({ params }) => {
        const issuer = params.issuer ?? ''
        const part = await context.db.asNode((trx) => findPart(trx, issuer))
        if (part === undefined) throw new CongvanError('NOT_FOUND', { what: `directory/${issuer}` })
        return { status: 200, contentType: PART_CONTENT_TYPE, body: part.bytes }
      },
    },
    {
      method: 'put',
      path: '/directory/:issuer',
      body: { kind: 'bytes', maxBytes: MAX_PART_BYTES },
      // The issuer that counts is the one in the signed bytes; the path only names it for the peer's own log.
      handle: async ({ body, peer }) => jsonReply(await acceptPart(feed, body, peer)),
    },
  ]
}
