import { createPublicKey, type KeyObject } from 'node:crypto'
import {
  type DigestAlgorithm,
  type SignatureScheme,
  signatureAlgorithms,
  verifyData,
} from '../../../signing/algorithms.ts'
import type { LabelledCase } from '../labelled-case.ts'
import type { Read } from '../verdict-or-error.ts'

interface Vectors {
  readonly algorithm: string
  readonly testGroups: readonly {
    readonly publicKeyDer?: string
    readonly keyDer?: string
    readonly sha?: string
    readonly mgfSha?: string
    readonly sLen?: number
    readonly tests: readonly { tcId: number; msg: string; sig: string; result: string; flags: string[] }[]
  }[]
}

const schemes: Readonly<Record<string, SignatureScheme>> = {
  'RSASSA-PKCS1-v1_5': 'RSASSA-PKCS1-v1_5',
  'RSASSA-PSS': 'RSASSA-PSS',
  ECDSA: 'ECDSA',
  EDDSA: 'EdDSA',
}

/**
 * Vectors for the primitive beneath every signature. DSA and HMAC are not tried: the one is judged weak without being
 * computed, the other is no signature. "Acceptable" asks for nothing, and is not counted.
 */
export function* wycheproof(read: Read, files: readonly string[]): Generator<LabelledCase> {
  for (const file of files) {
    const { algorithm, testGroups } = JSON.parse(
      Buffer.from(read(`wycheproof/${file}`)).toString(),
    ) as Vectors
    const scheme = schemes[algorithm]
    if (scheme === undefined) continue
    for (const [group, { publicKeyDer, keyDer, sha, mgfSha, sLen, tests }] of testGroups.entries()) {
      const spki = Buffer.from(publicKeyDer ?? keyDer ?? '', 'hex')
      const key = readKey(spki)
      // Another digest in MGF1 than over the message is read from CMS parameters, not given by a caller.
      if (mgfSha !== undefined && mgfSha !== sha) continue
      const found = entryFor(scheme, sha, key)
      for (const { tcId, msg, sig, result } of tests) {
        if (result === 'acceptable') continue
        const holds =
          found !== undefined &&
          key !== undefined &&
          verifyData(found, key, Buffer.from(msg, 'hex'), Buffer.from(sig, 'hex'), {
            ecdsaEncoding: file.includes('p1363') ? 'ieee-p1363' : 'der',
            ...(sLen === undefined ? {} : { saltLength: sLen }),
          })
        const expected = result === 'valid' ? 'VALID' : 'INVALID'
        const ours = holds ? 'VALID' : found === undefined || key === undefined ? 'unsupported' : 'INVALID'
        const met = holds === (expected === 'VALID')
        yield {
          source: 'wycheproof',
          id: `${file}:${group + 1}:${tcId}`,
          expected,
          found: met ? expected : `${ours} ${algorithm} ${sha ?? ''}`.trim(),
          indication: ours,
          met,
          passedWrongly: holds && expected === 'INVALID',
        }
      }
    }
  }
}

function readKey(der: Buffer): KeyObject | undefined {
  try {
    return createPublicKey({ key: der, format: 'der', type: 'spki' })
  } catch {
    return undefined
  }
}

function entryFor(scheme: SignatureScheme, sha: string | undefined, key: KeyObject | undefined) {
  return signatureAlgorithms.find((entry) =>
    scheme === 'EdDSA'
      ? entry.scheme === scheme && entry.name.toLowerCase() === key?.asymmetricKeyType
      : entry.scheme === scheme && entry.digest.name === (sha as DigestAlgorithm['name']),
  )
}
