/** The costs below everything: what `node:crypto` does with the same keys and digests. */
import { createHash, generateKeyPairSync, sign, verify } from 'node:crypto'
import type { Work } from './measure.ts'

export interface RawCosts {
  readonly rsaSign: Work
  readonly rsaVerify: Work
  readonly ecSign: Work
  readonly ecVerify: Work
  readonly sha256: (data: Uint8Array) => Uint8Array
}

export function rawCosts(): RawCosts {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  // About the size of signed attributes.
  const data = Buffer.alloc(160, 7)
  const rsaValue = sign('sha256', data, rsa.privateKey)
  const ecValue = sign('sha256', data, ec.privateKey)
  return {
    rsaSign: () => sign('sha256', data, rsa.privateKey),
    rsaVerify: () => verify('sha256', data, rsa.publicKey, rsaValue),
    ecSign: () => sign('sha256', data, ec.privateKey),
    ecVerify: () => verify('sha256', data, ec.publicKey, ecValue),
    sha256: (bytes) => createHash('sha256').update(bytes).digest(),
  }
}
