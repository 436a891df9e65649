import { createPublicKey } from 'node:crypto'
import { expect } from 'chai'
import {
  type DigestAlgorithm,
  type SignatureScheme,
  signatureAlgorithm,
  verifyData,
} from '../../../signing/algorithms.ts'
import { requireCorpus } from './corpora.ts'

interface Vectors {
  readonly testGroups: readonly {
    readonly publicKeyDer: string
    readonly sha?: DigestAlgorithm['name']
    readonly mgfSha?: string
    readonly sLen?: number
    readonly tests: readonly { tcId: number; msg: string; sig: string; result: string }[]
  }[]
}

const files: readonly (readonly [string, SignatureScheme, 'der' | 'ieee-p1363'])[] = [
  ['rsa_signature_2048_sha256_test.json', 'RSASSA-PKCS1-v1_5', 'der'],
  ['rsa_signature_4096_sha512_test.json', 'RSASSA-PKCS1-v1_5', 'der'],
  ['rsa_pss_2048_sha256_mgf1_32_test.json', 'RSASSA-PSS', 'der'],
  ['rsa_pss_2048_sha256_mgf1_0_test.json', 'RSASSA-PSS', 'der'],
  ['rsa_pss_4096_sha512_mgf1_32_params_test.json', 'RSASSA-PSS', 'der'],
  ['ecdsa_secp256r1_sha256_test.json', 'ECDSA', 'der'],
  ['ecdsa_secp256r1_sha256_p1363_test.json', 'ECDSA', 'ieee-p1363'],
  ['ecdsa_secp384r1_sha384_test.json', 'ECDSA', 'der'],
  ['ed25519_test.json', 'EdDSA', 'der'],
]

describe('signature primitives: Wycheproof', () => {
  for (const [file, scheme, ecdsaEncoding] of files) {
    it(file, function () {
      const read = requireCorpus(this, 'wycheproof')
      const { testGroups } = JSON.parse(Buffer.from(read(file)).toString()) as Vectors
      const wrong: string[] = []
      let count = 0
      for (const group of testGroups) {
        const key = createPublicKey({
          key: Buffer.from(group.publicKeyDer, 'hex'),
          format: 'der',
          type: 'spki',
        })
        const algorithm = signatureAlgorithm(scheme, group.sha ?? 'SHA-512')
        for (const { tcId, msg, sig, result } of group.tests) {
          const options = { ecdsaEncoding, ...(group.sLen === undefined ? {} : { saltLength: group.sLen }) }
          const holds = verifyData(algorithm, key, Buffer.from(msg, 'hex'), Buffer.from(sig, 'hex'), options)
          count += 1
          if (result !== 'acceptable' && holds !== (result === 'valid')) wrong.push(`${tcId} ${result}`)
        }
      }
      expect(count).to.be.at.least(90)
      expect(wrong).to.deep.equal([])
    })
  }
})
