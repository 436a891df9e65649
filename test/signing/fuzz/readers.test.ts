/**
 * The readers on input that is broken, bent or made up: they answer, or throw `SigningError`, and keep no memory.
 * Bounded by rounds and a seed (see `effort`); a reader that hangs runs into the test's time-out.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect } from 'chai'
import type { TestPki } from '../../../fixtures/pki/make-pki.ts'
import { makeOcspResponder } from '../../../fixtures/pki/ocsp-responder.ts'
import { makeTimestampAuthority } from '../../../fixtures/pki/timestamp-authority.ts'
import { digestNamed, digest as digestOf } from '../../../signing/algorithms.ts'
import { judgeTimestamp } from '../../../signing/cms/judge-timestamp.ts'
import { signCms } from '../../../signing/cms/sign-cms.ts'
import { writeTimestampRequest } from '../../../signing/cms/timestamp-request.ts'
import { readTimestampResponse } from '../../../signing/cms/timestamp-response.ts'
import { verifyCms } from '../../../signing/cms/verify-cms.ts'
import { SigningError } from '../../../signing/errors.ts'
import { loadPkcs12 } from '../../../signing/keys/pkcs12.ts'
import { certId, writeOcspRequest } from '../../../signing/online/ocsp-request.ts'
import type { VerificationPolicy } from '../../../signing/policy.ts'
import { berToDer } from '../../../signing/x509/ber.ts'
import { parseCertificate } from '../../../signing/x509/certificate.ts'
import { parseCrl } from '../../../signing/x509/crl.ts'
import { parseDer } from '../../../signing/x509/der.ts'
import { derKind } from '../../../signing/x509/der-kind.ts'
import { oidContent } from '../../../signing/x509/der-write.ts'
import { judgeCertificate } from '../../../signing/x509/judge-certificate.ts'
import { parseOcspResponse } from '../../../signing/x509/ocsp.ts'
import { signXades } from '../../../signing/xml/sign-xades.ts'
import { verifyXml } from '../../../signing/xml/verify-xml.ts'
import { policyOf } from '../cms/signatures.ts'
import { makeSigners } from '../matrix/signers.ts'
import { seal } from '../xml/sample.ts'
import { randomDer } from './make-der.ts'
import { randomXml } from './make-xml.ts'
import { mutate } from './mutate.ts'
import { effort, type Random, seededRandom } from './random.ts'

interface Target {
  readonly name: string
  readonly seeds: readonly Uint8Array[]
  /** Words that the mutations put in. */
  readonly pieces: readonly Uint8Array[]
  readonly garbage: (random: Random) => Buffer
  readonly read: (bytes: Uint8Array) => unknown
  /** Where a call is dear, fewer. */
  readonly share: number
}

const oids = [
  ...['1.2.840.113549.1.7.1', '1.2.840.113549.1.7.2', '1.2.840.113549.1.9.3', '1.2.840.113549.1.9.4'],
  ...[
    '1.2.840.113549.1.9.16.2.47',
    '1.2.840.113549.1.9.16.1.4',
    '2.16.840.1.101.3.4.2.1',
    '1.2.840.10045.4.3.2',
  ],
  ...['1.2.840.113549.1.1.10', '2.5.29.15', '2.5.29.19', '2.5.29.31', '1.3.6.1.5.5.7.48.1.1', '2.5.4.3'],
].map(oidContent)
const derPieces = [
  ...oids.map((content) => Buffer.concat([Buffer.from([0x06, content.length]), content])),
  ...[
    '0500',
    '3000',
    '3100',
    '30800000',
    '0101ff',
    '020100',
    '04820000',
    '308400000001',
    'a0030201ff',
    '02810100',
  ].map((hex) => Buffer.from(hex, 'hex')),
]
const xmlPieces = [
  '<a>',
  '</a>',
  '<!--',
  '-->',
  '<![CDATA[',
  ']]>',
  '&lt;',
  '&#0;',
  'Id="seal"',
  '#',
  '<?p?>',
  'xmlns=""',
  '\0',
].map((text) => Buffer.from(text))

const { rounds, seed } = effort(6000)

describe('readers of hostile input', () => {
  const targets = new Map<string, Target>()
  const names = [
    ...['verifyCms', 'parseDer and berToDer', 'certificate', 'CRL', 'OCSP response', 'time-stamp token'],
    ...['time-stamp response', 'PKCS#12', 'XML', 'sealed XML'],
  ]

  before(async () => {
    for (const target of await makeTargets()) targets.set(target.name, target)
    expect([...targets.keys()]).to.deep.equal(names)
  })

  for (const [index, name] of names.entries()) {
    it(name, async () => {
      const target = targets.get(name)
      if (target === undefined) throw new Error('no target')
      const random = seededRandom(seed + index)
      const count = Math.ceil(rounds * target.share)
      for (let round = 0; round < count / 4; round += 1) attempt(target, random)
      const before = memory()
      for (let round = 0; round < count; round += 1) attempt(target, random)
      expect(memory() - before, 'bytes kept').to.be.lessThan(48 * 1024 * 1024)
    })
  }
})

function attempt(target: Target, random: Random): void {
  const { seeds, pieces, garbage, read } = target
  const [first, ...others] = seeds
  if (first === undefined) throw new Error('no seed')
  let bytes: Uint8Array = random.below(4) === 0 ? garbage(random) : random.pick([first, ...others])
  for (let left = random.below(5); left >= 0; left -= 1)
    bytes = mutate(bytes, random, undefined, pieces).bytes
  try {
    read(bytes)
  } catch (error) {
    if (error instanceof SigningError) return
    const shown = Buffer.from(bytes).toString('base64')
    throw new Error(`seed ${seed}, ${target.name}: ${String(error)} for ${shown}`, { cause: error })
  }
}

/** What is in use after the garbage is gone: heap and what it holds outside, the parser's memory too. */
function memory(): number {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  if (typeof collect !== 'function') throw new Error('no garbage collection')
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

async function makeTargets(): Promise<readonly Target[]> {
  const now = new Date('2026-03-02T08:00:00Z')
  const signers = await makeSigners(now)
  const { pki } = signers
  const policy: VerificationPolicy = policyOf(pki, { crls: pki.crls() })
  const content = Buffer.from('Nội dung')
  const authority = makeTimestampAuthority({ pki, clock: () => now })
  const sha256 = digestNamed('SHA-256')
  const imprint = { algorithm: sha256, value: digestOf(sha256, content) }
  const token = await authority.provider.timestamp(imprint)
  const key = signers.provider('P-256')
  const rsa = signers.provider('RSA-2048')
  const cms = (options: { detached: boolean; timestamp?: typeof authority.provider }) =>
    signCms(content, { key, signingTime: now, ...options })
  const request = {
    algorithm: sha256,
    digest: imprint.value,
    nonce: Buffer.from('4142', 'hex'),
    certificates: true,
  }
  const response = authority.respond(writeTimestampRequest(request))
  const garbage = (random: Random) => randomDer(random, oids)
  const der = { pieces: derPieces, garbage, share: 1 }
  const xades = { signingTime: now, signatureId: 'sig', key }
  const xml = '<hồ-sơ xmlns="urn:hs"><mục Id="m">đất<!-- x --></mục><![CDATA[a]]></hồ-sơ>'
  const excluded = [{ kind: 'document', signatures: 'excluded' }] as const
  return [
    {
      ...der,
      name: 'verifyCms',
      seeds: [
        await cms({ detached: true }),
        await cms({ detached: false, timestamp: authority.provider }),
        await signCms(content, { key: rsa, signingTime: now, mimeType: 'a/b', contentDescription: 'c' }),
      ],
      read: (bytes) => verifyCms(bytes, content, policy),
    },
    {
      ...der,
      name: 'parseDer and berToDer',
      seeds: [await cms({ detached: true }), Buffer.from('24800401aa0401bb0000', 'hex')],
      read: (bytes) => {
        derKind(bytes)
        const converted = berToDer(bytes)
        return parseDer(converted)
      },
    },
    {
      ...der,
      name: 'certificate',
      seeds: [key.certificate, rsa.certificate, pki.root, pki.governmentCa],
      read: (bytes) => judgeCertificate(bytes, [bytes, pki.governmentCa], policy),
    },
    {
      ...der,
      name: 'CRL',
      seeds: pki.crls(),
      read: (bytes) => [
        judgeCertificate(key.certificate, [pki.governmentCa], { ...policy, crls: [bytes] }),
        parseCrl(bytes),
      ],
    },
    {
      ...der,
      name: 'OCSP response',
      seeds: ocspAnswers(pki, key.certificate, now),
      read: (bytes) => [
        judgeCertificate(key.certificate, [pki.governmentCa], { ...policy, ocspResponses: [bytes] }),
        parseOcspResponse(bytes),
      ],
    },
    {
      ...der,
      name: 'time-stamp token',
      seeds: [token],
      read: (bytes) => judgeTimestamp({ token: bytes, dataDigest: (one) => digestOf(one, content), policy }),
    },
    {
      ...der,
      name: 'time-stamp response',
      seeds: [response],
      read: (bytes) => readTimestampResponse(bytes, request),
    },
    {
      ...der,
      name: 'PKCS#12',
      // The key is derived from the password by many rounds, so a call costs milliseconds.
      share: 0.05,
      seeds: [pki.samples.agency.pkcs12('mật khẩu')],
      read: (bytes) => loadPkcs12(bytes, 'mật khẩu'),
    },
    {
      name: 'XML',
      seeds: [
        await signXades({ form: 'enveloped', xml }, { ...xades, timestamp: authority.provider }),
        await signXades({ form: 'enveloped', xml, references: excluded }, { ...xades, key: rsa }),
        await signXades({ form: 'enveloping', content: xml, as: 'xml' }, xades),
      ],
      pieces: xmlPieces,
      garbage: randomXml,
      share: 0.5,
      read: (bytes) => verifyXml(bytes, policy),
    },
    {
      name: 'sealed XML',
      seeds: [Buffer.from(await seal(key))],
      pieces: xmlPieces,
      garbage: randomXml,
      share: 0.5,
      read: (bytes) => verifyXml(bytes, policy),
    },
  ]
}

/** Signed by the CA itself and by a responder of its own. */
function ocspAnswers(pki: TestPki, certificate: Uint8Array, now: Date): readonly Uint8Array[] {
  const id = certId(parseCertificate(certificate), parseCertificate(pki.governmentCa))
  const issuer = pki.authorities.government
  const delegates = [{}, { delegate: pki.issueOcspResponder() }]
  return delegates.map((delegate) => {
    const responder = makeOcspResponder({ issuer, stateOf: () => 'good', clock: () => now, ...delegate })
    return responder.respond(writeOcspRequest(id, Buffer.alloc(16, 7)))
  })
}
