import type { Branch } from './branch-store.ts'

/** What a line of the operational log about a delivery's way names. */
export interface WayLine {
  /** SHA-256 of the sealed envelope: the same at every node, so one search finds a document's whole way. */
  readonly envelope: string
  readonly series: number
  readonly branch: string
  /** Nodes so far, this one among them: 1 at the origin. */
  readonly hop: number
  /** The neighbour of this hop: whom it goes to, or came from. */
  readonly peer: string | null
}

export function lineOf(
  branch: Pick<Branch, 'envelopeSha256' | 'series' | 'id' | 'path' | 'nextHop'>,
): WayLine {
  const { envelopeSha256: envelope, series, id, path, nextHop: peer } = branch
  return { envelope, series, branch: id, hop: path.length, peer }
}
