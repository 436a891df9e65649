/**
 * An XML document in the data model of XPath 1.0, for the processing of signatures: what node-sets are made of and
 * what canonical forms are written from. CDATA sections are text, adjacent text is one node, entities do not exist.
 *
 * Every node bears its number in document order, and an element the number of the last node below it; so "is below"
 * is a comparison of numbers.
 */
import type { ExpandedName } from './names.ts'

export interface TreeAttribute extends ExpandedName {
  readonly prefix: string
  readonly value: string
}

export interface TreeElement extends ExpandedName {
  readonly kind: 'element'
  readonly parent: TreeElement | null
  readonly order: number
  /** The number of the last node below, its own where there is none. */
  end: number
  readonly prefix: string
  readonly attributes: readonly TreeAttribute[]
  /** Namespaces in scope, prefix → name, the default namespace under `''`, without `xml`. Shared where unchanged. */
  readonly scope: ReadonlyMap<string, string>
  readonly children: TreeNode[]
}

export interface TreeText {
  readonly kind: 'text'
  readonly parent: TreeElement
  readonly order: number
  value: string
}

export interface TreeComment {
  readonly kind: 'comment'
  /** Null beside the root element. */
  readonly parent: TreeElement | null
  readonly order: number
  readonly value: string
}

export interface TreeInstruction {
  readonly kind: 'instruction'
  readonly parent: TreeElement | null
  readonly order: number
  readonly target: string
  readonly data: string
}

export type TreeNode = TreeElement | TreeText | TreeComment | TreeInstruction

export interface XmlTree {
  readonly root: TreeElement
  /** Everything beside the root and the root itself, in document order. */
  readonly top: readonly (TreeElement | TreeComment | TreeInstruction)[]
  /** How many nodes there are; their numbers are below it. */
  readonly size: number
  /** Whether a CDATA section stood somewhere: in the tree it is text like any other. */
  readonly hasCData: boolean
}

export function childElements(parent: TreeElement): TreeElement[] {
  return parent.children.filter((child) => child.kind === 'element')
}

export function isElementNamed(element: TreeElement, namespace: string, localName: string): boolean {
  return element.localName === localName && element.namespace === namespace
}

export function attributeValue(element: TreeElement, localName: string): string | undefined {
  return element.attributes.find((one) => one.namespace === '' && one.localName === localName)?.value
}

export function isWithin(node: TreeNode, ancestor: TreeElement): boolean {
  return node.order >= ancestor.order && node.order <= ancestor.end
}

/** The string-value of XPath 1.0 section 5.2: all text below, without comments and instructions. */
export function stringValue(node: TreeElement): string {
  return node.children
    .map((child) =>
      child.kind === 'text' ? child.value : child.kind === 'element' ? stringValue(child) : '',
    )
    .join('')
}

/** An element and all elements below it, in document order. */
export function allElements(top: TreeElement): TreeElement[] {
  const found: TreeElement[] = []
  const pending: TreeElement[] = [top]
  for (let element = pending.pop(); element !== undefined; element = pending.pop()) {
    found.push(element)
    for (let at = element.children.length - 1; at >= 0; at -= 1) {
      const child = element.children[at]
      if (child?.kind === 'element') pending.push(child)
    }
  }
  return found
}

export function rootOf(element: TreeElement): TreeElement {
  let root = element
  while (root.parent !== null) root = root.parent
  return root
}
