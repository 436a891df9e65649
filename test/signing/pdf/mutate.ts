/** Changes of bytes as errors and attackers make them, by a generator of numbers that a seed repeats. */

export type Random = (below: number) => number

/** Mulberry32: small, quick, and the same everywhere for the same seed. */
export function seeded(seed: number): Random {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below)
  }
}

/** Bytes that mean something to a parser of PDF. */
const telling = Buffer.from('\0\n\r %()/<>[]0123456789nfRx+-.', 'latin1')

/** Words that a parser of PDF looks for. */
const words = [
  ...[
    'endobj',
    'obj',
    '0 R',
    '<<',
    '>>',
    '/Prev 9',
    '/Kids',
    'stream',
    'endstream',
    '99999',
    '%%EOF',
    'startxref',
  ],
  ...[
    '/ByteRange [0 1 2 3]',
    '/Contents <00>',
    'trailer',
    'xref',
    '1 0 obj',
    'null',
    '/V 1 0 R',
    '/Type /Sig',
    '\r\n',
    '%',
  ],
].map((word) => Buffer.from(word, 'latin1'))

export const mutationKinds = ['flip', 'set', 'cut', 'insert', 'swap', 'copy', 'overwrite'] as const
export type MutationKind = (typeof mutationKinds)[number]

export interface Mutation {
  readonly kind: MutationKind
  readonly bytes: Uint8Array
  /** First byte that may differ. */
  readonly at: number
}

/** A place of the file: any, or more often one where its structure is. */
function place(random: Random, length: number, hot: readonly number[]): number {
  if (hot.length === 0 || random(3) > 0) return random(length)
  return Math.min(length - 1, Math.max(0, (hot[random(hot.length)] ?? 0) + random(60) - 30))
}

function span(random: Random, from: number, length: number, most: number): number {
  return Math.min(length - from, 1 + random(random(2) === 0 ? 4 : most))
}

/**
 * One change. The result may be the same bytes again; whoever asks has to look.
 * @param hot offsets around which structure stands
 */
export function mutate(bytes: Uint8Array, random: Random, hot: readonly number[]): Mutation {
  const { length } = bytes
  const kind = mutationKinds[random(mutationKinds.length)] ?? 'flip'
  const at = place(random, length, hot)
  const part = (from: number, to: number) => bytes.subarray(from, to)
  switch (kind) {
    case 'flip': {
      const copy = Uint8Array.from(bytes)
      copy[at] = (copy[at] ?? 0) ^ (1 << random(8))
      return { kind, at, bytes: copy }
    }
    case 'set': {
      const copy = Uint8Array.from(bytes)
      copy[at] = random(2) === 0 ? (telling[random(telling.length)] ?? 0) : random(256)
      return { kind, at, bytes: copy }
    }
    case 'cut':
      return {
        kind,
        at,
        bytes: Buffer.concat([part(0, at), part(at + span(random, at, length, 200), length)]),
      }
    case 'insert': {
      const put =
        random(2) === 0
          ? (words[random(words.length)] ?? telling)
          : Buffer.from(Array.from({ length: 1 + random(12) }, () => random(256)))
      return { kind, at, bytes: Buffer.concat([part(0, at), put, part(at, length)]) }
    }
    case 'swap': {
      const other = place(random, length, hot)
      const [first, second] = at <= other ? [at, other] : [other, at]
      const size = Math.min(span(random, second, length, 80), second - first)
      const copy = Uint8Array.from(bytes)
      copy.set(part(second, second + size), first)
      copy.set(part(first, first + size), second)
      return { kind, at: first, bytes: copy }
    }
    case 'copy': {
      const from = place(random, length, hot)
      const piece = part(from, from + span(random, from, length, 300))
      return { kind, at, bytes: Buffer.concat([part(0, at), piece, part(at, length)]) }
    }
    case 'overwrite': {
      const put = words[random(words.length)] ?? telling
      const start = Math.min(at, length - put.length)
      const copy = Uint8Array.from(bytes)
      copy.set(put, start)
      return { kind, at: start, bytes: copy }
    }
  }
}
