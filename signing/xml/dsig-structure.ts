/**
 * The parts of a `ds:Signature` as the schema of XMLDSig 1.1 (section 4) has them: fixed order, fixed number, nothing
 * else. What departs from it is malformed, since two readers might take different parts of it: a second `SignedInfo`, a
 * comment inside a `DigestValue`, an element that no schema knows.
 */
import { SigningError } from '../errors.ts'
import { XMLDSIG } from './names.ts'
import { attributeValue, isElementNamed, type TreeElement } from './tree.ts'

export interface SignatureParts {
  readonly element: TreeElement
  readonly id: string | null
  readonly signedInfo: TreeElement
  readonly canonicalizationMethod: TreeElement
  readonly signatureMethod: TreeElement
  readonly references: readonly ReferenceParts[]
  readonly signatureValue: TreeElement
  readonly value: Buffer
  readonly keyInfo: TreeElement | null
  readonly objects: readonly TreeElement[]
}

export interface ReferenceParts {
  readonly element: TreeElement
  readonly id: string | null
  /** Undefined where the attribute is absent: then the application knows what is meant. */
  readonly uri: string | undefined
  readonly type: string | undefined
  readonly transforms: readonly TreeElement[]
  readonly digestMethod: string
  readonly digestValue: Buffer
}

/** @throws SigningError `XML_SIGNATURE_MALFORMED` */
export function readSignatureParts(element: TreeElement): SignatureParts {
  const children = new Children(element)
  const signedInfo = children.take('SignedInfo')
  const signatureValue = children.take('SignatureValue')
  const keyInfo = children.optional('KeyInfo')
  const objects = children.rest('Object')
  const inner = new Children(signedInfo)
  const canonicalizationMethod = inner.take('CanonicalizationMethod')
  const signatureMethod = inner.take('SignatureMethod')
  const references = inner.rest('Reference')
  if (references.length === 0) throw malformed('SignedInfo has no Reference')
  return {
    element,
    id: attributeValue(element, 'Id') ?? null,
    signedInfo,
    canonicalizationMethod,
    signatureMethod,
    references: references.map(readReferenceParts),
    signatureValue,
    value: base64Content(signatureValue),
    keyInfo,
    objects,
  }
}

/** @throws SigningError `XML_SIGNATURE_MALFORMED` */
export function readReferenceParts(element: TreeElement): ReferenceParts {
  const children = new Children(element)
  const transforms = children.optional('Transforms')
  const digestMethod = children.take('DigestMethod')
  const digestValue = children.take('DigestValue')
  children.rest(null)
  return {
    element,
    id: attributeValue(element, 'Id') ?? null,
    uri: attributeValue(element, 'URI'),
    type: attributeValue(element, 'Type'),
    transforms: transforms === null ? [] : readTransformList(transforms),
    digestMethod: attributeValue(digestMethod, 'Algorithm') ?? '',
    digestValue: base64Content(digestValue),
  }
}

/** The references of a `ds:Manifest`. @throws SigningError `XML_SIGNATURE_MALFORMED` */
export function readManifest(element: TreeElement): readonly ReferenceParts[] {
  const references = new Children(element).rest('Reference')
  if (references.length === 0) throw malformed('Manifest has no Reference')
  return references.map(readReferenceParts)
}

/** @throws SigningError `XML_SIGNATURE_MALFORMED` */
export function readTransformList(transforms: TreeElement): readonly TreeElement[] {
  const list = new Children(transforms).rest('Transform')
  if (list.length === 0) throw malformed('Transforms is empty')
  return list
}

/** The child elements of one parent, taken in their order. White space, comments and instructions between are passed. */
class Children {
  readonly #parent: TreeElement
  readonly #elements: TreeElement[]

  constructor(parent: TreeElement) {
    this.#parent = parent
    this.#elements = []
    for (const child of parent.children) {
      if (child.kind === 'element') this.#elements.push(child)
      else if (child.kind === 'text' && /[^ \t\r\n]/.test(child.value)) {
        throw malformed(`text in ${parent.localName}`)
      }
    }
  }

  optional(localName: string): TreeElement | null {
    const [next] = this.#elements
    if (next === undefined || !isElementNamed(next, XMLDSIG, localName)) return null
    this.#elements.shift()
    return next
  }

  take(localName: string): TreeElement {
    const found = this.optional(localName)
    if (found === null) throw malformed(`${this.#parent.localName} has no ${localName} at its place`)
    return found
  }

  /** All that is left, which must bear this name; with null nothing may be left. */
  rest(localName: string | null): readonly TreeElement[] {
    const stray = this.#elements.find(
      (element) => localName === null || !isElementNamed(element, XMLDSIG, localName),
    )
    if (stray !== undefined) throw malformed(`${stray.localName} in ${this.#parent.localName}`)
    return this.#elements
  }
}

/** The one text of an element without children, comments or instructions. @throws SigningError `XML_SIGNATURE_MALFORMED` */
export function textContent(element: TreeElement): string {
  const [text, ...others] = element.children
  if (text === undefined) return ''
  if (text.kind !== 'text' || others.length > 0) throw malformed(`${element.localName} is not one text`)
  return text.value
}

/** Base64 of XML Schema: white space anywhere, padded, nothing else. @throws SigningError `XML_SIGNATURE_MALFORMED` */
export function base64Content(element: TreeElement): Buffer {
  const bytes = decodeBase64(textContent(element))
  if (bytes === undefined) throw malformed(`${element.localName} is not base64`)
  return bytes
}

/** Undefined for what is not base64 (RFC 4648 section 4 with white space). */
export function decodeBase64(text: string): Buffer | undefined {
  const compact = text.replace(/[ \t\r\n]+/g, '')
  if (compact.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(compact)) return undefined
  return Buffer.from(compact, 'base64')
}

function malformed(reason: string): SigningError {
  return new SigningError('XML_SIGNATURE_MALFORMED', { reason })
}
