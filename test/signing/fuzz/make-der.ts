/** DER and near-DER that nobody wrote: random values in the grammar of X.690, a few of them bent. */
import { tlv } from '../../../signing/x509/der-write.ts'
import type { Random } from './random.ts'

const primitives = [
  0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0a, 0x0c, 0x13, 0x16, 0x17, 0x18, 0x1e, 0x80, 0x82,
] as const
const constructed = [0x30, 0x31, 0xa0, 0xa1, 0xa3, 0x24] as const

/** @param words contents that mean something: object identifiers, times, numbers */
export function randomDer(random: Random, words: readonly Uint8Array[], depth = 5): Buffer {
  if (depth === 0 || random.below(3) === 0) {
    const content = words[random.below(words.length * 2)] ?? random.bytes(random.below(12))
    return bend(tlv(random.pick(primitives), content), random)
  }
  const members = Array.from({ length: random.below(6) }, () => randomDer(random, words, depth - 1))
  return bend(tlv(random.pick(constructed), ...members), random)
}

/** One in forty: a wrong length, an indefinite one, a tag above 30, an end cut off. */
function bend(der: Uint8Array, random: Random): Buffer {
  const out = Buffer.from(der)
  if (random.below(40) > 0) return out
  switch (random.below(4)) {
    case 0:
      out[1] = random.below(256)
      return out
    case 1:
      return Buffer.concat([Buffer.from([out[0] ?? 0x30, 0x80]), out.subarray(2), Buffer.from([0, 0])])
    case 2:
      out[0] = 0x3f
      return out
    default:
      return out.subarray(0, random.below(out.length + 1))
  }
}
