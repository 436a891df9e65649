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
}

function groupOrder(key: KeyObject): bigint {
  const curve = key.asymmetricKeyDetails?.namedCurve ?? 'unknown'
  const order = orders[curve]
  if (order === undefined) throw new SigningError('ALGORITHM_UNSUPPORTED', { algorithm: `ECDSA on ${curve}` })
  return order
}

/**
 * @param der DER `ECDSA-Sig-Value`
 * @throws SigningError `DER_MALFORMED`, `ALGORITHM_UNSUPPORTED` for another curve than P-256 and P-384
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

/** An ECDSA value is shorter than 128 bytes for these curves, so lengths are single bytes. */
function readTlv(der: Uint8Array, at: number, tag: number): { start: number; end: number } {
  const length = der[at + 1]
  if (der[at] !== tag || length === undefined || length >= 128) throw malformed(at, 'no ECDSA value')
  const end = at + 2 + length
  if (length === 0 || end > der.length) throw malformed(at, 'the length does not fit')
  return { start: at + 2, end }
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
  return order.toString(16).length / 2
}

function malformed(position: number, reason: string): SigningError {
  return new SigningError('DER_MALFORMED', { position, reason })
}
