import { createPublicKey } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { expect } from 'chai'
import { signatureAlgorithms, verifyData } from '../../../signing/algorithms.ts'
import { corporaFolder, requireCorpus } from '../../support/corpora.ts'

interface Vectors {
  readonly algorithm: string
  readonly testGroups: readonly {
    /** The public key under one of two names. */
    readonly publicKeyDer?: string
    readonly keyDer?: string
    readonly sha?: string
    readonly mgf?: string
    readonly mgfSha?: string
    readonly sLen?: number
    readonly tests: readonly { tcId: number; msg: string; sig: string; result: string }[]
  }[]
}

const families: readonly (readonly [string, RegExp])[] = [
  ['RSASSA-PKCS1-v1_5', /^rsa_(signature|pkcs1)_/],
  ['RSASSA-PSS', /^rsa_pss_/],
  // Brainpool curves are slow; one encoding of them is enough.
  ['ECDSA', /^ecdsa_(secp|brainpool\w*_sha\d+_test)/],
  ['EdDSA', /^ed(25519|448)_/],
]

/** How many vectors of each family the table of algorithms covers at least; a smaller collection is another one. */
const least: Readonly<Record<string, number>> = {
  'RSASSA-PKCS1-v1_5': 2_400,
  'RSASSA-PSS': 1_300,
  ECDSA: 4_000,
  EdDSA: 140,
}

describe('signature primitives: Wycheproof', () => {
  for (const [scheme, pattern] of families) {
    it(`${scheme}: no forgery accepted, no good signature refused`, function () {
      this.timeout(120_000)
      const read = requireCorpus(this, 'wycheproof')
      const wrong: string[] = []
      let count = 0
      for (const file of readdirSync(`${corporaFolder}wycheproof`).filter((name) => pattern.test(name))) {
        const { testGroups } = JSON.parse(Buffer.from(read(file)).toString()) as Vectors
        for (const group of testGroups) {
          // PSS with two different digests, and digests outside the table (SHA-224, SHA-512/256), are never verified.
          if (group.mgfSha !== undefined && group.mgfSha !== group.sha) continue
          const key = createPublicKey({
            key: Buffer.from(group.publicKeyDer ?? group.keyDer ?? '', 'hex'),
            format: 'der',
            type: 'spki',
          })
          const kind = key.asymmetricKeyType === 'ed448' ? 'Ed448' : 'Ed25519'
          const algorithm = signatureAlgorithms.find(
            (one) =>
              one.scheme === scheme &&
              (scheme === 'EdDSA' ? one.name === kind : one.digest.name === group.sha),
          )
          if (algorithm === undefined) continue
          const options = {
            ecdsaEncoding: file.includes('p1363') ? 'ieee-p1363' : 'der',
            ...(group.sLen === undefined ? {} : { saltLength: group.sLen }),
          } as const
          for (const { tcId, msg, sig, result } of group.tests) {
            const holds = verifyData(
              algorithm,
              key,
              Buffer.from(msg, 'hex'),
              Buffer.from(sig, 'hex'),
              options,
            )
            count += 1
            if (result !== 'acceptable' && holds !== (result === 'valid'))
              wrong.push(`${file} ${tcId} ${result}`)
          }
        }
      }
      process.stdout.write(`      ${scheme}: ${count} vectors\n`)
      expect(wrong).to.deep.equal([])
      expect(count).to.be.at.least(least[scheme] ?? 1)
    })
  }
})
