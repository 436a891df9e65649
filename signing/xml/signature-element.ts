import { elementMaker, type XmlElement } from './element.ts'
import { ENVELOPED_SIGNATURE, EXCLUSIVE_C14N, SIGNED_PROPERTIES_TYPE, XADES, XMLDSIG } from './names.ts'

const SIGNATURE_PREFIX = 'ds'
const XADES_PREFIX = 'xades'

const ds = elementMaker(XMLDSIG, SIGNATURE_PREFIX)
const xades = elementMaker(XADES, XADES_PREFIX)

/** The Ids inside a signature, all derived from its own. */
export function signatureIds(signatureId: string) {
  return {
    signature: signatureId,
    content: `${signatureId}-content`,
    signedProperties: `${signatureId}-signed-properties`,
  }
}

/** The media type of the signed XML in `DataObjectFormat`. */
export const SIGNED_MEDIA_TYPE = 'application/xml'

export interface SignedPropertiesInput {
  readonly signatureId: string
  /** As `signingTimeText` writes it. */
  readonly signingTime: string
  /** Identifier of RFC 9231. */
  readonly digestMethod: string
  /** Digests of the signer's certificate and of every further certificate in KeyInfo, in that order. */
  readonly certificateDigests: readonly string[]
}

/**
 * The signed properties of XAdES baseline B (ETSI EN 319 132-1 clause 6.3): claimed signing time, the certificates
 * of KeyInfo by digest, the media type of the one signed object.
 */
export function signedPropertiesElement(input: SignedPropertiesInput): XmlElement {
  const ids = signatureIds(input.signatureId)
  return xades('SignedProperties', { Id: ids.signedProperties }, [
    xades('SignedSignatureProperties', {}, [
      xades('SigningTime', {}, [input.signingTime]),
      xades(
        'SigningCertificateV2',
        {},
        input.certificateDigests.map((value) =>
          xades('Cert', {}, [
            xades('CertDigest', {}, [
              ds('DigestMethod', { Algorithm: input.digestMethod }, []),
              ds('DigestValue', {}, [value]),
            ]),
          ]),
        ),
      ),
    ]),
    xades('SignedDataObjectProperties', {}, [
      xades('DataObjectFormat', { ObjectReference: `#${ids.content}` }, [
        xades('MimeType', {}, [SIGNED_MEDIA_TYPE]),
      ]),
    ]),
  ])
}

export interface SignedInfoInput {
  readonly signatureId: string
  /** Identifiers of RFC 9231. */
  readonly signatureMethod: string
  readonly digestMethod: string
  readonly contentDigest: string
  readonly signedPropertiesDigest: string
}

/** SignedInfo with its two references: the whole file without this signature, and the signed properties. */
export function signedInfoElement(input: SignedInfoInput): XmlElement {
  const ids = signatureIds(input.signatureId)
  return ds('SignedInfo', {}, [
    ds('CanonicalizationMethod', { Algorithm: EXCLUSIVE_C14N }, []),
    ds('SignatureMethod', { Algorithm: input.signatureMethod }, []),
    ds('Reference', { Id: ids.content, URI: '' }, [
      transforms(ENVELOPED_SIGNATURE, EXCLUSIVE_C14N),
      ds('DigestMethod', { Algorithm: input.digestMethod }, []),
      ds('DigestValue', {}, [input.contentDigest]),
    ]),
    ds('Reference', { Type: SIGNED_PROPERTIES_TYPE, URI: `#${ids.signedProperties}` }, [
      transforms(EXCLUSIVE_C14N),
      ds('DigestMethod', { Algorithm: input.digestMethod }, []),
      ds('DigestValue', {}, [input.signedPropertiesDigest]),
    ]),
  ])
}

function transforms(...algorithms: readonly string[]): XmlElement {
  return ds(
    'Transforms',
    {},
    algorithms.map((algorithm) => ds('Transform', { Algorithm: algorithm }, [])),
  )
}

export interface SignatureInput {
  readonly signatureId: string
  readonly signedInfo: XmlElement
  readonly signatureValue: string
  /** Base64 of DER: the signer's certificate, then its chain. */
  readonly certificates: readonly string[]
  readonly signedProperties: XmlElement
}

/** The whole Signature element of the sealed profile. */
export function signatureElement(input: SignatureInput): XmlElement {
  return ds('Signature', { Id: input.signatureId }, [
    input.signedInfo,
    ds('SignatureValue', {}, [input.signatureValue]),
    ds('KeyInfo', {}, [
      ds(
        'X509Data',
        {},
        input.certificates.map((certificate) => ds('X509Certificate', {}, [certificate])),
      ),
    ]),
    ds('Object', {}, [
      xades('QualifyingProperties', { Target: `#${input.signatureId}` }, [input.signedProperties]),
    ]),
  ])
}

/** `SigningTime` as XML Schema dateTime in UTC, to the second (fractions are cut). */
export function signingTimeText(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`
}
