/** Looks at a parsed document before it is signed: its identifiers, the place, the signatures that are there. */
import { type XmlAttribute, type XmlDocument, XmlElement as XmlTreeElement } from 'libxml2-wasm'
import { SigningError } from '../errors.ts'
import { ENVELOPED_SIGNATURE, type ExpandedName, expandedName, XMLDSIG } from './names.ts'
import { isWithin, signaturesOf, XPATH_TRANSFORM } from './sign-references.ts'

const FILTER2 = 'http://www.w3.org/2002/06/xmldsig-filter2'

/**
 * Every identifier of the document, under whatever spelling, and its element.
 * @throws SigningError `XML_DUPLICATE_ID`
 */
export function treeIds(document: XmlDocument): ReadonlyMap<string, XmlTreeElement> {
  const found = new Map<string, XmlTreeElement>()
  for (const node of document.find('//@Id | //@ID | //@id | //@xml:id')) {
    const { value, parent } = node as XmlAttribute
    if (parent === null) continue
    if (found.has(value)) throw new SigningError('XML_DUPLICATE_ID', { id: value })
    found.set(value, parent)
  }
  return found
}

/** Where a signature is put: as the last child of the root element, or of the one named. */
export type SignaturePlace = { readonly id: string } | ExpandedName | undefined

/** @throws SigningError `XML_PLACE_NOT_FOUND` unless there is exactly one such element, outside of signatures */
export function findPlace(
  document: XmlDocument,
  ids: ReadonlyMap<string, XmlTreeElement>,
  place: SignaturePlace,
): XmlTreeElement {
  const element = lookUp(document, ids, place)
  if (!signaturesOf(document).some((signature) => isWithin(element, signature))) return element
  throw new SigningError('XML_PLACE_NOT_FOUND', { element: element.name, count: 0 })
}

function lookUp(
  document: XmlDocument,
  ids: ReadonlyMap<string, XmlTreeElement>,
  place: SignaturePlace,
): XmlTreeElement {
  if (place === undefined) return document.root
  if ('id' in place) {
    const element = ids.get(place.id)
    if (element === undefined) {
      throw new SigningError('XML_PLACE_NOT_FOUND', { element: `#${place.id}`, count: 0 })
    }
    return element
  }
  // Names are compared as values: nothing of the caller's becomes part of an XPath expression.
  const named = document
    .find('//*')
    .filter((node) => node instanceof XmlTreeElement)
    .filter((node) => node.name === place.localName && node.namespaceUri === place.namespace)
  const [element] = named
  if (element === undefined || named.length > 1) {
    throw new SigningError('XML_PLACE_NOT_FOUND', { element: expandedName(place), count: named.length })
  }
  return element
}

/** The number of an element in document order, from 0, and how many elements the document has. */
export function positionOf(element: XmlTreeElement): { index: number; total: number } {
  return {
    index: Number(element.eval('count(preceding::*) + count(ancestor::*)')),
    total: Number(element.eval('count(//*)')),
  }
}

/**
 * Makes sure that a new last child of `place` leaves every signature of the document as it is: whoever covers the
 * place must leave signatures out.
 *
 * Only the two usual ways of saying so are known, the XPath form and Filter 2; any other is taken as covering.
 * A signature that the place is a part of leaves itself out by the transform for enveloped ones.
 * @throws SigningError `XML_SIGNATURE_COVERS_PLACE`
 */
export function assertUncovered(
  document: XmlDocument,
  ids: ReadonlyMap<string, XmlTreeElement>,
  place: XmlTreeElement,
): void {
  const references = document.find('//ds:Signature/ds:SignedInfo/ds:Reference', { ds: XMLDSIG })
  for (const node of references) {
    if (!(node instanceof XmlTreeElement)) continue
    const uri = node.attr('URI')?.value
    if (uri !== undefined && uri !== '' && !uri.startsWith('#')) continue
    const target = uri?.startsWith('#') ? ids.get(uri.slice(1)) : undefined
    const isBareName = uri !== undefined && /^#[^(]+$/.test(uri)
    const covers = isBareName ? target !== undefined && isWithin(place, target) : true
    if (!covers || leavesOutSignatures(node)) continue
    const signature = node.parent?.parent ?? null
    if (signature !== null && isWithin(place, signature) && leavesOutItself(node)) continue
    throw new SigningError('XML_SIGNATURE_COVERS_PLACE', { signature: signature?.attr('Id')?.value ?? '' })
  }
}

function leavesOutItself(reference: XmlTreeElement): boolean {
  const transforms = reference.find('ds:Transforms/ds:Transform/@Algorithm', { ds: XMLDSIG })
  return transforms.some((node) => node.content === ENVELOPED_SIGNATURE)
}

function leavesOutSignatures(reference: XmlTreeElement): boolean {
  const filters = reference.find('ds:Transforms/ds:Transform/*', { ds: XMLDSIG })
  return filters.some((node) => {
    if (!(node instanceof XmlTreeElement) || node.name !== 'XPath') return false
    const algorithm = node.parent?.attr('Algorithm')?.value
    const text = node.content.trim()
    if (algorithm === XPATH_TRANSFORM) {
      const prefix = /^not\(\s*ancestor-or-self::([\w.-]+):Signature\s*\)$/.exec(text)?.[1]
      return prefix !== undefined && node.namespaceForPrefix(prefix) === XMLDSIG
    }
    const isSubtract = algorithm === FILTER2 && node.attr('Filter')?.value === 'subtract'
    const prefix = /^\/(?:descendant::|\/)([\w.-]+):Signature$/.exec(text)?.[1]
    return isSubtract && prefix !== undefined && node.namespaceForPrefix(prefix) === XMLDSIG
  })
}
