/**
 * RC4, which PDFs up to version 1.5 are encrypted with (ISO 32000-2, 7.6.3). OpenSSL 3 offers it no longer, and it
 * protects nothing: it is here so that old files can be read and signed, never for anything else.
 */

/** Enciphers or deciphers, which is the same. */
export function rc4(key: Uint8Array, data: Uint8Array): Uint8Array {
  const state = new Uint8Array(256)
  for (let i = 0; i < 256; i += 1) state[i] = i
  for (let i = 0, j = 0; i < 256; i += 1) {
    const value = state[i] ?? 0
    j = (j + value + (key[i % key.length] ?? 0)) & 0xff
    state[i] = state[j] ?? 0
    state[j] = value
  }
  const out = new Uint8Array(data.length)
  for (let at = 0, i = 0, j = 0; at < data.length; at += 1) {
    i = (i + 1) & 0xff
    const value = state[i] ?? 0
    j = (j + value) & 0xff
    const other = state[j] ?? 0
    state[i] = other
    state[j] = value
    out[at] = (data[at] ?? 0) ^ (state[(value + other) & 0xff] ?? 0)
  }
  return out
}
