/** What we sign with: every kind of key with the digests that go with it. */
import type { KeyProvider } from '../../../signing/keys/key-provider.ts'
import type { KeyOptions } from '../../../signing/keys/pkcs8.ts'
import type { KeyKind, Signers } from './signers.ts'

export interface MatrixAlgorithm {
  readonly name: string
  readonly key: KeyKind
  readonly options: KeyOptions
}

const rsa = (
  key: KeyKind,
  rsaPadding: 'pkcs1' | 'pss',
  digest: NonNullable<KeyOptions['digest']>,
): MatrixAlgorithm => ({ name: `${key} ${rsaPadding} ${digest}`, key, options: { rsaPadding, digest } })

const ecdsa = (key: KeyKind, digest: NonNullable<KeyOptions['digest']>): MatrixAlgorithm => ({
  name: `${key} ${digest}`,
  key,
  options: { digest },
})

export const algorithms: readonly MatrixAlgorithm[] = [
  rsa('RSA-2048', 'pkcs1', 'SHA-256'),
  rsa('RSA-2048', 'pkcs1', 'SHA-384'),
  rsa('RSA-2048', 'pkcs1', 'SHA-512'),
  rsa('RSA-2048', 'pkcs1', 'SHA3-256'),
  rsa('RSA-3072', 'pkcs1', 'SHA-256'),
  rsa('RSA-4096', 'pkcs1', 'SHA-512'),
  rsa('RSA-2048', 'pss', 'SHA-256'),
  rsa('RSA-2048', 'pss', 'SHA-384'),
  rsa('RSA-2048', 'pss', 'SHA-512'),
  rsa('RSA-2048', 'pss', 'SHA3-256'),
  rsa('RSA-3072', 'pss', 'SHA-384'),
  rsa('RSA-4096', 'pss', 'SHA-512'),
  ecdsa('P-256', 'SHA-256'),
  ecdsa('P-256', 'SHA3-256'),
  ecdsa('P-384', 'SHA-384'),
  ecdsa('P-384', 'SHA3-384'),
  ecdsa('P-521', 'SHA-512'),
  ecdsa('P-521', 'SHA3-512'),
  { name: 'Ed25519', key: 'Ed25519', options: {} },
  { name: 'Ed448', key: 'Ed448', options: {} },
]

export function providerOf(signers: Signers, { key, options }: MatrixAlgorithm): KeyProvider {
  return signers.provider(key, options)
}
