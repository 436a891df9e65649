import type { KeyProvider } from '../../signing/index.ts'
import type { NodeContext } from '../context.ts'
import type { FileStore } from '../files/file-store.ts'
import type { PeerClient } from '../http/peer-client.ts'
import type { PageTextReader } from '../pages/page-text.ts'
import type { PieceStore } from './piece-store.ts'

/** What the relay of one node works with. */
export interface RelayDeps {
  readonly context: NodeContext
  /** The node key: it seals envelopes, receipts and statuses. */
  readonly key: KeyProvider
  readonly peers: PeerClient
  readonly files: FileStore
  readonly pieces: PieceStore
  /** Reads what stands on the pages of a document that is to be passed on. */
  readonly pageText: PageTextReader
  /** In [0, 1); spreads retries. */
  readonly random: () => number
}
