import type { KeyObject } from 'node:crypto'
import { SigningError } from '../errors.ts'

/**
 * ECDSA values in XML are r‖s, each as long as the group order (RFC 9231 section 2.3.6); key providers answer DER
 * `ECDSA-Sig-Value` (RFC 3279).
 *
 * (r, s) and (r, n − s) hold for the same data, so whoever sees one value can write the other. A sealed file is
 * identified by the hash of its bytes; therefore only the smaller of the two is written, and read.
 */
const orders: Readonly<Record<string, bigint>> = {
  prime256v1: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  secp384r1:
    0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  secp521r1:
    0x1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
  brainpoolP256r1: 0xa9fb57dba1eea9bc3e660a909d838d718c397aa3b561a6f7901e0e82974856a7n,
  brainpoolP384r1:
    0x8cb91e82a3386d280f5d6f7e50e641df152f7109ed5456b31f166e6cac0425a7cf3ab6af6b7fc3103b883202e9046565n,
  brainpoolP512r1:
    0xaadd9db8dbe9c48b3fd4e6ae33c9fc07cb308db3b3c9d20ed6639cca70330870553e5c414ca92619418661197fac10471db1d381085ddaddb58796829ca90069n,
}

function groupOrder(key: KeyObject): bigint {
  const curve = key.asymmetricKeyDetails?.namedCurve ?? 'unknown'
  const order = orders[curve]
  if (order === undefined) throw new SigningError('ALGORITHM_UNSUPPORTED', { algorithm: `ECDSA on ${curve}` })
  return order
}

/**
 * @param der DER `ECDSA-Sig-Value`
 * @throws SigningError `DER_MALFORMED`, `ALGORITHM_UNSUPPORTED` for a curve without an entry above
 */
export function ecdsaValueForXml(der: Uint8Array, key: KeyObject): Uint8Array {
  const order = groupOrder(key)
  const size = byteLength(order)
  const content = readTlv(der, 0, 0x30)
  if (content.end !== der.length) throw malformed(content.end, 'data after the ECDSA value')
  const r = readTlv(der, content.start, 0x02)
  const s = readTlv(der, r.end, 0x02)
  if (s.end !== content.end) throw malformed(s.end, 'data after s')
  const sValue = toInteger(der.subarray(s.start, s.end))
  return Buffer.concat([
    toBytes(toInteger(der.subarray(r.start, r.end)), size),
    toBytes(sValue > order / 2n ? order - sValue : sValue, size),
  ])
}

/** Whether an r‖s value has the right length and the smaller of the two possible s. */
export function isLowS(value: Uint8Array, key: KeyObject): boolean {
  const order = groupOrder(key)
  const size = byteLength(order)
  return value.length === 2 * size && toInteger(value.subarray(size)) <= order / 2n
}

/** Only the sequence of a curve above 500 bits reaches 128 bytes: its length then takes two octets, never more. */
function readTlv(der: Uint8Array, at: number, tag: number): { start: number; end: number } {
  const short = der[at + 1] ?? 0x80
  const isLong = short === 0x81
  const length = isLong ? (der[at + 2] ?? 0) : short
  if (der[at] !== tag || (!isLong && short >= 0x80)) throw malformed(at, 'no ECDSA value')
  if (isLong && length < 0x80) throw malformed(at, 'the length is not in its shortest form')
  const start = at + (isLong ? 3 : 2)
  const end = start + length
  if (length === 0 || end > der.length) throw malformed(at, 'the length does not fit')
  return { start, end }
}

function toInteger(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
}

function toBytes(value: bigint, size: number): Uint8Array {
  const hex = value.toString(16)
  if (hex.length > 2 * size) throw malformed(0, 'the integer is longer than the group order')
  return Buffer.from(hex.padStart(2 * size, '0'), 'hex')
}

function byteLength(order: bigint): number {
  return Math.ceil(order.toString(16).length / 2)
}

function malformed(position: number, reason: string): SigningError {
  return new SigningError('DER_MALFORMED', { position, reason })
}
