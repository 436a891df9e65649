/** CMS signatures with time-stamps in all places, right and wrong ones. */

import type { IssuedCertificate, TestPki } from '../../../fixtures/pki/make-pki.ts'
import { makeTimestampAuthority } from '../../../fixtures/pki/timestamp-authority.ts'
import { digestNamed, digest as digestOf } from '../../../signing/algorithms.ts'
import { ATTRIBUTE_OID } from '../../../signing/cms/oids.ts'
import { assembleSignedData, attribute, buildSignedAttributes } from '../../../signing/cms/signed-data.ts'
import { asKeyProvider } from '../../../signing/keys/pkcs8.ts'
import { parseDer } from '../../../signing/x509/der.ts'
import { setOf, time } from '../../../signing/x509/der-write.ts'

export const DAY = 86_400_000
export const content = Buffer.from('Nội dung văn bản\n')

export interface Stamp {
  readonly at: Date
  /** The authority's certificate; default one that is valid around the PKI's seed time. */
  readonly authority?: IssuedCertificate
  /** Default another authority of the same PKI. */
  readonly pki?: TestPki
  /** What is stamped in place of what should be. */
  readonly over?: Uint8Array
  readonly digest?: 'SHA-1' | 'SHA-256' | 'SHA3-256'
}

export async function token(pki: TestPki, stamp: Stamp, data: Uint8Array): Promise<Uint8Array> {
  const authority = makeTimestampAuthority({
    pki: stamp.pki ?? pki,
    clock: () => stamp.at,
    weakDigests: true,
    ...(stamp.authority === undefined ? {} : { certificate: stamp.authority }),
  })
  const algorithm = digestNamed(stamp.digest ?? 'SHA-256')
  return authority.provider.timestamp({ algorithm, value: digestOf(algorithm, stamp.over ?? data) })
}

export interface Stamped {
  readonly overContent?: readonly Stamp[]
  readonly overSignature?: readonly Stamp[]
  readonly claimed?: Date
  /** Further signed attributes, DER. */
  readonly signed?: readonly Uint8Array[]
  /** Further unsigned attributes, DER, made from the signature value. */
  readonly unsigned?: (signature: Uint8Array) => readonly Uint8Array[]
}

/** A detached signature over `content`. */
export async function signStamped(
  pki: TestPki,
  issued: IssuedCertificate,
  stamped: Stamped,
): Promise<Uint8Array> {
  const { overContent = [], overSignature = [], claimed, signed = [], unsigned } = stamped
  const key = asKeyProvider(issued)
  const { algorithm, certificate, chain } = key
  const { digest } = algorithm
  const plain = buildSignedAttributes({
    messageDigest: digestOf(digest, content),
    certificate,
    chain,
    digest,
  })
  const contentStamps = await Promise.all(
    overContent.map(async (one) => attribute(ATTRIBUTE_OID.contentTimestamp, await token(pki, one, content))),
  )
  const signedAttributes = setOf([
    ...parseDer(plain).children.map(({ raw }) => raw),
    ...contentStamps,
    ...signed,
    ...(claimed === undefined ? [] : [attribute(ATTRIBUTE_OID.signingTime, time(claimed))]),
  ])
  const signature = await key.sign(signedAttributes)
  const signatureStamps = await Promise.all(
    overSignature.map(async (one) =>
      attribute(ATTRIBUTE_OID.signatureTimestamp, await token(pki, one, signature)),
    ),
  )
  const unsignedAttributes = [...signatureStamps, ...(unsigned?.(signature) ?? [])]
  return assembleSignedData({
    signedAttributes,
    signature,
    algorithm,
    certificate,
    chain,
    unsignedAttributes,
  })
}
