/**
 * A node key at work outside XML: its raw signatures, and its public half as other nodes are shown it.
 *
 * Key providers answer ECDSA as DER `ECDSA-Sig-Value` (RFC 3279); HTTP signatures (RFC 9421 section 3.3.4) and
 * JWS (RFC 7518 section 3.4) want r‖s, each 32 bytes for P-256.
 */
import { X509Certificate } from 'node:crypto'
import { type KeyProvider, nodeKeyFingerprint } from '../../signing/index.ts'

export interface NodePublicKey {
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Buffer
  /** SHA-256 of `spki`, hexadecimal. */
  readonly fingerprint: string
}

/** Parsing a certificate for every request would cost more than signing it. */
const known = new WeakMap<KeyProvider, NodePublicKey>()

export function publicKeyOf(key: KeyProvider): NodePublicKey {
  const found = known.get(key)
  if (found !== undefined) return found
  const { publicKey } = new X509Certificate(key.certificate)
  const value = {
    spki: publicKey.export({ type: 'spki', format: 'der' }),
    fingerprint: nodeKeyFingerprint(publicKey),
  }
  known.set(key, value)
  return value
}

const SIZE = 32

/**
 * Signs with a node key and answers r‖s.
 *
 * @throws TypeError when the key is not ECDSA with SHA-256, or its provider answers no ECDSA value of P-256: a
 *   node is configured with a P-256 key before it starts
 */
export async function signP1363(key: KeyProvider, data: Uint8Array): Promise<Uint8Array> {
  if (key.algorithm.scheme !== 'ECDSA' || key.algorithm.digest.name !== 'SHA-256') {
    throw new TypeError(`a node key signs with ECDSA and SHA-256, not ${key.algorithm.name}`)
  }
  return toP1363(await key.sign(data))
}

function toP1363(der: Uint8Array): Uint8Array {
  const content = readTlv(der, 0, 0x30)
  const r = readTlv(der, content.start, 0x02)
  const s = readTlv(der, r.end, 0x02)
  if (content.end !== der.length || s.end !== content.end) throw notEcdsa()
  return Buffer.concat([r, s].map((one) => fixed(der.subarray(one.start, one.end))))
}

/** The other way: r‖s of P-256 as the DER `ECDSA-Sig-Value` that `openssl` checks. */
export function toDerSignature(p1363: Uint8Array): Uint8Array {
  const content = Buffer.concat([derInteger(p1363.subarray(0, SIZE)), derInteger(p1363.subarray(SIZE))])
  return Buffer.concat([Buffer.from([0x30, content.length]), content])
}

/** An unsigned number as the shortest DER INTEGER (X.690 section 8.3). */
function derInteger(digits: Uint8Array): Buffer {
  let from = 0
  while (from < digits.length - 1 && digits[from] === 0) from += 1
  const value = digits.subarray(from)
  const sign = (value[0] ?? 0) >= 0x80 ? [0] : []
  return Buffer.from([0x02, value.length + sign.length, ...sign, ...value])
}

/** A P-256 value is shorter than 128 bytes, so every length is a single byte. */
function readTlv(der: Uint8Array, at: number, tag: number): { start: number; end: number } {
  const length = der[at + 1]
  if (der[at] !== tag || length === undefined || length === 0 || length >= 128) throw notEcdsa()
  const end = at + 2 + length
  if (end > der.length) throw notEcdsa()
  return { start: at + 2, end }
}

function fixed(integer: Uint8Array): Uint8Array {
  const digits = integer[0] === 0 ? integer.subarray(1) : integer
  if (digits.length > SIZE) throw notEcdsa()
  return Buffer.concat([Buffer.alloc(SIZE - digits.length), digits])
}

function notEcdsa(): TypeError {
  return new TypeError('the key provider answered no ECDSA value of P-256')
}
