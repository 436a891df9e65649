import type { Random } from './random.ts'

/** Bytes from `start` up to `end`. */
export interface Span {
  readonly start: number
  readonly end: number
}

export interface Mutation {
  readonly what: string
  readonly bytes: Buffer
}

const kinds = ['flip', 'set', 'insert', 'cut', 'swap', 'repeat'] as const

/**
 * One change of bytes within a span: a bit flipped, a byte set, bytes put in, cut out, swapped or repeated. What is put
 * in is random, or one of `pieces`: words that mean something to the reader.
 */
export function mutate(
  bytes: Uint8Array,
  random: Random,
  span: Span = { start: 0, end: bytes.length },
  pieces: readonly Uint8Array[] = [],
): Mutation {
  const out = Buffer.from(bytes)
  const at = span.start + random.below(Math.max(1, span.end - span.start))
  const length = 1 + random.below(Math.min(8, Math.max(1, span.end - at)))
  const kind = random.pick(kinds)
  const described = (result: Buffer, more: string) => ({ what: `${kind} at ${at}${more}`, bytes: result })
  switch (kind) {
    case 'flip': {
      const bit = random.below(8)
      out[at] = (out[at] ?? 0) ^ (1 << bit)
      return described(out, `, bit ${bit}`)
    }
    case 'set': {
      const value = random.below(256)
      out[at] = value
      return described(out, `, ${value}`)
    }
    case 'insert': {
      const piece = pieces[random.below(pieces.length * 2)] ?? random.bytes(length)
      return described(splice(out, at, 0, piece), `, ${Buffer.from(piece).toString('hex')}`)
    }
    case 'cut':
      return described(splice(out, at, length, Buffer.alloc(0)), `, ${length} bytes`)
    case 'swap': {
      const other = span.start + random.below(Math.max(1, span.end - span.start - length))
      const first = Buffer.from(out.subarray(at, at + length))
      const second = Buffer.from(out.subarray(other, other + length))
      if (first.length !== second.length) return described(splice(out, at, length, second), ', end')
      out.set(second, at)
      if (Math.abs(other - at) >= length) out.set(first, other)
      return described(out, ` with ${other}, ${length} bytes`)
    }
    case 'repeat':
      return described(splice(out, at, 0, out.subarray(at, at + length)), `, ${length} bytes`)
  }
}

function splice(bytes: Buffer, at: number, removed: number, put: Uint8Array): Buffer {
  return Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + removed)])
}

/** Where a piece stands in the whole. @throws Error unless it stands there once */
export function spanOf(whole: Uint8Array, piece: Uint8Array): Span {
  const start = Buffer.from(whole).indexOf(piece)
  if (start === -1 || Buffer.from(whole).indexOf(piece, start + 1) !== -1)
    throw new Error('the piece does not stand once')
  return { start, end: start + piece.length }
}
