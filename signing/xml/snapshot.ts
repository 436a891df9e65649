import { SigningError } from '../errors.ts'
import type { XmlElement } from './element.ts'
import type { TreeElement, XmlTree } from './tree.ts'

/**
 * The root element of a tree as plain values. Only elements and text are taken: a comment, processing instruction or
 * CDATA section is refused, because each is a place where two readers of one file may see different text. So is a
 * text or value that begins with the byte order mark, which decoders of UTF-8 swallow.
 *
 * @throws SigningError `XML_PROFILE_UNSUPPORTED`
 */
export function snapshot(tree: XmlTree): XmlElement {
  if (tree.hasCData) throw unsupported('a CDATA section')
  return copy(tree.root)
}

function copy(element: TreeElement): XmlElement {
  const { namespace, prefix, localName, attributes } = element
  for (const { value } of attributes) requirePlain(value, element)
  const children: (XmlElement | string)[] = []
  for (const child of element.children) {
    if (child.kind === 'element') children.push(copy(child))
    else if (child.kind === 'text') {
      requirePlain(child.value, element)
      children.push(child.value)
    } else throw unsupported(`${child.kind} inside ${localName}`)
  }
  return { namespace, prefix, localName, attributes, children }
}

const BYTE_ORDER_MARK = 0xfeff

function requirePlain(text: string, { localName }: TreeElement): void {
  if (text.charCodeAt(0) === BYTE_ORDER_MARK) throw unsupported(`a byte order mark inside ${localName}`)
}

function unsupported(reason: string): SigningError {
  return new SigningError('XML_PROFILE_UNSUPPORTED', { reason })
}
