/** The elements of a XAdES baseline signature over any references (ETSI EN 319 132-1 clauses 4 to 6). */
import { elementMaker, type XmlElement } from './element.ts'
import { EXCLUSIVE_C14N, SIGNED_PROPERTIES_TYPE, XADES, XMLDSIG } from './names.ts'

export const ds = elementMaker(XMLDSIG, 'ds')
export const xades = elementMaker(XADES, 'xades')

/** What the Id of a signature may be: a name that needs no escape in a URI or an attribute. */
export const SIGNATURE_ID = /^[A-Za-z_][A-Za-z0-9._-]{0,63}$/

/** One reference of SignedInfo with its digest. */
export interface DigestedReference {
  /** Undefined for a reference that DataObjectFormat does not describe. */
  readonly id?: string
  readonly uri: string
  readonly type?: string
  readonly transforms: readonly XmlElement[]
  /** Identifier of RFC 9231. */
  readonly digestMethod: string
  readonly digest: Uint8Array
  /** Media type of the signed object. */
  readonly mimeType?: string
}

/** The Ids within a signature, all derived from its own. */
export function xadesIds(signatureId: string) {
  return {
    signature: signatureId,
    value: `${signatureId}-value`,
    signedProperties: `${signatureId}-signed-properties`,
    object: `${signatureId}-object`,
    reference: (index: number) => `${signatureId}-reference-${index + 1}`,
  }
}

export interface PropertiesInput {
  readonly signatureId: string
  /** XML Schema dateTime. */
  readonly signingTime: string
  readonly digestMethod: string
  /** Digests of the certificates of KeyInfo, the signer's first. */
  readonly certificateDigests: readonly Uint8Array[]
  readonly references: readonly DigestedReference[]
}

/** SignedProperties of clause 6.3: time, certificates and the media type of every signed object. */
export function propertiesElement(input: PropertiesInput): XmlElement {
  const { signatureId, signingTime, digestMethod, certificateDigests, references } = input
  const certs = certificateDigests.map((value) =>
    xades('Cert', {}, [xades('CertDigest', {}, digestElements(digestMethod, value))]),
  )
  const formats = references.flatMap(({ id, mimeType }) =>
    id === undefined || mimeType === undefined
      ? []
      : [xades('DataObjectFormat', { ObjectReference: `#${id}` }, [xades('MimeType', {}, [mimeType])])],
  )
  return xades('SignedProperties', { Id: xadesIds(signatureId).signedProperties }, [
    xades('SignedSignatureProperties', {}, [
      xades('SigningTime', {}, [signingTime]),
      xades('SigningCertificateV2', {}, certs),
    ]),
    ...(formats.length > 0 ? [xades('SignedDataObjectProperties', {}, formats)] : []),
  ])
}

/** The reference to the signed properties, last in SignedInfo. */
export function propertiesReference(
  signatureId: string,
  digestMethod: string,
  digest: Uint8Array,
): DigestedReference {
  return {
    uri: `#${xadesIds(signatureId).signedProperties}`,
    type: SIGNED_PROPERTIES_TYPE,
    transforms: [transform(EXCLUSIVE_C14N)],
    digestMethod,
    digest,
  }
}

/** SignedInfo under exclusive canonicalization. */
export function infoElement(signatureMethod: string, references: readonly DigestedReference[]): XmlElement {
  return ds('SignedInfo', {}, [
    ds('CanonicalizationMethod', { Algorithm: EXCLUSIVE_C14N }, []),
    ds('SignatureMethod', { Algorithm: signatureMethod }, []),
    ...references.map(referenceElement),
  ])
}

function referenceElement(reference: DigestedReference): XmlElement {
  const { id, uri, type, transforms, digestMethod, digest } = reference
  const attributes = { ...(id && { Id: id }), ...(type && { Type: type }), URI: uri }
  return ds('Reference', attributes, [
    ...(transforms.length > 0 ? [ds('Transforms', {}, transforms)] : []),
    ...digestElements(digestMethod, digest),
  ])
}

export function transform(algorithm: string, ...children: readonly XmlElement[]): XmlElement {
  return ds('Transform', { Algorithm: algorithm }, children)
}

export interface SignatureParts {
  readonly signatureId: string
  readonly signedInfo: XmlElement
  /** DER: the signer's, then the others. */
  readonly certificates: readonly Uint8Array[]
  readonly properties: XmlElement
}

/** The whole Signature with an empty SignatureValue. */
export function unsignedSignatureElement(parts: SignatureParts): XmlElement {
  const { signatureId, signedInfo, certificates, properties } = parts
  return ds('Signature', { Id: signatureId }, [
    signedInfo,
    ds('SignatureValue', { Id: xadesIds(signatureId).value }, []),
    ds('KeyInfo', {}, [
      ds(
        'X509Data',
        {},
        certificates.map((der) => ds('X509Certificate', {}, [base64(der)])),
      ),
    ]),
    ds('Object', {}, [xades('QualifyingProperties', { Target: `#${signatureId}` }, [properties])]),
  ])
}

/** UnsignedProperties with a SignatureTimeStamp (clause 5.3). */
export function timestampElement(token: Uint8Array): XmlElement {
  return xades('UnsignedProperties', {}, [
    xades('UnsignedSignatureProperties', {}, [
      xades('SignatureTimeStamp', {}, [
        ds('CanonicalizationMethod', { Algorithm: EXCLUSIVE_C14N }, []),
        xades('EncapsulatedTimeStamp', {}, [base64(token)]),
      ]),
    ]),
  ])
}

function digestElements(method: string, value: Uint8Array): readonly XmlElement[] {
  return [ds('DigestMethod', { Algorithm: method }, []), ds('DigestValue', {}, [base64(value)])]
}

export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}
