import { SigningError } from '../errors.ts'
import { XML_NAMESPACE } from './names.ts'
import { allElements, type TreeAttribute, type TreeElement, type XmlTree } from './tree.ts'

const WSU = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd'

/**
 * The spellings under which some reader of XML signatures finds an element: `Id` (XMLDSig, XAdES), `ID` (SAML 2),
 * `id`, `AssertionID` and `RequestID` and `ResponseID` (SAML 1.1), `xml:id`, `wsu:Id`. No DTD is read, so no other
 * attribute can be an identifier.
 */
const plainNames: ReadonlySet<string> = new Set(['Id', 'ID', 'id', 'AssertionID', 'RequestID', 'ResponseID'])

export interface IdIndex {
  /**
   * The one element of this identifier; undefined where there is none.
   * @throws SigningError `XML_DUPLICATE_ID` where several elements bear it, under whatever spelling: two readers could
   *   take two elements (signature wrapping).
   */
  find(id: string): TreeElement | undefined
}

/**
 * The one map from identifier to element of a document. Values that stand twice are no error by themselves, since an
 * attribute `id` need not be an identifier in the sender's language; they are refused as soon as they are asked for.
 */
export function indexTreeIds(tree: XmlTree): IdIndex {
  const found = new Map<string, TreeElement | null>()
  for (const element of allElements(tree.root)) {
    for (const attribute of element.attributes) {
      if (!isId(attribute)) continue
      const known = found.get(attribute.value)
      // One element may bear the same value under two spellings.
      if (known === undefined) found.set(attribute.value, element)
      else if (known !== element) found.set(attribute.value, null)
    }
  }
  return {
    find(id) {
      const element = found.get(id)
      if (element === null) throw new SigningError('XML_DUPLICATE_ID', { id })
      return element
    },
  }
}

function isId({ namespace, localName }: TreeAttribute): boolean {
  if (namespace === '') return plainNames.has(localName)
  return (namespace === XML_NAMESPACE && localName === 'id') || (namespace === WSU && localName === 'Id')
}

/** The identifier of an element by which it can be referenced, or null. */
export function idOf(element: TreeElement): string | null {
  return element.attributes.find(isId)?.value ?? null
}
