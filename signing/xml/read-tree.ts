import { SigningError } from '../errors.ts'
import { XML_NAMESPACE } from './names.ts'
import type { TreeAttribute, TreeComment, TreeElement, TreeInstruction, TreeNode, XmlTree } from './tree.ts'

const XMLNS_NAMESPACE = 'http://www.w3.org/2000/xmlns/'
const GREATER = 0x3e
const SLASH = 0x2f
const EXCLAMATION = 0x21
const QUESTION = 0x3f
/** Entries of all namespace maps together: many declarations over many elements are only an attack. */
const MOST_SCOPE_ENTRIES = 1_000_000

const tagName = /[^\s<>&"'/=?!]+/y
const attribute = /\s+([^\s<>&"'/=]+)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/y
const tagEnd = /\s*(\/?)>/y
const endTag = /<\/([^\s<>&"'/=]+)\s*>/y
const instruction = /<\?([^\s?<>&"'=]+)(?:\s+([\s\S]*?))?\?>/y
const reference = /&(?:#x0*([0-9a-fA-F]{1,6})|#0*([0-9]{1,7})|(lt|gt|amp|quot|apos));|&/g

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

/**
 * Builds the tree of a file that `scanXml` has let through. It knows just enough XML for well-formed input; what is
 * well-formed is decided by another parser (`openXml` runs both and compares what they read).
 *
 * @param text without byte order mark
 * @throws SigningError `XML_MALFORMED`, `XML_LIMIT_EXCEEDED`, `XML_ENCODING_UNSUPPORTED` for XML 1.1
 */
export function readTree(text: string): XmlTree {
  // Line ends as XML 1.0 section 2.11 wants them, before anything else is read.
  const source = text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text
  const top: (TreeElement | TreeComment | TreeInstruction)[] = []
  const noScope: ReadonlyMap<string, string> = new Map()
  const names = new NameTable()
  let order = 0
  let open: TreeElement | null = null
  let root: TreeElement | undefined
  let scopeEntries = 0
  let hasCData = false
  let at = skipDeclaration(source)

  const add = (node: TreeNode) => {
    if (open !== null) open.children.push(node)
    else if (node.kind === 'text') throw malformed(at, 'text outside of the root element')
    else top.push(node)
  }
  const addText = (value: string) => {
    if (value === '') return
    if (open === null) {
      if (/[^ \t\n]/.test(value)) throw malformed(at, 'text outside of the root element')
      return
    }
    const last = open.children.at(-1)
    if (last?.kind === 'text') last.value += value
    else open.children.push({ kind: 'text', parent: open, order: order++, value })
  }

  while (at < source.length) {
    const next = source.indexOf('<', at)
    const stop = next === -1 ? source.length : next
    if (stop > at) addText(expand(source.slice(at, stop), at))
    if (next === -1) break
    at = next
    const kind = source.charCodeAt(at + 1)
    if (kind === SLASH) {
      if (open === null) throw malformed(at, 'an end tag without an element')
      at = endOfElement(source, at, qualifiedName(open))
      open.end = order - 1
      open = open.parent
    } else if (kind === EXCLAMATION && source.startsWith('<!--', at)) {
      const end = source.indexOf('-->', at + 4)
      if (end === -1) throw malformed(at, 'a comment does not end')
      add({ kind: 'comment', parent: open, order: order++, value: source.slice(at + 4, end) })
      at = end + 3
    } else if (kind === EXCLAMATION && source.startsWith('<![CDATA[', at)) {
      const end = source.indexOf(']]>', at + 9)
      if (end === -1 || open === null)
        throw malformed(at, 'a CDATA section outside of the root, or without end')
      hasCData = true
      addText(source.slice(at + 9, end))
      at = end + 3
    } else if (kind === EXCLAMATION) {
      throw new SigningError('XML_DOCTYPE_FORBIDDEN', { position: at })
    } else if (kind === QUESTION) {
      const [whole, target = '', data = ''] = matched(instruction, source, at, 'a processing instruction')
      if (target.toLowerCase() === 'xml') throw malformed(at, 'an XML declaration inside the document')
      add({ kind: 'instruction', parent: open, order: order++, target, data })
      at += whole.length
    } else {
      const name = names.at(source, at + 1)
      const { attributes, declarations, end, empty } = readAttributes(source, at + 1 + name.length)
      const inherited: ReadonlyMap<string, string> = open?.scope ?? noScope
      let scope = inherited
      if (declarations.length > 0) {
        scope = new Map([...inherited, ...declarations])
        scopeEntries += scope.size
        if (scopeEntries > MOST_SCOPE_ENTRIES) {
          throw new SigningError('XML_LIMIT_EXCEEDED', {
            limit: `namespaces in scope > ${MOST_SCOPE_ENTRIES}`,
          })
        }
      }
      const element: TreeElement = {
        kind: 'element',
        parent: open,
        order,
        end: order,
        prefix: name.prefix,
        localName: name.localName,
        namespace: namespaceOf(name, scope, true, at),
        attributes: attributes.length === 0 ? noAttributes : resolveAll(attributes, scope, at),
        scope,
        children: [],
      }
      order += 1
      if (open === null) {
        if (root !== undefined) throw malformed(at, 'a second root element')
        root = element
      }
      add(element)
      if (!empty) open = element
      at = end
    }
  }
  if (root === undefined || open !== null) throw malformed(source.length, 'an element does not end')
  return { root, top, size: order, hasCData }
}

/** @returns where the end tag of this element ends */
function endOfElement(source: string, at: number, name: string): number {
  const end = at + 2 + name.length
  if (source.startsWith(name, at + 2) && source.charCodeAt(end) === GREATER) return end + 1
  const [whole, found] = matched(endTag, source, at, 'an end tag')
  if (found !== name) throw malformed(at, `no element ${found} is open`)
  return at + whole.length
}

function skipDeclaration(source: string): number {
  if (!/^<\?xml\s/.test(source)) return 0
  const end = source.indexOf('?>')
  if (end === -1) throw malformed(0, 'the XML declaration does not end')
  const version = /\sversion\s*=\s*["']([^"']*)["']/.exec(source.slice(0, end))?.[1]
  if (version !== '1.0')
    throw new SigningError('XML_ENCODING_UNSUPPORTED', { reason: `XML ${version ?? ''}` })
  return end + 2
}

function matched(pattern: RegExp, source: string, at: number, what: string): RegExpExecArray {
  pattern.lastIndex = at
  const found = pattern.exec(source)
  if (found === null) throw malformed(at, `${what} is not well-formed`)
  return found
}

const noAttributes: readonly never[] = []
const plainEnd = { attributes: noAttributes, declarations: noAttributes }

function readAttributes(source: string, start: number) {
  if (source.charCodeAt(start) === GREATER) return { ...plainEnd, end: start + 1, empty: false }
  const attributes: [string, string][] = []
  const declarations: [string, string][] = []
  let at = start
  for (;;) {
    attribute.lastIndex = at
    const found = attribute.exec(source)
    if (found === null) break
    const [whole, name = '', double, single] = found
    const value = attributeText(double ?? single ?? '', at)
    if (name === 'xmlns') declarations.push(['', declared('', value, at)])
    else if (name.startsWith('xmlns:')) declarePrefix(declarations, name.slice(6), value, at)
    else attributes.push([name, value])
    at += whole.length
  }
  const [whole, slash] = matched(tagEnd, source, at, 'a start tag')
  if (
    declarations.length > 1 &&
    new Set(declarations.map(([prefix]) => prefix)).size !== declarations.length
  ) {
    throw malformed(start, 'a prefix is declared twice')
  }
  return { attributes, declarations, end: at + whole.length, empty: slash === '/' }
}

function resolveAll(
  attributes: readonly (readonly [string, string])[],
  scope: ReadonlyMap<string, string>,
  at: number,
): readonly TreeAttribute[] {
  const resolved = attributes.map(([qualified, value]): TreeAttribute => {
    const name = splitName(qualified, at)
    const { prefix, localName } = name
    return { prefix, localName, namespace: namespaceOf(name, scope, false, at), value }
  })
  if (resolved.length > 1) {
    const names = new Set(resolved.map(({ namespace, localName }) => `${namespace}\n${localName}`))
    if (names.size !== resolved.length) throw malformed(at, 'an attribute stands twice')
  }
  return resolved
}

interface Name {
  readonly prefix: string
  readonly localName: string
  /** Of the whole as it stands in the file. */
  readonly length: number
}

/** Element names come again and again: each is taken apart once. */
class NameTable {
  readonly #known = new Map<string, Name>()

  at(source: string, start: number): Name {
    tagName.lastIndex = start
    if (!tagName.test(source)) throw malformed(start, 'a start tag is not well-formed')
    const qualified = source.slice(start, tagName.lastIndex)
    let name = this.#known.get(qualified)
    if (name === undefined) {
      name = splitName(qualified, start)
      this.#known.set(qualified, name)
    }
    return name
  }
}

function splitName(qualified: string, at: number): Name {
  const colon = qualified.indexOf(':')
  if (colon === -1) return { prefix: '', localName: qualified, length: qualified.length }
  const prefix = qualified.slice(0, colon)
  const localName = qualified.slice(colon + 1)
  if (prefix === '' || localName === '' || localName.includes(':')) {
    throw malformed(at, `${qualified} is no name`)
  }
  return { prefix, localName, length: qualified.length }
}

/** `xml` may be declared as what it is anyway; it never stands in a scope (Namespaces in XML 1.0 section 3). */
function declarePrefix(declarations: [string, string][], prefix: string, value: string, at: number): void {
  if (prefix === 'xml' && value === XML_NAMESPACE) return
  if (prefix === 'xml' || prefix === 'xmlns' || value === '') {
    throw malformed(at, `the prefix ${prefix} cannot be declared so`)
  }
  declarations.push([prefix, declared(prefix, value, at)])
}

function declared(prefix: string, value: string, at: number): string {
  if (value === XML_NAMESPACE || value === XMLNS_NAMESPACE) {
    throw malformed(at, `the prefix ${prefix} stands for a reserved namespace`)
  }
  return value
}

/** Attribute values of type CDATA (XML 1.0 section 3.3.3): white space is a space, unless it came by reference. */
function attributeText(raw: string, at: number): string {
  const value = /[\t\n]/.test(raw) ? raw.replace(/[\t\n]/g, ' ') : raw
  return expand(value, at)
}

function expand(text: string, at: number): string {
  if (!text.includes('&')) return text
  return text.replace(reference, (_whole, hex?: string, decimal?: string, name?: string) => {
    if (name !== undefined) return entities[name] ?? ''
    const code = hex !== undefined ? Number.parseInt(hex, 16) : Number(decimal)
    if (hex === undefined && decimal === undefined) throw malformed(at, 'an entity reference')
    if (!isCharacter(code)) throw malformed(at, 'a reference to what is no character of XML')
    return String.fromCodePoint(code)
  })
}

/** XML 1.0 section 2.2. */
function isCharacter(code: number): boolean {
  return (
    code === 9 ||
    code === 10 ||
    code === 13 ||
    (code >= 0x20 && code <= 0xd7ff) ||
    (code >= 0xe000 && code <= 0xfffd) ||
    (code >= 0x10000 && code <= 0x10ffff)
  )
}

function namespaceOf(
  { prefix }: Name,
  scope: ReadonlyMap<string, string>,
  isElement: boolean,
  at: number,
): string {
  if (prefix === '') return isElement ? (scope.get('') ?? '') : ''
  const namespace = prefix === 'xml' ? XML_NAMESPACE : scope.get(prefix)
  if (namespace === undefined) throw malformed(at, `the prefix ${prefix} has no namespace`)
  return namespace
}

export function qualifiedName({ prefix, localName }: { prefix: string; localName: string }): string {
  return prefix === '' ? localName : `${prefix}:${localName}`
}

function malformed(position: number, reason: string): SigningError {
  return new SigningError('XML_MALFORMED', { reason: `${reason} (character ${position})`, position })
}
