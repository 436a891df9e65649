import type { XmlAttribute, XmlElement } from './element.ts'
import { XML_NAMESPACE } from './names.ts'

/**
 * The exclusive canonical form (Exclusive XML Canonicalization 1.0, without comments) of an element that stands
 * alone: a namespace is declared where its prefix is first visibly used, attributes are sorted by namespace and
 * local name, empty elements have an end tag.
 *
 * @param element its subtree must be consistent: one prefix means one namespace wherever it is used, or is
 *   declared again below.
 * @param rendered namespaces that an ancestor in the output has declared already, prefix → namespace; empty
 *   for an element that is the apex of what is signed.
 */
export function writeCanonical(
  element: XmlElement,
  rendered: ReadonlyMap<string, string> = new Map(),
): string {
  const output: Output = { text: '', marked: undefined, start: 0, end: 0 }
  write(output, element, rendered)
  return output.text
}

/**
 * As `writeCanonical` for an apex, with the place in the text at which an element below it stands. Nothing that is
 * written outside of that place depends on the element: what it declares, it declares for those within.
 */
export function writeCanonicalAround(
  element: XmlElement,
  marked: XmlElement,
): { readonly text: string; readonly start: number; readonly end: number } {
  const output: Output = { text: '', marked, start: 0, end: 0 }
  write(output, element, new Map())
  return output
}

interface Output {
  /** Joined as it comes: V8 keeps such a string as a rope and copies each character once. */
  text: string
  readonly marked: XmlElement | undefined
  start: number
  end: number
}

function write(output: Output, element: XmlElement, rendered: ReadonlyMap<string, string>): void {
  if (element === output.marked) output.start = output.text.length
  const name = qualifiedName(element)
  const declarations = newDeclarations(element, rendered)
  let scope = rendered
  let tag = `<${name}`
  if (declarations.length > 0) {
    scope = new Map([...rendered, ...declarations])
    for (const [prefix, namespace] of declarations) {
      tag += `${prefix === '' ? ' xmlns' : ` xmlns:${prefix}`}="${escapeAttribute(namespace)}"`
    }
  }
  const attributes =
    element.attributes.length > 1 ? element.attributes.toSorted(byNamespaceAndName) : element.attributes
  for (const attribute of attributes) {
    tag += ` ${qualifiedName(attribute)}="${escapeAttribute(attribute.value)}"`
  }
  output.text += `${tag}>`
  for (const child of element.children) {
    if (typeof child === 'string') output.text += escapeText(child)
    else write(output, child, scope)
  }
  output.text += `</${name}>`
  if (element === output.marked) output.end = output.text.length
}

const noDeclarations: readonly [string, string][] = []

/** The declarations this element must carry, sorted by prefix with the default namespace first. */
function newDeclarations(
  element: XmlElement,
  rendered: ReadonlyMap<string, string>,
): readonly [string, string][] {
  // By far the most elements share namespace and prefix with their parent and have no prefixed attribute.
  if (
    (rendered.get(element.prefix) ?? '') === element.namespace &&
    (element.attributes.length === 0 || element.attributes.every((attribute) => attribute.prefix === ''))
  ) {
    return noDeclarations
  }
  const used = new Map<string, string>([[element.prefix, element.namespace]])
  for (const attribute of element.attributes) {
    if (attribute.prefix !== '' && attribute.namespace !== XML_NAMESPACE) {
      used.set(attribute.prefix, attribute.namespace)
    }
  }
  return [...used]
    .filter(([prefix, namespace]) => (rendered.get(prefix) ?? '') !== namespace)
    .sort(([left], [right]) => byCodePoint(left, right))
}

function qualifiedName(node: XmlElement | XmlAttribute): string {
  return node.prefix === '' ? node.localName : `${node.prefix}:${node.localName}`
}

function byNamespaceAndName(left: XmlAttribute, right: XmlAttribute): number {
  return byCodePoint(left.namespace, right.namespace) || byCodePoint(left.localName, right.localName)
}

/** Canonical XML sorts by Unicode code point, which for names equals the order of their UTF-8 bytes. */
function byCodePoint(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right))
}

/** Text as Canonical XML 1.0 section 2.3 writes it. */
export function escapeText(text: string): string {
  if (!/[&<>\r]/.test(text)) return text
  return ['&', '<', '>', '\r'].reduce(withReference, text)
}

/** An attribute value as Canonical XML 1.0 section 2.3 writes it; `>` stays. */
export function escapeAttribute(value: string): string {
  if (!/[&<"\t\n\r]/.test(value)) return value
  return ['&', '<', '"', '\t', '\n', '\r'].reduce(withReference, value)
}

const references: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\t': '&#x9;',
  '\n': '&#xA;',
  '\r': '&#xD;',
}

/** Split and joined, because `replaceAll` takes seconds for a megabyte that is made of such characters. */
function withReference(text: string, character: string): string {
  if (!text.includes(character)) return text
  return text.split(character).join(references[character])
}
