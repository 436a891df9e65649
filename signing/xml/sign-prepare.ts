/** The first half of XAdES signing: the document with everything in its place but the signature value. */
import { createHash } from 'node:crypto'
import { type DigestAlgorithm, digestNamed, digest as digestOf, type SignatureScheme } from '../algorithms.ts'
import { SigningError } from '../errors.ts'
import type { KeyProvider } from '../keys/key-provider.ts'
import { canonicalOctets } from './c14n.ts'
import { writeCanonical } from './canonical-writer.ts'
import { EXCLUSIVE_C14N, XML_DECLARATION, XMLDSIG } from './names.ts'
import { withXml } from './parse.ts'
import type { XmlLimits } from './scan.ts'
import { COUNTERSIGNED_TYPE, counterPlace } from './sign-counter.ts'
import {
  base64,
  type DigestedReference,
  infoElement,
  propertiesElement,
  propertiesReference,
  SIGNATURE_ID,
  transform,
  unsignedSignatureElement,
  xadesIds,
} from './sign-elements.ts'
import { asLastChild, elementRange, type Insertion, insertText } from './sign-place.ts'
import {
  digestExternal,
  digestInDocument,
  type ExternalReference,
  requireXmlText,
  type XmlReference,
  xmlDigest,
} from './sign-references.ts'
import { assertUncovered, findPlace, positionOf, type SignaturePlace, treeIds } from './sign-tree.ts'
import { signingTimeText } from './signature-element.ts'

/** What is signed, and where the signature stands. */
export type XadesSubject =
  /** Within a document: the whole, elements of it, and octets elsewhere beside them. */
  | {
      readonly form: 'enveloped'
      readonly xml: Uint8Array | string
      /** Default the whole document, other signatures covered. */
      readonly references?: readonly [XmlReference, ...XmlReference[]]
      readonly place?: SignaturePlace
    }
  /** A file of its own over octets that stand elsewhere. */
  | { readonly form: 'detached'; readonly references: readonly [ExternalReference, ...ExternalReference[]] }
  /** A file of its own that holds what is signed: an XML document as an element, anything else in base64. */
  | {
      readonly form: 'enveloping'
      readonly content: Uint8Array | string
      readonly as: 'xml' | 'base64'
      readonly mimeType?: string
    }
  /** Within the unsigned properties of a signature of the document, over its value (EN 319 132-1 clause 5.2.7). */
  | { readonly form: 'counter'; readonly xml: Uint8Array | string; readonly signatureId: string }

export interface XadesOptions {
  /** What the signer claims; written to the second. The library has no clock. */
  readonly signingTime: Date
  /** The Id of the signature, letters, digits, `.`, `_`, `-`; other Ids are derived from it. */
  readonly signatureId: string
  /** What is refused of the document. Default `signXmlLimits`. */
  readonly limits?: XmlLimits
}

/** Documents to be signed come from the caller, so there is more room than for what comes from others. */
export const signXmlLimits: XmlLimits = {
  maxBytes: 64 * 1024 * 1024,
  maxElements: 1_000_000,
  maxDepth: 200,
  maxAttributes: 256,
  maxTextBytes: 9 * 1024 * 1024,
}

/**
 * A XAdES signature waiting for its value. Plain data: it may be stored (`storePreparedXades`) and completed days
 * later or elsewhere. The key signs `signedInfo`.
 */
export interface PreparedXades {
  /** The whole file, the signature in it with an empty SignatureValue. */
  readonly bytes: Uint8Array
  /** SHA-256 of `bytes`, so that a mix-up in the store is noticed. */
  readonly sha256: Uint8Array
  readonly signatureId: string
  /** Byte offset in `bytes` at which the base64 of the value goes. */
  readonly valueAt: number
  /** Byte offset in `bytes` at which unsigned properties go. */
  readonly unsignedAt: number
  /** Canonical octets of SignedInfo. */
  readonly signedInfo: Uint8Array
  /** Of the signature. */
  readonly digestAlgorithm: DigestAlgorithm['name']
  readonly signatureScheme: SignatureScheme
  /** DER of the signer's certificate. */
  readonly certificate: Uint8Array
}

/**
 * Computes everything but the signature value. The bytes of a document outside the signature stay as they are (but
 * `<a/>` becomes `<a>…</a>` where the signature goes into such an element).
 *
 * @throws SigningError those of the parser; `ALGORITHM_UNSUPPORTED` where XML has no identifier for it or the digest
 *   is weak; `XML_DUPLICATE_ID`, `XML_PLACE_NOT_FOUND`, `XML_SIGNATURE_COVERS_PLACE`, `CERTIFICATE_MALFORMED`
 */
export function prepareXades(
  subject: XadesSubject,
  options: XadesOptions & { readonly signer: Pick<KeyProvider, 'certificate' | 'chain' | 'algorithm'> },
): PreparedXades {
  const { signatureId, signer, signingTime } = options
  const { algorithm, certificate, chain } = signer
  // Ed448 goes with SHAKE256, for which XML has no identifier; references are digested by what is as strong.
  const digest = algorithm.digest.xml === null ? digestNamed('SHA-512') : algorithm.digest
  const digestMethod = xmlDigest(digest)
  if (algorithm.xml === null) throw new SigningError('ALGORITHM_UNSUPPORTED', { algorithm: algorithm.name })
  if (!SIGNATURE_ID.test(signatureId)) {
    throw new RangeError(`"${signatureId}" cannot be the Id of a signature`)
  }
  const { references, host, object = '' } = resolve(subject, options, digest)
  const certificates = [certificate, ...chain]
  const properties = propertiesElement({
    signatureId,
    signingTime: signingTimeText(signingTime),
    digestMethod,
    certificateDigests: certificates.map((der) => digestOf(digest, der)),
    references,
  })
  const propertiesDigest = digestOf(digest, Buffer.from(writeCanonical(properties)))
  const signedInfo = infoElement(algorithm.xml, [
    ...references,
    propertiesReference(signatureId, digestMethod, propertiesDigest),
  ])
  const element = unsignedSignatureElement({ signatureId, signedInfo, certificates, properties })
  const text = writeCanonical(element).replace(/<\/ds:Signature>$/, () => `${object}</ds:Signature>`)
  const bytes = insertText(host.bytes, host.insertion, text)
  const textAt = host.insertion.at + Buffer.byteLength(host.insertion.before)
  return {
    bytes,
    sha256: createHash('sha256').update(bytes).digest(),
    signatureId,
    valueAt: bytes.indexOf('</ds:SignatureValue>', textAt),
    unsignedAt: bytes.indexOf('</xades:QualifyingProperties>', textAt),
    signedInfo: Buffer.from(writeCanonical(signedInfo)),
    digestAlgorithm: algorithm.digest.name,
    signatureScheme: algorithm.scheme,
    certificate,
  }
}

interface Resolved {
  readonly references: readonly DigestedReference[]
  readonly host: { readonly bytes: Uint8Array; readonly insertion: Insertion }
  /** Text of the Object that holds enveloped content. */
  readonly object?: string
}

const ownFile = {
  bytes: Buffer.from(XML_DECLARATION),
  insertion: { at: Buffer.byteLength(XML_DECLARATION), removed: 0, before: '', after: '\n' },
}

function resolve(subject: XadesSubject, options: XadesOptions, digest: DigestAlgorithm): Resolved {
  const { signatureId } = options
  switch (subject.form) {
    case 'detached': {
      const references = subject.references.map((one, index) =>
        digestExternal(one, signatureId, index, digest),
      )
      return { references, host: ownFile }
    }
    case 'enveloping':
      return { ...envelopedObject(subject, options, digest), host: ownFile }
    case 'enveloped':
      return within(subject, options, digest)
    case 'counter':
      return counter(subject, options, digest)
  }
}

function within(
  subject: XadesSubject & { readonly form: 'enveloped' },
  { signatureId, limits = signXmlLimits }: XadesOptions,
  digest: DigestAlgorithm,
): Resolved {
  const xml = toBuffer(subject.xml)
  return withXml(xml, limits, (document) => {
    const ids = treeIds(document)
    assertFresh(ids, signatureId)
    const place = findPlace(document, ids, subject.place)
    assertUncovered(document, ids, place)
    const { index, total } = positionOf(place)
    const insertion = asLastChild(xml, elementRange(xml, index, total))
    const wanted = subject.references ?? [{ kind: 'document' }]
    const references = digestInDocument(wanted, { document, ids, place, signatureId, digest })
    return { references, host: { bytes: xml, insertion } }
  })
}

function counter(
  subject: XadesSubject & { readonly form: 'counter' },
  { signatureId, limits = signXmlLimits }: XadesOptions,
  digest: DigestAlgorithm,
): Resolved {
  const xml = toBuffer(subject.xml)
  return withXml(xml, limits, (document) => {
    const ids = treeIds(document)
    assertFresh(ids, signatureId)
    const { value, valueId, insertion } = counterPlace(xml, document, ids.get(subject.signatureId))
    const reference = {
      id: xadesIds(signatureId).reference(0),
      uri: `#${valueId}`,
      type: COUNTERSIGNED_TYPE,
      transforms: [transform(EXCLUSIVE_C14N)],
      digestMethod: xmlDigest(digest),
      digest: digestOf(digest, canonicalOctets(value)),
    }
    return { references: [reference], host: { bytes: xml, insertion } }
  })
}

/** The Object of an enveloping signature; it is digested as libxml2 reads it. */
function envelopedObject(
  { content, as, mimeType }: XadesSubject & { readonly form: 'enveloping' },
  { signatureId, limits = signXmlLimits }: XadesOptions,
  digest: DigestAlgorithm,
): Pick<Resolved, 'references'> & { object: string } {
  const ids = xadesIds(signatureId)
  const bytes = toBuffer(content)
  const inner = as === 'base64' ? base64(bytes) : rootText(bytes, signatureId, limits)
  const encoding = as === 'base64' ? ` Encoding="${XMLDSIG}base64"` : ''
  const tag = (declaration: string) =>
    `<ds:Object${declaration}${encoding} Id="${ids.object}">${inner}</ds:Object>`
  const alone = Buffer.from(tag(` xmlns:ds="${XMLDSIG}"`))
  const room = { ...limits, maxBytes: limits.maxBytes * 2, maxDepth: limits.maxDepth + 1 }
  const octets = withXml(alone, room, (document) => canonicalOctets(document.root))
  requireXmlText(mimeType ?? '')
  const reference = {
    id: ids.reference(0),
    uri: `#${ids.object}`,
    type: `${XMLDSIG}Object`,
    transforms: [transform(EXCLUSIVE_C14N)],
    digestMethod: xmlDigest(digest),
    digest: digestOf(digest, octets),
    mimeType: mimeType ?? (as === 'xml' ? 'application/xml' : 'application/octet-stream'),
  }
  return { references: [reference], object: tag('') }
}

/** The bytes of the root element: what stands before and after it cannot stand in an Object. */
function rootText(xml: Buffer, signatureId: string, limits: XmlLimits): string {
  return withXml(xml, limits, (document) => {
    assertFresh(treeIds(document), signatureId)
    const { start, end } = elementRange(xml, 0, positionOf(document.root).total)
    return xml.toString('utf8', start, end)
  })
}

/** @throws SigningError `XML_DUPLICATE_ID` when the document has an Id that the new signature would bring */
function assertFresh(ids: ReadonlyMap<string, unknown>, signatureId: string): void {
  for (const id of ids.keys()) {
    const rest = id.startsWith(signatureId) ? id.slice(signatureId.length) : undefined
    if (rest !== undefined && /^(?:|-value|-signed-properties|-object|-reference-\d+)$/.test(rest)) {
      throw new SigningError('XML_DUPLICATE_ID', { id })
    }
  }
}

function toBuffer(xml: Uint8Array | string): Buffer {
  return typeof xml === 'string' ? Buffer.from(xml) : Buffer.from(xml.buffer, xml.byteOffset, xml.byteLength)
}
