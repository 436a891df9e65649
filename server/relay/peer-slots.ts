/**
 * How much of one peer a process has in hand at a time, so that a peer which hangs takes some of the process' hands and
 * never all of them. In memory: it is about this process alone, and ends with it.
 *
 * A quick peer lends the next a place within milliseconds, so what is too much waits that long. Behind one that is
 * slow it is put off, the longer the more is put off already: what stands in line must not be all that a process does.
 */
export interface PeerSlots {
  /**
   * @returns how to give the place back, or for how long to put it off, milliseconds
   */
  enter(peer: string): Promise<(() => void) | number>
}

export interface SlotOptions {
  /** Items of one peer at a time, 1 or more. */
  readonly perPeer: number
  /** Now, milliseconds, on a clock that never jumps. */
  readonly monotonicMs: () => number
}

/** An exchange that takes longer shows a slow peer. */
const SLOW_MS = 1_000
/** How long what is too much waits for a place of a quick peer. */
const PATIENCE_MS = 250
const FIRST_DELAY_MS = 1_000
const LONGEST_DELAY_MS = 15_000
/** So many put off since the last place was given back make the delay a second longer. */
const STEP = 20

interface Lane {
  /** When each item in hand was begun. */
  readonly begun: Set<{ readonly at: number }>
  readonly waiting: Set<() => void>
  putOff: number
}

export function peerSlots({ perPeer, monotonicMs }: SlotOptions): PeerSlots {
  const lanes = new Map<string, Lane>()
  const take = (peer: string, lane: Lane): (() => void) => {
    const item = { at: monotonicMs() }
    lane.begun.add(item)
    return () => {
      if (!lane.begun.delete(item)) return
      lane.putOff = 0
      const [next] = lane.waiting
      if (next !== undefined) next()
      else if (lane.begun.size === 0) lanes.delete(peer)
    }
  }
  return {
    async enter(peer) {
      const lane = lanes.get(peer) ?? { begun: new Set(), waiting: new Set(), putOff: 0 }
      lanes.set(peer, lane)
      if (lane.begun.size < perPeer) return take(peer, lane)
      const isSlow = [...lane.begun].some((item) => monotonicMs() - item.at > SLOW_MS)
      if (!isSlow && (await placeWithin(lane, PATIENCE_MS)) && lane.begun.size < perPeer) {
        return take(peer, lane)
      }
      lane.putOff += 1
      return Math.min(FIRST_DELAY_MS * (1 + Math.floor(lane.putOff / STEP)), LONGEST_DELAY_MS)
    },
  }
}

/** Whether a place is given back soon. */
function placeWithin(lane: Lane, ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const done = (isFree: boolean) => {
      clearTimeout(timer)
      lane.waiting.delete(free)
      resolve(isFree)
    }
    const free = () => done(true)
    const timer = setTimeout(() => done(false), ms)
    lane.waiting.add(free)
  })
}

/** For what is run one at a time. */
export const unlimitedSlots: PeerSlots = { enter: async () => () => {} }
