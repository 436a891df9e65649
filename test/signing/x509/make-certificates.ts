import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { signatureAlgorithm, signData } from '../../../signing/algorithms.ts'
import { signatureAlgorithmIdentifier } from '../../../signing/x509/algorithm-identifier.ts'
import { parseDer } from '../../../signing/x509/der.ts'
import { readBitStringBytes } from '../../../signing/x509/der-values.ts'
import {
  bitString,
  boolean,
  context,
  contextPrimitive,
  ia5String,
  integer,
  namedBits,
  octetString,
  oid,
  sequence,
  time,
  unsignedInteger,
} from '../../../signing/x509/der-write.ts'
import { ATTRIBUTE } from '../../../signing/x509/name.ts'
import { newSerial, writeName } from '../../../signing/x509/write-certificate.ts'

/** Certificates with whatever extensions a test needs; all keys are P-256 and all signatures ECDSA with SHA-256. */
export interface Entity {
  readonly name: string
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
  readonly certificate: Uint8Array
  readonly serial: Uint8Array
}

export const notBefore = new Date('2026-01-01T00:00:00Z')
export const notAfter = new Date('2027-01-01T00:00:00Z')
export const now = new Date('2026-06-01T00:00:00Z')

export function extension(type: string, critical: boolean, value: Uint8Array): Uint8Array {
  return critical
    ? sequence(oid(type), boolean(true), octetString(value))
    : sequence(oid(type), octetString(value))
}

export const isCa = (pathLength?: number) =>
  extension(
    '2.5.29.19',
    true,
    sequence(boolean(true), ...(pathLength === undefined ? [] : [integer(pathLength)])),
  )
export const keyUsage = (...bits: number[]) => extension('2.5.29.15', true, namedBits(bits))
export const extendedKeyUsage = (...purposes: string[]) =>
  extension('2.5.29.37', false, sequence(...purposes.map(oid)))
export const policies = (...list: string[]) =>
  extension('2.5.29.32', false, sequence(...list.map((one) => sequence(oid(one)))))
export const policyMappings = (...pairs: (readonly [string, string])[]) =>
  extension('2.5.29.33', true, sequence(...pairs.map(([from, to]) => sequence(oid(from), oid(to)))))
export const policyConstraints = (limits: { explicit?: number; mapping?: number }) =>
  extension(
    '2.5.29.36',
    true,
    sequence(
      ...(limits.explicit === undefined ? [] : [contextPrimitive(0, Uint8Array.of(limits.explicit))]),
      ...(limits.mapping === undefined ? [] : [contextPrimitive(1, Uint8Array.of(limits.mapping))]),
    ),
  )
export const subjectAltNames = (...names: Uint8Array[]) => extension('2.5.29.17', false, sequence(...names))
export const nameConstraints = (limits: { permitted?: Uint8Array[]; excluded?: Uint8Array[] }) =>
  extension(
    '2.5.29.30',
    true,
    sequence(
      ...(limits.permitted ? [context(0, ...limits.permitted.map((one) => sequence(one)))] : []),
      ...(limits.excluded ? [context(1, ...limits.excluded.map((one) => sequence(one)))] : []),
    ),
  )

export const dns = (host: string) => contextPrimitive(2, Buffer.from(host))
export const mail = (address: string) => contextPrimitive(1, Buffer.from(address))
export const uri = (text: string) => contextPrimitive(6, Buffer.from(text))
export const ip = (...bytes: number[]) => contextPrimitive(7, Uint8Array.from(bytes))
export const directory = (commonName: string) => context(4, writeName([[ATTRIBUTE.commonName, commonName]]))
/** `otherName` of a private type with a text. */
export const otherName = (type: string, text: string) => context(0, oid(type), context(0, ia5String(text)))

export function newKeys(): { publicKey: KeyObject; privateKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' })
}

export function signed(toBeSigned: Uint8Array, privateKey: KeyObject): Uint8Array {
  const algorithm = signatureAlgorithm('ECDSA', 'SHA-256')
  return sequence(
    toBeSigned,
    signatureAlgorithmIdentifier(algorithm),
    bitString(signData(algorithm, privateKey, toBeSigned)),
  )
}

/** @param issuer absent for a self-signed certificate */
export function issue(
  name: string,
  extensions: readonly Uint8Array[],
  issuer?: Entity,
  keys: { publicKey: KeyObject; privateKey: KeyObject } = newKeys(),
  until: Date = notAfter,
): Entity {
  const serial = newSerial()
  const toBeSigned = sequence(
    context(0, integer(2)),
    unsignedInteger(serial),
    signatureAlgorithmIdentifier(signatureAlgorithm('ECDSA', 'SHA-256')),
    writeName([[ATTRIBUTE.commonName, issuer?.name ?? name]]),
    sequence(time(notBefore), time(until)),
    writeName([[ATTRIBUTE.commonName, name]]),
    keys.publicKey.export({ type: 'spki', format: 'der' }),
    ...(extensions.length === 0 ? [] : [context(3, sequence(...extensions))]),
  )
  return { name, serial, ...keys, certificate: signed(toBeSigned, issuer?.privateKey ?? keys.privateKey) }
}

/** The digest of the key bits, as OCSP wants it. */
export function keyHash(key: KeyObject, digest: 'sha1' | 'sha256' = 'sha1'): Uint8Array {
  const [, bits] = parseDer(key.export({ type: 'spki', format: 'der' })).children
  if (bits === undefined) throw new TypeError('not a SubjectPublicKeyInfo')
  return createHash(digest).update(readBitStringBytes(bits)).digest()
}
