/** Keys of every kind that signs here, with certificates of one test PKI. RSA keys are slow to make: one of each. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { makeTestPki, type TestPki } from '../../../fixtures/pki/make-pki.ts'
import type { KeyProvider } from '../../../signing/keys/key-provider.ts'
import { type KeyOptions, keyObjectProvider } from '../../../signing/keys/pkcs8.ts'
import { ATTRIBUTE } from '../../../signing/x509/name.ts'
import { KEY_USAGE, newSerial, writeCertificate } from '../../../signing/x509/write-certificate.ts'

const makers = {
  'RSA-2048': () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  'RSA-3072': () => generateKeyPairSync('rsa', { modulusLength: 3072 }),
  'RSA-4096': () => generateKeyPairSync('rsa', { modulusLength: 4096 }),
  'P-256': () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  'P-384': () => generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  'P-521': () => generateKeyPairSync('ec', { namedCurve: 'P-521' }),
  Ed25519: () => generateKeyPairSync('ed25519'),
  Ed448: () => generateKeyPairSync('ed448'),
}

export type KeyKind = keyof typeof makers

export interface Signers {
  readonly pki: TestPki
  readonly now: Date
  /** A provider of this kind of key; keys are made on first use. */
  provider(kind: KeyKind, options?: KeyOptions): KeyProvider
}

/** For document signing and e-mail, which `openssl cms` and NSS ask for. */
const EXTENDED_USAGE = ['1.3.6.1.5.5.7.3.36', '1.3.6.1.5.5.7.3.4']
const DAY = 24 * 60 * 60 * 1000

/** @param now programs that know no other time judge certificates by the clock, so this is the clock's time */
export async function makeSigners(now: Date = new Date()): Promise<Signers> {
  const pki = await makeTestPki({ seedTime: now })
  const made = new Map<KeyKind, { privateKey: KeyObject; certificate: Uint8Array }>()

  function issue(kind: KeyKind) {
    const { privateKey, publicKey } = makers[kind]()
    const certificate = writeCertificate(
      {
        subject: [
          [ATTRIBUTE.country, 'VN'],
          [ATTRIBUTE.organization, 'Ủy ban nhân dân xã thử nghiệm'],
          [ATTRIBUTE.organizationIdentifier, 'H40.12.3'],
          [ATTRIBUTE.commonName, `Cơ quan ${kind}`],
        ],
        publicKey,
        notBefore: new Date(now.getTime() - DAY),
        notAfter: new Date(now.getTime() + 365 * DAY),
        keyUsage: [KEY_USAGE.digitalSignature, KEY_USAGE.contentCommitment],
        extendedKeyUsage: EXTENDED_USAGE,
      },
      pki.authorities.government,
      newSerial(),
    )
    const entry = { privateKey, certificate }
    made.set(kind, entry)
    return entry
  }

  return {
    pki,
    now,
    provider(kind, options = {}) {
      const { privateKey, certificate } = made.get(kind) ?? issue(kind)
      return keyObjectProvider(privateKey, certificate, [pki.governmentCa], options)
    },
  }
}
