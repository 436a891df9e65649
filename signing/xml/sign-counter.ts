/** Where a countersignature goes and what it signs (ETSI EN 319 132-1 clauses 5.2.7.1 and 5.2.7.2). */
import { type XmlDocument, XmlElement as XmlTreeElement } from 'libxml2-wasm'
import { SigningError } from '../errors.ts'
import { XADES, XMLDSIG } from './names.ts'
import { asLastChild, elementRange, type Insertion } from './sign-place.ts'
import { REFERABLE_ID } from './sign-references.ts'
import { assertUncovered, positionOf, treeIds } from './sign-tree.ts'

export const COUNTERSIGNED_TYPE = 'http://uri.etsi.org/01903#CountersignedSignature'

export interface CounterPlace {
  /** The SignatureValue that is signed. */
  readonly value: XmlTreeElement
  readonly valueId: string
  readonly insertion: Insertion
}

/**
 * @param xml the bytes of the document
 * @param signature the signature to be countersigned; undefined where nothing has the Id asked for
 * @throws SigningError `XML_PLACE_NOT_FOUND` when it is no XAdES signature whose SignatureValue has an Id;
 *   `XML_SIGNATURE_COVERS_PLACE` when another signature covers it
 */
export function counterPlace(
  xml: Buffer,
  document: XmlDocument,
  signature: XmlTreeElement | undefined,
): CounterPlace {
  if (signature === undefined) throw notFound('Signature')
  if (signature.name !== 'Signature' || signature.namespaceUri !== XMLDSIG) throw notFound('Signature')
  const value = one(signature, 'ds:SignatureValue')
  const valueId = value?.attr('Id')?.value
  if (value === undefined || valueId === undefined || !REFERABLE_ID.test(valueId)) {
    throw notFound('SignatureValue/@Id')
  }
  const qualifying = one(signature, 'ds:Object/xades:QualifyingProperties')
  if (qualifying === undefined) throw notFound('QualifyingProperties')
  assertUncovered(document, treeIds(document), qualifying)
  const unsigned = one(qualifying, 'xades:UnsignedProperties')
  const properties = unsigned && one(unsigned, 'xades:UnsignedSignatureProperties')
  // Only what is missing is put around the countersignature; each part declares its own prefix.
  const missing = ['UnsignedProperties', 'UnsignedSignatureProperties', 'CounterSignature'].slice(
    properties !== undefined ? 2 : unsigned !== undefined ? 1 : 0,
  )
  return {
    value,
    valueId,
    insertion: wrapped(place(xml, properties ?? unsigned ?? qualifying, unsigned), missing),
  }
}

/** UnsignedSignatureProperties stand before what else UnsignedProperties have; everything else goes last. */
function place(xml: Buffer, parent: XmlTreeElement, unsigned: XmlTreeElement | undefined): Insertion {
  const { index, total } = positionOf(parent)
  const range = elementRange(xml, index, total)
  const isFirst = unsigned !== undefined && parent.isSameNode(unsigned) && !range.isEmptyTag
  return isFirst ? { at: range.contentStart, removed: 0, before: '', after: '' } : asLastChild(xml, range)
}

function wrapped({ at, removed, before, after }: Insertion, names: readonly string[]): Insertion {
  const opening = names.map((name) => `<xades:${name} xmlns:xades="${XADES}">`).join('')
  const closing = names
    .map((name) => `</xades:${name}>`)
    .reverse()
    .join('')
  return { at, removed, before: before + opening, after: closing + after }
}

function one(parent: XmlTreeElement, path: string): XmlTreeElement | undefined {
  const found = parent.find(path, { ds: XMLDSIG, xades: XADES })
  const [element] = found
  return found.length === 1 && element instanceof XmlTreeElement ? element : undefined
}

function notFound(element: string): SigningError {
  return new SigningError('XML_PLACE_NOT_FOUND', { element, count: 0 })
}
