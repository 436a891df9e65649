import { XmlText, XmlElement as XmlTreeElement, type XmlTreeNode } from 'libxml2-wasm'
import { SigningError } from '../errors.ts'
import type { XmlElement } from './element.ts'

/**
 * Copies a parsed subtree into plain values. Only elements and text are copied: a comment, processing
 * instruction, CDATA section or entity reference is refused, because each is a place where two readers of one
 * file may see different text.
 *
 * @throws SigningError `XML_PROFILE_UNSUPPORTED`
 */
export function snapshot(element: XmlTreeElement): XmlElement {
  const children: (XmlElement | string)[] = []
  for (let child: XmlTreeNode | null = element.firstChild; child !== null; child = child.next) {
    if (child instanceof XmlTreeElement) children.push(snapshot(child))
    else if (child instanceof XmlText) pushText(children, child.content)
    else {
      throw new SigningError('XML_PROFILE_UNSUPPORTED', {
        reason: `${child.constructor.name.replace(/^Xml/, '')} inside ${element.name}`,
      })
    }
  }
  return {
    namespace: element.namespaceUri,
    prefix: element.prefix,
    localName: element.name,
    attributes: element.attrs.map((attribute) => ({
      namespace: attribute.namespaceUri,
      prefix: attribute.prefix,
      localName: attribute.name,
      value: attribute.value,
    })),
    children,
  }
}

function pushText(children: (XmlElement | string)[], text: string): void {
  const last = children.at(-1)
  if (typeof last === 'string') children[children.length - 1] = last + text
  else children.push(text)
}
