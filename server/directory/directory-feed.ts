import type { KeyProvider } from '../../signing/index.ts'
import type { NodeContext } from '../context.ts'
import type { PeerClient } from '../http/peer-client.ts'

/** What a node needs to take part in the signed directory. */
export interface DirectoryFeed {
  readonly context: NodeContext
  /** Signs this node's own part. */
  readonly nodeKey: KeyProvider
  /** SHA-256 of the SPKI of the root's key, hexadecimal; without it no part of another node is accepted. */
  readonly rootFingerprint: string | undefined
  readonly client: PeerClient
}
