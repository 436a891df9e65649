import { createHash } from 'node:crypto'

/** What the derived bytes are for (RFC 7292 appendix B.3). */
export type Pkcs12Purpose = 'key' | 'iv' | 'mac'

const purposeId: Record<Pkcs12Purpose, number> = { key: 1, iv: 2, mac: 3 }

/** A password as RFC 7292 appendix B.1 wants it: UTF-16BE with a terminating zero character. */
export function bmpPassword(password: string): Uint8Array {
  return Buffer.from(`${password}\0`, 'utf16le').swap16()
}

/**
 * The key derivation of RFC 7292 appendix B.2.
 *
 * @param digest name that `node:crypto` knows
 * @param password as `bmpPassword` gives it, or other bytes for files of careless writers
 * @param length number of bytes wanted
 */
export function pkcs12Kdf(input: {
  digest: string
  password: Uint8Array
  salt: Uint8Array
  iterations: number
  purpose: Pkcs12Purpose
  length: number
}): Uint8Array {
  const { digest, password, salt, iterations, purpose, length } = input
  const block = digest === 'sha384' || digest === 'sha512' ? 128 : 64
  const diversifier = new Uint8Array(block).fill(purposeId[purpose])
  const material = Buffer.concat([repeated(salt, block), repeated(password, block)])
  const out: Buffer[] = []
  for (let have = 0; have < length; ) {
    let hash = createHash(digest).update(diversifier).update(material).digest()
    for (let i = 1; i < iterations; i += 1) hash = createHash(digest).update(hash).digest()
    out.push(hash)
    have += hash.length
    addToBlocks(material, repeated(hash, block), block)
  }
  return Buffer.concat(out).subarray(0, length)
}

/** `bytes` repeated to the next multiple of `block`; nothing stays nothing. */
function repeated(bytes: Uint8Array, block: number): Uint8Array {
  const size = block * Math.ceil(bytes.length / block)
  return Uint8Array.from({ length: size }, (_, i) => bytes[i % bytes.length] ?? 0)
}

/** Each block of `material`, as a big-endian number, becomes (block + addend + 1) modulo its size. */
function addToBlocks(material: Uint8Array, addend: Uint8Array, block: number): void {
  for (let start = 0; start < material.length; start += block) {
    let carry = 1
    for (let i = block - 1; i >= 0; i -= 1) {
      const sum = (material[start + i] ?? 0) + (addend[i] ?? 0) + carry
      material[start + i] = sum & 0xff
      carry = sum >> 8
    }
  }
}
