import { generateKeyPairSync } from 'node:crypto'
import { type KeyProvider, keyObjectProvider, nodeKeyFingerprint } from '../../signing/index.ts'
import { ATTRIBUTE } from '../../signing/x509/name.ts'
import { KEY_USAGE, newSerial, writeCertificate } from '../../signing/x509/write-certificate.ts'

export interface TestNodeKey {
  readonly provider: KeyProvider
  readonly fingerprint: string
}

/** A new P-256 node key with a self-signed certificate, held in memory. */
export function testNodeKey(nodeId: string): TestNodeKey {
  const pair = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const subject = [[ATTRIBUTE.commonName, nodeId]] as const
  const der = writeCertificate(
    {
      subject,
      publicKey: pair.publicKey,
      notBefore: new Date('2020-01-01T00:00:00Z'),
      notAfter: new Date('2040-01-01T00:00:00Z'),
      keyUsage: [KEY_USAGE.digitalSignature],
    },
    { name: subject, ...pair },
    newSerial(),
  )
  return { provider: keyObjectProvider(pair.privateKey, der, []), fingerprint: nodeKeyFingerprint(der) }
}
