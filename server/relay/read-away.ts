import type { Readable } from 'node:stream'
import { PIECE_BYTES } from './send-files.ts'

/** How long a body that nobody wants any more is read, milliseconds. */
const PATIENCE_MS = 10_000

/** The bytes of a stream, which stays as it is when its reader stops before the end. */
export function unspent(stream: Readable): AsyncIterable<Uint8Array> {
  return stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>
}

/**
 * Reads what is left of a request's body and throws it away, so that its sender comes to read the answer. Bounded: no
 * more than a piece has, and not for longer than some seconds; whoever goes on after that is cut off.
 */
export async function readAway(stream: Readable, patienceMs = PATIENCE_MS): Promise<void> {
  if (stream.destroyed || stream.readableEnded) return
  // The reader before has let go of it only by the next turn.
  await new Promise((resolve) => setImmediate(resolve))
  let left = PIECE_BYTES
  await new Promise<void>((resolve) => {
    const end = () => {
      clearTimeout(timer)
      stream.pause()
      resolve()
    }
    const timer = setTimeout(end, patienceMs)
    stream.on('data', (chunk: Uint8Array) => {
      left -= chunk.length
      if (left < 0) end()
    })
    stream.once('end', end)
    // Its proof may fail at the end, and its sender may go away: both are nothing new.
    stream.once('error', end)
    stream.once('close', end)
    stream.resume()
    if (stream.destroyed || stream.readableEnded) end()
  })
}
