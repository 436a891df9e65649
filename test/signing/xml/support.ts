import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { toPem as writePem } from '../../../fixtures/pki/write-pki.ts'
import { type SignatureAlgorithm, signatureAlgorithm, signData } from '../../../signing/algorithms.ts'
import type { KeyProvider } from '../../../signing/keys/key-provider.ts'
import { ATTRIBUTE } from '../../../signing/x509/name.ts'
import {
  type Issuer,
  KEY_USAGE,
  newSerial,
  writeCertificate,
} from '../../../signing/x509/write-certificate.ts'

const notBefore = new Date('2025-01-01T00:00:00Z')
const notAfter = new Date('2035-01-01T00:00:00Z')

const kinds = {
  p256: { make: () => ecKey('P-256'), algorithm: signatureAlgorithm('ECDSA', 'SHA-256') },
  p384: { make: () => ecKey('P-384'), algorithm: signatureAlgorithm('ECDSA', 'SHA-384') },
  rsa: { make: () => rsaKey(2048), algorithm: signatureAlgorithm('RSASSA-PKCS1-v1_5', 'SHA-256') },
  'rsa-pss': { make: () => rsaKey(2048), algorithm: signatureAlgorithm('RSASSA-PSS', 'SHA-256') },
  'rsa-1024': { make: () => rsaKey(1024), algorithm: signatureAlgorithm('RSASSA-PKCS1-v1_5', 'SHA-256') },
}

export type KeyKind = keyof typeof kinds

/** A certification authority that lives as long as the test run. */
export interface TestAuthority {
  readonly certificate: Uint8Array
  /** A node key with a certificate of this authority; the authority's own certificate is in the chain on request. */
  issue(subject: string, options?: { kind?: KeyKind; withChain?: boolean }): KeyProvider
  /** Another certificate for the key of one that this authority issued. */
  renew(provider: KeyProvider): Uint8Array
}

export function createAuthority(name: string): TestAuthority {
  const privateKey = ecKey('P-256')
  const issuer: Issuer = { name: commonName(name), privateKey, publicKey: createPublicKey(privateKey) }
  const certificate = certificateFor(name, privateKey, issuer, true)
  const sign = (subject: string, key: KeyObject) => certificateFor(subject, key, issuer, false)
  const keys = new Map<KeyProvider, KeyObject>()
  return {
    certificate,
    issue(subject, { kind = 'p256', withChain = false } = {}) {
      const { make, algorithm } = kinds[kind]
      const key = make()
      const provider = providerFor(key, algorithm, sign(subject, key), withChain ? [certificate] : [])
      keys.set(provider, key)
      return provider
    },
    renew(provider) {
      const key = keys.get(provider)
      if (key === undefined) throw new Error('not issued here')
      return sign('gia hạn', key)
    },
  }
}

function providerFor(
  key: KeyObject,
  algorithm: SignatureAlgorithm,
  certificate: Uint8Array,
  chain: readonly Uint8Array[] = [],
): KeyProvider {
  return { certificate, chain, algorithm, sign: async (data) => signData(algorithm, key, data) }
}

function ecKey(namedCurve: string): KeyObject {
  return generateKeyPairSync('ec', { namedCurve }).privateKey
}

function rsaKey(modulusLength: number): KeyObject {
  return generateKeyPairSync('rsa', { modulusLength }).privateKey
}

function certificateFor(subject: string, key: KeyObject, issuer: Issuer, isAuthority: boolean): Uint8Array {
  return writeCertificate(
    {
      subject: commonName(subject),
      publicKey: createPublicKey(key),
      notBefore,
      notAfter,
      keyUsage: isAuthority
        ? [KEY_USAGE.keyCertSign, KEY_USAGE.cRLSign]
        : [KEY_USAGE.digitalSignature, KEY_USAGE.contentCommitment],
      ...(isAuthority ? { authority: {} } : {}),
    },
    issuer,
    newSerial(),
  )
}

function commonName(text: string): Issuer['name'] {
  return [[ATTRIBUTE.commonName, text]]
}

export function toPem(certificate: Uint8Array): string {
  return writePem('CERTIFICATE', certificate)
}
