/** What a XAdES signature signs: references as the caller names them, and their digests. */
import { type XmlDocument, type XmlNode, XmlElement as XmlTreeElement } from 'libxml2-wasm'
import { type DigestAlgorithm, digestNamed, digest as digestOf } from '../algorithms.ts'
import { SigningError } from '../errors.ts'
import { canonicalOctets } from './c14n.ts'
import { ENVELOPED_SIGNATURE, EXCLUSIVE_C14N, XMLDSIG } from './names.ts'
import { type DigestedReference, ds, transform, xadesIds } from './sign-elements.ts'

/** The transform of XMLDSig 1.1 section 6.6.3. */
export const XPATH_TRANSFORM = 'http://www.w3.org/TR/1999/REC-xpath-19991116'
export const NO_SIGNATURES = 'not(ancestor-or-self::ds:Signature)'

/**
 * How a reference treats the signatures inside what it names. `covered` (the default) leaves out the new signature
 * alone: whatever is put in later, another signature too, breaks it. `excluded` leaves out every signature, so that
 * others may sign beside it, before or after (parallel signatures).
 */
export type SignatureCover = 'covered' | 'excluded'

/** The whole document that holds the signature: `URI=""`. */
export interface DocumentReference {
  readonly kind: 'document'
  readonly signatures?: SignatureCover
  /** Default `application/xml`. */
  readonly mimeType?: string
}

/** One element of the document, by its `Id`, `ID`, `id` or `xml:id`. */
export interface ElementReference {
  readonly kind: 'element'
  readonly id: string
  readonly signatures?: SignatureCover
  /** Default `application/xml`. */
  readonly mimeType?: string
}

/** Octets that stand elsewhere, signed as they are, e.g. an attachment by `cid:`. */
export type ExternalReference = {
  readonly kind: 'external'
  readonly uri: string
  readonly mimeType?: string
} & (
  | { readonly octets: Uint8Array }
  | { readonly digest: { readonly algorithm: DigestAlgorithm['name']; readonly value: Uint8Array } }
)

export type XmlReference = DocumentReference | ElementReference | ExternalReference

const MEDIA_TYPE = 'application/xml'

/** Identifiers that a bare-name reference can name; `xpointer(/)`, for one, would mean something else there. */
export const REFERABLE_ID = /^[\p{L}_][\p{L}\p{N}._-]*$/u

/** @throws RangeError for characters that XML 1.0 cannot have */
export function requireXmlText(text: string): void {
  if (/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u.test(text)) {
    throw new RangeError(`${JSON.stringify(text)} cannot stand in XML`)
  }
}

/** Digests an external reference. @throws SigningError `ALGORITHM_UNSUPPORTED` for a weak or nameless digest */
export function digestExternal(
  reference: ExternalReference,
  signatureId: string,
  index: number,
  ownDigest: DigestAlgorithm,
): DigestedReference {
  const algorithm = 'octets' in reference ? ownDigest : digestNamed(reference.digest.algorithm)
  const digest = 'octets' in reference ? digestOf(algorithm, reference.octets) : reference.digest.value
  if (digest.length !== algorithm.size) {
    throw new RangeError(`a ${algorithm.name} digest has ${algorithm.size} bytes`)
  }
  const { uri, mimeType = 'application/octet-stream' } = reference
  requireXmlText(uri + mimeType)
  const digestMethod = xmlDigest(algorithm)
  return { id: xadesIds(signatureId).reference(index), uri, transforms: [], digestMethod, digest, mimeType }
}

/** What `digestInDocument` needs besides the reference. */
export interface ReferenceContext {
  readonly document: XmlDocument
  /** Every identifier of the document and its element. */
  readonly ids: ReadonlyMap<string, XmlTreeElement>
  /** The element that the signature becomes the last child of. */
  readonly place: XmlTreeElement
  readonly signatureId: string
  readonly digest: DigestAlgorithm
}

/**
 * Digests references into the document before the new signature stands in it. Those that leave signatures out come
 * last, because for them the signatures are taken off the tree: the tree is spoilt afterwards.
 *
 * @throws SigningError `XML_PLACE_NOT_FOUND` for an Id that nothing has
 */
export function digestInDocument(
  references: readonly XmlReference[],
  context: ReferenceContext,
): readonly DigestedReference[] {
  const { document, signatureId, digest } = context
  const signatures = signaturesOf(document)
  // Nodes are looked up first: what was taken off the tree must not be touched any more.
  const resolved = references.map((reference) => {
    requireXmlText(reference.mimeType ?? '')
    if (reference.kind === 'external') return reference
    if (reference.kind === 'document') return { ...reference, node: document, holdsPlace: true }
    const node = elementWith(reference.id, context.ids, signatures)
    return { ...reference, node, holdsPlace: isWithin(context.place, node) }
  })
  const found: DigestedReference[] = []
  const digestWhere = (excluding: boolean) => {
    for (const [index, one] of resolved.entries()) {
      if (one.kind === 'external') found[index] ??= digestExternal(one, signatureId, index, digest)
      else if ((one.signatures === 'excluded') === excluding) {
        found[index] = {
          id: xadesIds(signatureId).reference(index),
          uri: one.kind === 'document' ? '' : `#${one.id}`,
          transforms: [...signatureTransforms(one, one.holdsPlace), transform(EXCLUSIVE_C14N)],
          digestMethod: xmlDigest(digest),
          digest: digestOf(digest, canonicalOctets(one.node)),
          mimeType: one.mimeType ?? MEDIA_TYPE,
        }
      }
    }
  }
  digestWhere(false)
  if (resolved.some((one) => one.kind !== 'external' && one.signatures === 'excluded')) {
    for (const signature of signatures) signature.remove()
    digestWhere(true)
  }
  return found
}

function signatureTransforms(reference: DocumentReference | ElementReference, holdsPlace: boolean) {
  if (reference.signatures === 'excluded') {
    return [transform(XPATH_TRANSFORM, ds('XPath', {}, [NO_SIGNATURES]))]
  }
  return holdsPlace ? [transform(ENVELOPED_SIGNATURE)] : []
}

function elementWith(
  id: string,
  ids: ReadonlyMap<string, XmlTreeElement>,
  signatures: readonly XmlTreeElement[],
): XmlTreeElement {
  if (!REFERABLE_ID.test(id)) throw new RangeError(`"${id}" cannot be referred to`)
  const element = ids.get(id)
  if (element === undefined) throw new SigningError('XML_PLACE_NOT_FOUND', { element: `#${id}`, count: 0 })
  if (signatures.some((signature) => isWithin(element, signature))) {
    throw new RangeError(`"${id}" is part of a signature`)
  }
  return element
}

/** Whether `node` is `ancestor` or stands below it. */
export function isWithin(node: XmlTreeElement, ancestor: XmlNode): boolean {
  for (let one: XmlTreeElement | null = node; one !== null; one = one.parent) {
    if (one.isSameNode(ancestor)) return true
  }
  return false
}

/** The outermost signatures of the tree. */
export function signaturesOf(document: XmlDocument): readonly XmlTreeElement[] {
  return document
    .find('//ds:Signature[not(ancestor::ds:Signature)]', { ds: XMLDSIG })
    .filter((node) => node instanceof XmlTreeElement)
}

/** The identifier of RFC 9231. @throws SigningError `ALGORITHM_UNSUPPORTED` */
export function xmlDigest(algorithm: DigestAlgorithm): string {
  if (algorithm.weak || algorithm.xml === null) {
    throw new SigningError('ALGORITHM_UNSUPPORTED', { algorithm: algorithm.name })
  }
  return algorithm.xml
}
