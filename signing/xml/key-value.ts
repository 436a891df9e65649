/** Bare public keys in KeyInfo. They prove nothing about who signed; a value can only be checked with them. */
import { createPublicKey, type KeyObject } from 'node:crypto'
import { OID_DSA } from '../algorithms.ts'
import { bitString, oid, sequence, unsignedInteger } from '../x509/der-write.ts'
import { base64Content } from './dsig-structure.ts'
import { XMLDSIG } from './names.ts'
import { attributeValue, childElements, isElementNamed, type TreeElement } from './tree.ts'

const XMLDSIG_11 = 'http://www.w3.org/2009/xmldsig11#'

const curves: Readonly<Record<string, { readonly name: string; readonly size: number }>> = {
  'urn:oid:1.2.840.10045.3.1.7': { name: 'P-256', size: 32 },
  'urn:oid:1.3.132.0.34': { name: 'P-384', size: 48 },
  'urn:oid:1.3.132.0.35': { name: 'P-521', size: 66 },
}

/**
 * The key of a `KeyValue` or `DEREncodedKeyValue`; undefined for a kind that is not known or a key that OpenSSL
 * refuses, such as a point that is not on its curve.
 *
 * @throws SigningError `XML_SIGNATURE_MALFORMED` for broken base64
 */
export function readKeyValue(element: TreeElement): KeyObject | undefined {
  if (isElementNamed(element, XMLDSIG_11, 'DEREncodedKeyValue')) {
    return madeBy(() => createPublicKey({ key: base64Content(element), format: 'der', type: 'spki' }))
  }
  const [value] = childElements(element)
  return value === undefined ? undefined : keyOfValue(value)
}

/** The key of an `RSAKeyValue`, `ECKeyValue` or `DSAKeyValue`. */
export function keyOfValue(value: TreeElement): KeyObject | undefined {
  if (isElementNamed(value, XMLDSIG, 'RSAKeyValue')) {
    const [modulus, exponent] = numbers(value, ['Modulus', 'Exponent'])
    if (modulus === undefined || exponent === undefined) return undefined
    return fromJwk({ kty: 'RSA', n: modulus.toString('base64url'), e: exponent.toString('base64url') })
  }
  if (isElementNamed(value, XMLDSIG_11, 'ECKeyValue')) return readEcKey(value)
  return isElementNamed(value, XMLDSIG, 'DSAKeyValue') ? readDsaKey(value) : undefined
}

function readEcKey(value: TreeElement): KeyObject | undefined {
  const named = childElements(value).find((child) => child.localName === 'NamedCurve')
  const curve = curves[named === undefined ? '' : (attributeValue(named, 'URI') ?? '')]
  const [point] = numbers(value, ['PublicKey'])
  if (curve === undefined || point?.[0] !== 4 || point.length !== 1 + 2 * curve.size) return undefined
  const x = point.subarray(1, 1 + curve.size).toString('base64url')
  const y = point.subarray(1 + curve.size).toString('base64url')
  return fromJwk({ kty: 'EC', crv: curve.name, x, y })
}

/** `SubjectPublicKeyInfo` of RFC 3279 section 2.3.2. */
function readDsaKey(value: TreeElement): KeyObject | undefined {
  const [p, q, g, y] = numbers(value, ['P', 'Q', 'G', 'Y'])
  if (p === undefined || q === undefined || g === undefined || y === undefined) return undefined
  const parameters = sequence(unsignedInteger(p), unsignedInteger(q), unsignedInteger(g))
  const key = sequence(sequence(oid(OID_DSA), parameters), bitString(unsignedInteger(y)))
  return madeBy(() => createPublicKey({ key: Buffer.from(key), format: 'der', type: 'spki' }))
}

/** `ds:CryptoBinary` children by local name: base64 of an unsigned integer. */
function numbers(parent: TreeElement, names: readonly string[]): (Buffer | undefined)[] {
  return names.map((name) => {
    const child = childElements(parent).find((one) => one.localName === name)
    return child === undefined ? undefined : base64Content(child)
  })
}

function fromJwk(key: { kty: string } & Record<string, string>): KeyObject | undefined {
  return madeBy(() => createPublicKey({ key, format: 'jwk' }))
}

function madeBy(make: () => KeyObject): KeyObject | undefined {
  try {
    return make()
  } catch {
    return undefined
  }
}
