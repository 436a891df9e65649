import { SigningError } from '../errors.ts'
import type { XmlElement } from './element.ts'
import { XML_NAMESPACE } from './names.ts'

/** The spellings under which some reader of XML signatures looks for an element's identifier. */
const idNames = new Set(['Id', 'ID', 'id'])

/**
 * The one map from identifier to element of a file. An identifier that stands twice, under whatever spelling,
 * is refused: a reference to it would mean different elements to different readers (signature wrapping).
 *
 * @throws SigningError `XML_DUPLICATE_ID`
 */
export function indexIds(root: XmlElement): ReadonlyMap<string, XmlElement> {
  const found = new Map<string, XmlElement>()
  const pending: XmlElement[] = [root]
  for (let element = pending.pop(); element !== undefined; element = pending.pop()) {
    for (const { namespace, localName, value } of element.attributes) {
      const isId =
        (namespace === '' && idNames.has(localName)) || (namespace === XML_NAMESPACE && localName === 'id')
      if (!isId) continue
      if (found.has(value)) throw new SigningError('XML_DUPLICATE_ID', { id: value })
      found.set(value, element)
    }
    for (const child of element.children) if (typeof child !== 'string') pending.push(child)
  }
  return found
}
