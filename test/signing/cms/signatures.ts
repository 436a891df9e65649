/** Makes CMS signatures for tests: right ones by the library, wrong ones by hand. */
import { createHash, createPrivateKey, generateKeyPairSync } from 'node:crypto'
import type { IssuedCertificate, TestPki } from '../../../fixtures/pki/make-pki.ts'
import { digest as digestOf, type SignatureAlgorithm, signData } from '../../../signing/algorithms.ts'
import { judgeSignedData, type SignedDataJudgement } from '../../../signing/cms/judge-signed-data.ts'
import { ATTRIBUTE_OID, CONTENT_TYPE } from '../../../signing/cms/oids.ts'
import { assembleSignedData, attribute, buildSignedAttributes } from '../../../signing/cms/signed-data.ts'
import type { KeyProvider } from '../../../signing/keys/key-provider.ts'
import { asKeyProvider } from '../../../signing/keys/pkcs8.ts'
import type { VerificationPolicy } from '../../../signing/policy.ts'
import {
  digestAlgorithmIdentifier,
  signatureAlgorithmIdentifier,
} from '../../../signing/x509/algorithm-identifier.ts'
import { parseCertificate } from '../../../signing/x509/certificate.ts'
import { TAG } from '../../../signing/x509/der.ts'
import { context, integer, octetString, oid, sequence, setOf, tlv } from '../../../signing/x509/der-write.ts'
import { ATTRIBUTE } from '../../../signing/x509/name.ts'
import { newSerial, writeCertificate } from '../../../signing/x509/write-certificate.ts'

export const content = Buffer.from('Nội dung văn bản\n')
export const seedTime = new Date('2026-03-02T08:00:00Z')

export function policyOf(pki: TestPki, changes: Partial<VerificationPolicy> = {}): VerificationPolicy {
  return {
    trustAnchors: [pki.root],
    untrusted: [],
    crls: [],
    ocspResponses: [],
    time: seedTime,
    requireRevocation: false,
    legacy: false,
    profile: 'any',
    ...changes,
  }
}

/** As the product signs. */
export async function sign(key: KeyProvider, data: Uint8Array = content): Promise<Uint8Array> {
  const { algorithm, certificate, chain } = key
  const messageDigest = digestOf(algorithm.digest, data)
  const signedAttributes = buildSignedAttributes({
    messageDigest,
    certificate,
    chain,
    digest: algorithm.digest,
  })
  const signature = await key.sign(signedAttributes)
  return assembleSignedData({ signedAttributes, signature, algorithm, certificate, chain })
}

export function judge(
  cms: Uint8Array,
  policy: VerificationPolicy,
  data: Uint8Array = content,
): SignedDataJudgement {
  return judgeSignedData({
    cms,
    contentDigest: (digest) => createHash(digest.node).update(data).digest(),
    policy,
    context: 'pdf',
    subFilter: 'ETSI.CAdES.detached',
  })
}

export function verdict({ indication, subIndication }: SignedDataJudgement): string {
  return subIndication === null ? indication : `${indication}/${subIndication}`
}

/** What a wrong signature does otherwise than the right one. Each part is DER. */
export interface Deviation {
  /** From the right attributes, by name, to those that are signed. */
  readonly attributes?: (
    right: Record<'contentType' | 'messageDigest' | 'signingCertificate', Uint8Array>,
  ) => Uint8Array[]
  /** Default that of the key's provider. */
  readonly algorithm?: SignatureAlgorithm
  readonly signed?: (attributes: Uint8Array[]) => Uint8Array
  readonly certificates?: readonly Uint8Array[]
  readonly digestAlgorithm?: Uint8Array
  readonly digestAlgorithms?: readonly Uint8Array[]
  readonly signatureAlgorithm?: Uint8Array
  readonly contentType?: string
  readonly enclosed?: Uint8Array
  readonly identifier?: Uint8Array
  readonly signers?: (signer: Uint8Array) => Uint8Array[]
  readonly versions?: readonly [signedData: number, signerInfo: number]
}

/** A detached signature over `content` by hand, with a deviation. The signature value itself is right. */
export function signWrongly(issued: IssuedCertificate, deviation: Deviation): Uint8Array {
  const algorithm = deviation.algorithm ?? asKeyProvider(issued).algorithm
  const key = createPrivateKey({ key: Buffer.from(issued.privateKeyPkcs8), format: 'der', type: 'pkcs8' })
  const { digest } = algorithm
  const { issuer, serial } = parseCertificate(issued.certificate)
  const certId = sequence(octetString(digestOf(digest, issued.certificate)))
  const right = {
    contentType: attribute(ATTRIBUTE_OID.contentType, oid(CONTENT_TYPE.data)),
    messageDigest: attribute(ATTRIBUTE_OID.messageDigest, octetString(digestOf(digest, content))),
    signingCertificate: attribute(ATTRIBUTE_OID.signingCertificateV2, sequence(sequence(certId))),
  }
  const attributes = deviation.attributes?.(right) ?? Object.values(right)
  const signed = deviation.signed?.(attributes) ?? setOf(attributes)
  const stored = Uint8Array.from(signed)
  stored[0] = 0xa0
  const digestIdentifier = deviation.digestAlgorithm ?? digestAlgorithmIdentifier(digest)
  const [version, signerVersion] = deviation.versions ?? [1, 1]
  const signerInfo = sequence(
    integer(signerVersion),
    deviation.identifier ?? sequence(issuer.raw, tlv(TAG.INTEGER, serial)),
    digestIdentifier,
    stored,
    deviation.signatureAlgorithm ?? signatureAlgorithmIdentifier(algorithm),
    octetString(signData(algorithm, key, signed)),
  )
  const enclosed = deviation.enclosed === undefined ? [] : [context(0, octetString(deviation.enclosed))]
  const signedData = sequence(
    integer(version),
    setOf(deviation.digestAlgorithms ?? [digestIdentifier]),
    sequence(oid(deviation.contentType ?? CONTENT_TYPE.data), ...enclosed),
    setOf(deviation.certificates ?? [issued.certificate, ...issued.chain], 0xa0),
    setOf(deviation.signers?.(signerInfo) ?? [signerInfo]),
  )
  return sequence(oid(CONTENT_TYPE.signedData), context(0, signedData))
}

/**
 * A certificate with the issuer name and serial of one of the test PKI, but from another CA of the same name and over
 * another key.
 */
export function makeTwin(
  serial: Uint8Array,
  namedCurve = 'P-256',
): { certificate: Uint8Array; authority: Uint8Array } {
  const name = [
    [ATTRIBUTE.country, 'VN'],
    [ATTRIBUTE.organization, 'PKI thử nghiệm Công Văn'],
    [ATTRIBUTE.commonName, 'Cơ quan chứng thực số Chính phủ (thử nghiệm)'],
  ] as const
  const validity = {
    notBefore: new Date(seedTime.getTime() - 1000),
    notAfter: new Date(seedTime.getTime() + 1000),
  }
  const issuer = { name, ...generateKeyPairSync('ec', { namedCurve: 'P-256' }) }
  const { publicKey } = generateKeyPairSync('ec', { namedCurve })
  const ca = { subject: name, publicKey: issuer.publicKey, ...validity, authority: {}, keyUsage: [5, 6] }
  return {
    certificate: writeCertificate(
      { subject: name, publicKey, ...validity, keyUsage: [0, 1] },
      issuer,
      serial,
    ),
    authority: writeCertificate(ca, issuer, newSerial()),
  }
}
