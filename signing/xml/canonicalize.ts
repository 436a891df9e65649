import { escapeAttribute, escapeText } from './canonical-writer.ts'
import { XML_NAMESPACE } from './names.ts'
import { isMember, type NodeSet, startsOf } from './node-set.ts'
import { type ProcessingBudget, spend as spendBudget } from './processing-budget.ts'
import { qualifiedName } from './read-tree.ts'
import type { TreeAttribute, TreeElement, TreeNode } from './tree.ts'
import { inheritedBase } from './xml-base.ts'

/** One of the canonical forms: its kind, whether comments stay, and the prefixes that exclusive c14n treats inclusively. */
export interface C14nMethod {
  readonly kind: 'inclusive-1.0' | 'inclusive-1.1' | 'exclusive-1.0'
  readonly comments: boolean
  /** `InclusiveNamespaces PrefixList`; `''` for `#default`. Empty for the inclusive kinds. */
  readonly inclusivePrefixes: ReadonlySet<string>
}

/** What the output parent looks like to its children. */
interface Rendered {
  /** Namespaces declared in the output so far, prefix → name. */
  readonly namespaces: ReadonlyMap<string, string>
  /** The scope of the element that was looked at in full last; the same object means that nothing is new. */
  readonly scope: ReadonlyMap<string, string> | null
}

const nothing: ReadonlyMap<string, string> = new Map()

/**
 * The octets of a node-set under Canonical XML 1.0 or 1.1 or Exclusive XML Canonicalization 1.0.
 *
 * Own code, because libxml2-wasm takes node-sets only as lists of nodes that are compared one by one; on whole
 * documents and subtrees both are compared in tests, on every document when it is opened.
 *
 * @throws SigningError `XML_LIMIT_EXCEEDED`
 */
export function canonicalize(set: NodeSet, method: C14nMethod, budget: ProcessingBudget): Buffer {
  const out: string[] = []
  const writer: Writer = { out, set, method, budget }
  const rendered: Rendered = { namespaces: nothing, scope: null }
  for (const node of startsOf(set)) {
    if (node.kind === 'element' && node.parent === null) {
      writeNode(writer, node, rendered, false)
    } else if (set.apex !== null) {
      writeNode(writer, node, rendered, false)
    } else {
      // Comments and instructions beside the root stand on lines of their own (Canonical XML section 2.3).
      const length = out.length
      writeNode(writer, node, rendered, false)
      if (out.length === length) continue
      if (node.order < set.tree.root.order) out.push('\n')
      else out.splice(length, 0, '\n')
    }
  }
  return Buffer.from(out.join(''))
}

interface Writer {
  readonly out: string[]
  readonly set: NodeSet
  readonly method: C14nMethod
  readonly budget: ProcessingBudget
}

function writeNode(writer: Writer, node: TreeNode, rendered: Rendered, parentIsMember: boolean): void {
  const { out, set, method } = writer
  compare(writer, 1)
  switch (node.kind) {
    case 'text':
      if (!isMember(set, node)) return
      push(writer, node.value, escapeText)
      return
    case 'comment':
      if (!method.comments || !isMember(set, node)) return
      out.push('<!--', escapeReturns(node.value), '-->')
      spend(writer, node.value.length + 7)
      return
    case 'instruction':
      if (!isMember(set, node)) return
      out.push('<?', node.target, node.data === '' ? '' : ` ${escapeReturns(node.data)}`, '?>')
      spend(writer, node.data.length)
      return
    case 'element':
      if (!set.excluded.has(node)) writeElement(writer, node, rendered, parentIsMember)
  }
}

function writeElement(
  writer: Writer,
  element: TreeElement,
  rendered: Rendered,
  parentIsMember: boolean,
): void {
  const { out, set, method } = writer
  if (!isMember(set, element)) {
    for (const child of element.children) writeNode(writer, child, rendered, false)
    return
  }
  const name = qualifiedName(element)
  out.push('<', name)
  const next =
    method.kind === 'exclusive-1.0'
      ? renderUsed(writer, element, rendered)
      : renderScope(writer, element, rendered)
  const attributes = parentIsMember ? element.attributes : withInherited(writer, element)
  const sorted = attributes.length > 1 ? attributes.toSorted(byNamespaceAndName) : attributes
  for (const attribute of sorted) {
    push(writer, ` ${qualifiedName(attribute)}="`)
    push(writer, attribute.value, escapeAttribute)
    out.push('"')
  }
  out.push('>')
  for (const child of element.children) writeNode(writer, child, next, true)
  out.push('</', name, '>')
  spend(writer, 2 * name.length + 5)
}

/** Canonical XML section 2.3: every namespace in scope that the output parent does not have. */
function renderScope(writer: Writer, element: TreeElement, rendered: Rendered): Rendered {
  const { scope } = element
  if (rendered.scope === scope) return rendered
  const before = rendered.scope ?? nothing
  compare(writer, scope.size)
  const fresh: [string, string][] = []
  for (const [prefix, namespace] of scope) {
    if ((before.get(prefix) ?? '') !== namespace) fresh.push([prefix, namespace])
  }
  if (!scope.has('') && (before.get('') ?? '') !== '') fresh.push(['', ''])
  writeDeclarations(writer, fresh)
  return { namespaces: nothing, scope }
}

/** Exclusive c14n section 3: namespaces visibly used, and the listed prefixes as the inclusive form has them. */
function renderUsed(writer: Writer, element: TreeElement, rendered: Rendered): Rendered {
  const { inclusivePrefixes } = writer.method
  const { namespaces } = rendered
  // Where the scope is the output parent's, every listed prefix has been declared with it already.
  const hasListed = inclusivePrefixes.size > 0 && rendered.scope !== element.scope
  const isPlain =
    !hasListed &&
    (namespaces.get(element.prefix) ?? '') === element.namespace &&
    element.attributes.every(({ prefix }) => prefix === '')
  if (isPlain) return rendered
  const used = new Map<string, string>()
  if (element.prefix !== 'xml') used.set(element.prefix, element.namespace)
  for (const { prefix, namespace } of element.attributes) {
    if (prefix !== '' && prefix !== 'xml') used.set(prefix, namespace)
  }
  if (hasListed) {
    compare(writer, inclusivePrefixes.size)
    for (const prefix of inclusivePrefixes) {
      const namespace = element.scope.get(prefix)
      if (namespace !== undefined) used.set(prefix, namespace)
      else if (prefix === '' && !used.has('')) used.set('', '')
    }
  }
  compare(writer, used.size)
  const fresh = [...used].filter(([prefix, namespace]) => (namespaces.get(prefix) ?? '') !== namespace)
  if (fresh.length === 0 && !hasListed) return rendered
  writeDeclarations(writer, fresh)
  compare(writer, namespaces.size)
  return {
    namespaces: fresh.length === 0 ? namespaces : new Map([...namespaces, ...fresh]),
    scope: inclusivePrefixes.size > 0 ? element.scope : null,
  }
}

function writeDeclarations(writer: Writer, declarations: [string, string][]): void {
  if (declarations.length > 1) declarations.sort(([left], [right]) => byCodePoint(left, right))
  for (const [prefix, namespace] of declarations) {
    writer.out.push(prefix === '' ? ' xmlns="' : ` xmlns:${prefix}="`, escapeAttribute(namespace), '"')
    spend(writer, prefix.length + namespace.length + 9)
  }
}

/**
 * What an element whose parent is not in the set takes from its ancestors: `xml:` attributes in Canonical XML 1.0
 * (section 2.4), `xml:lang`, `xml:space` and a joined `xml:base` in 1.1 (section 2.4), nothing in the exclusive form.
 */
function withInherited(writer: Writer, element: TreeElement): readonly TreeAttribute[] {
  const { method, set } = writer
  if (method.kind === 'exclusive-1.0' || element.parent === null) return element.attributes
  const own = new Map<string, TreeAttribute>()
  const keep = (attribute: TreeAttribute) => {
    if (attribute.namespace !== XML_NAMESPACE || own.has(attribute.localName)) return
    const isInherited =
      method.kind === 'inclusive-1.0' || attribute.localName === 'lang' || attribute.localName === 'space'
    if (isInherited) own.set(attribute.localName, attribute)
  }
  const ownNames = new Set(
    element.attributes
      .filter(({ namespace }) => namespace === XML_NAMESPACE)
      .map(({ localName }) => localName),
  )
  for (let above: TreeElement | null = element.parent; above !== null; above = above.parent) {
    compare(writer, above.attributes.length)
    if (method.kind === 'inclusive-1.1' && isOutput(set, above)) break
    above.attributes.forEach(keep)
  }
  const taken = [...own.values()].filter(({ localName }) => !ownNames.has(localName))
  if (method.kind === 'inclusive-1.0') return [...element.attributes, ...taken]
  const base = inheritedBase(element, (above) => isOutput(set, above))
  if (base === undefined) return [...element.attributes, ...taken]
  const others = element.attributes.filter(
    ({ namespace, localName }) => namespace !== XML_NAMESPACE || localName !== 'base',
  )
  return base === ''
    ? [...others, ...taken]
    : [...others, ...taken, { namespace: XML_NAMESPACE, prefix: 'xml', localName: 'base', value: base }]
}

function isOutput(set: NodeSet, element: TreeElement): boolean {
  const isBelow = set.apex === null || (element.order >= set.apex.order && element.order <= set.apex.end)
  return isBelow && isMember(set, element)
}

function byNamespaceAndName(left: TreeAttribute, right: TreeAttribute): number {
  return byCodePoint(left.namespace, right.namespace) || byCodePoint(left.localName, right.localName)
}

/** Order of Unicode code points: that of UTF-16 units, but surrogates come after everything else. */
function byCodePoint(left: string, right: string): number {
  const length = Math.min(left.length, right.length)
  for (let at = 0; at < length; at += 1) {
    const a = left.charCodeAt(at)
    const b = right.charCodeAt(at)
    if (a !== b) return rank(a) - rank(b)
  }
  return left.length - right.length
}

function rank(unit: number): number {
  if (unit < 0xd800) return unit
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}

function escapeReturns(text: string): string {
  return text.includes('\r') ? text.split('\r').join('&#xD;') : text
}

/** Paid for before the work is done, and again for what references add to the length. */
function push(writer: Writer, text: string, toReferences?: (text: string) => string): void {
  spend(writer, text.length)
  const written = toReferences === undefined ? text : toReferences(text)
  if (written.length > text.length) spend(writer, written.length - text.length)
  writer.out.push(written)
}

function spend(writer: Writer, characters: number): void {
  spendBudget(writer.budget, 'characters', characters + 1)
}

function compare(writer: Writer, count: number): void {
  spendBudget(writer.budget, 'comparisons', count)
}
