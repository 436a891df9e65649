/** What of a file signatures cover, and what they do not. */
import { type CheckedReference, takesTextAlone } from './check-reference.ts'
import type { SignatureParts } from './dsig-structure.ts'
import { XMLDSIG } from './names.ts'
import { forEachMember } from './node-set.ts'
import {
  allElements,
  childElements,
  isElementNamed,
  isWithin,
  type TreeElement,
  type TreeNode,
  type XmlTree,
} from './tree.ts'
import { isQualifyingProperties } from './xades-properties.ts'

/** By number of the node: 1 = digested by a reference that holds. */
export type Covered = Uint8Array

export function coveredNodes(tree: XmlTree, references: readonly CheckedReference[]): Covered {
  const covered = new Uint8Array(tree.size)
  for (const reference of references) {
    const { intact, nodes } = reference
    if (intact !== true || nodes === null || nodes.tree !== tree) continue
    const isTextOnly = takesTextAlone(reference)
    const isWhole = nodes.mask === null && nodes.excluded.size === 0 && nodes.apex !== null && !isTextOnly
    if (isWhole && nodes.apex !== null) covered.fill(1, nodes.apex.order, nodes.apex.end + 1)
    else {
      forEachMember(nodes, (node) => {
        if (!isTextOnly || node.kind === 'text') covered[node.order] = 1
      })
    }
  }
  return covered
}

/** Containers of ASiC (ETSI EN 319 162-1) and OpenDocument that hold signatures and nothing else. */
const containers: ReadonlySet<string> = new Set([
  'http://uri.etsi.org/02918/v1.2.1# XAdESSignatures',
  'http://uri.etsi.org/2918/v1.2.1# XAdESSignatures',
  'urn:oasis:names:tc:opendocument:xmlns:digitalsignature:1.0 document-signatures',
])

/**
 * The first node with content that a signature leaves uncovered: an element, text or processing instruction outside of
 * all signatures, or a `ds:Object` of this one with data in it. Undefined when all of the file is covered.
 */
export function firstUncovered(
  tree: XmlTree,
  { element: signature, objects }: SignatureParts,
  covered: Covered,
): TreeNode | undefined {
  const isContainer = containers.has(`${tree.root.namespace} ${tree.root.localName}`)
  const search = (nodes: readonly TreeNode[]): TreeNode | undefined => {
    for (const node of nodes) {
      if (node.kind === 'comment' || (node.kind === 'text' && !/[^ \t\r\n]/.test(node.value))) continue
      if (node.kind === 'element' && isElementNamed(node, XMLDSIG, 'Signature')) continue
      const isExempt = isContainer && node === tree.root
      if (covered[node.order] !== 1 && !isExempt) return node
      if (node.kind !== 'element') continue
      const below = search(node.children)
      if (below !== undefined) return below
    }
    return undefined
  }
  return search(tree.top) ?? objects.find((object) => !isAccountedFor(object, signature, covered))
}

/** An Object is covered, or holds only covered elements, qualifying properties or further signatures. */
function isAccountedFor(object: TreeElement, signature: TreeElement, covered: Covered): boolean {
  if (covered[object.order] === 1 || !isWithin(object, signature)) return true
  return object.children.every((child) => {
    if (child.kind === 'comment' || covered[child.order] === 1) return true
    if (child.kind === 'text') return !/[^ \t\r\n]/.test(child.value)
    if (child.kind === 'instruction') return false
    const isSignature = isElementNamed(child, XMLDSIG, 'Signature')
    return isSignature || isQualifyingProperties(child)
  })
}

/** All `ds:Signature` elements, in document order. */
export function signatureElements(tree: XmlTree): readonly TreeElement[] {
  return allElements(tree.root).filter((element) => isElementNamed(element, XMLDSIG, 'Signature'))
}

/** A path for people: `/Order/Payment[2]`. */
export function pathOf(element: TreeElement): string {
  const { parent, localName } = element
  if (parent === null) return `/${localName}`
  return `${pathOf(parent)}/${localName}${positionsIn(parent).get(element) ?? ''}`
}

/** Asked for one child after the other: counted once for each parent. */
const positions = new WeakMap<TreeElement, ReadonlyMap<TreeElement, string>>()

/** `[n]` for each child element that is not the only one of its name. */
function positionsIn(parent: TreeElement): ReadonlyMap<TreeElement, string> {
  const known = positions.get(parent)
  if (known !== undefined) return known
  const byName = Map.groupBy(childElements(parent), ({ localName }) => localName)
  const found = new Map<TreeElement, string>()
  for (const alike of byName.values()) {
    if (alike.length > 1) for (const [at, element] of alike.entries()) found.set(element, `[${at + 1}]`)
  }
  positions.set(parent, found)
  return found
}
