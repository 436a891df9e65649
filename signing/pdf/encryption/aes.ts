/** AES in CBC mode as PDFs use it: the initialization vector stands before the data (ISO 32000-2, 7.6.3.1). */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

const block = 16

/** The plain bytes; undefined where the data is no whole blocks or its padding is wrong. */
export function decryptAes(key: Uint8Array, data: Uint8Array): Uint8Array | undefined {
  // Some writers leave an empty string empty.
  if (data.length === 0) return data
  if (data.length < 2 * block || data.length % block !== 0) return undefined
  const decipher = createDecipheriv(`aes-${key.length * 8}-cbc`, key, data.subarray(0, block))
  const first = decipher.update(data.subarray(block))
  try {
    const last = decipher.final()
    return last.length === 0 ? first : Buffer.concat([first, last])
  } catch {
    return undefined
  }
}

export function encryptAes(key: Uint8Array, data: Uint8Array): Uint8Array {
  const vector = randomBytes(block)
  const cipher = createCipheriv(`aes-${key.length * 8}-cbc`, key, vector)
  return Buffer.concat([vector, cipher.update(data), cipher.final()])
}

/** Whole blocks without padding and with a vector of zeros, as keys are wrapped. */
export function unwrapAes(key: Uint8Array, data: Uint8Array): Uint8Array {
  const decipher = createDecipheriv(`aes-${key.length * 8}-cbc`, key, new Uint8Array(block))
  decipher.setAutoPadding(false)
  return Buffer.concat([decipher.update(data), decipher.final()])
}

/** Whole blocks without padding, as the hash of revision 6 needs them (algorithm 2.B). */
export function encryptBlocks(key: Uint8Array, vector: Uint8Array, data: Uint8Array): Uint8Array {
  const cipher = createCipheriv('aes-128-cbc', key, vector)
  cipher.setAutoPadding(false)
  return Buffer.concat([cipher.update(data), cipher.final()])
}
