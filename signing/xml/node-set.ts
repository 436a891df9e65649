import { isWithin, type TreeElement, type TreeNode, type XmlTree } from './tree.ts'

/**
 * A node-set as the safe transforms make them: whole subtrees, an element always with its attributes and namespaces.
 * Sets that cut attributes off their elements, as a free XPath filter can make them, do not exist here.
 */
export interface NodeSet {
  readonly tree: XmlTree
  /** The subtree that was referenced; null for the whole document. */
  readonly apex: TreeElement | null
  /** Whether comments belong to the set (a reference by Id or an empty URI leaves them out, XMLDSig 4.4.3.3). */
  readonly comments: boolean
  /** Subtrees that are not in the set. */
  readonly excluded: ReadonlySet<TreeElement>
  /** By number of the node: 1 = in the set, as far as the rest agrees. Null = all. */
  readonly mask: Uint8Array | null
}

export function wholeDocument(tree: XmlTree, comments: boolean): NodeSet {
  return { tree, apex: null, comments, excluded: new Set(), mask: null }
}

export function subtree(tree: XmlTree, apex: TreeElement, comments: boolean): NodeSet {
  return { tree, apex, comments, excluded: new Set(), mask: null }
}

export function without(set: NodeSet, elements: readonly TreeElement[]): NodeSet {
  return { ...set, excluded: new Set([...set.excluded, ...elements]) }
}

/** Whether the node itself is in the set, for one whose ancestors are not excluded. */
export function isMember(set: NodeSet, node: TreeNode): boolean {
  if (node.kind === 'comment' && !set.comments) return false
  return set.mask === null || set.mask[node.order] === 1
}

/** Where a walk over the set begins: the apex, or everything at the top of the document. */
export function startsOf({ tree, apex, excluded }: NodeSet): readonly TreeNode[] {
  if (apex === null) return tree.top
  for (const one of excluded) if (isWithin(apex, one)) return []
  return [apex]
}

/** Calls `visit` for every node of the set in document order. */
export function forEachMember(set: NodeSet, visit: (node: TreeNode) => void): void {
  const walk = (nodes: readonly TreeNode[]) => {
    for (const node of nodes) {
      if (node.kind === 'element' && set.excluded.has(node)) continue
      if (isMember(set, node)) visit(node)
      if (node.kind === 'element') walk(node.children)
    }
  }
  walk(startsOf(set))
}
