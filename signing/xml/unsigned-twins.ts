/** What a wrapped signature leaves in a file for readers that look for elements by name (XML signature wrapping). */
import { type CheckedReference, takesTextAlone } from './check-reference.ts'
import type { Covered } from './covered-nodes.ts'
import { XMLDSIG } from './names.ts'
import { isMember, startsOf } from './node-set.ts'
import { childElements, isElementNamed, type TreeElement, type TreeNode, type XmlTree } from './tree.ts'
import { isXades } from './xades-properties.ts'

export interface UnsignedElements {
  /** By name, the first element outside of signatures, or in a `KeyInfo`, that no signature covers. */
  readonly byName: ReadonlyMap<string, TreeElement>
  /** The first element in a `ds:Object` that no signature covers and that bears the name of a covered one. */
  readonly hidden: TreeElement | undefined
}

/** Looks through a file once for all of its signatures. @param signed the references of those that hold */
export function unsignedElements(
  tree: XmlTree,
  coveredByAny: Covered,
  signed: readonly CheckedReference[],
): UnsignedElements {
  const textHolders = new Set(
    signed.filter((one) => one.intact === true && takesTextAlone(one)).map(({ nodes }) => nodes?.apex),
  )
  const byName = new Map<string, TreeElement>()
  const signedNames = new Set<string>()
  const inObjects: TreeElement[] = []
  const pending: [TreeElement, isInObject: boolean][] = [[tree.root, false]]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [element, isInObject] = next
    const isSignature = isElementNamed(element, XMLDSIG, 'Signature')
    if (isData(element)) {
      const name = nameOf(element)
      if (coveredByAny[element.order] === 1 || textHolders.has(element)) signedNames.add(name)
      else if (isInObject) inObjects.push(element)
      else if (!byName.has(name)) byName.set(name, element)
    }
    const children = childElements(element)
    for (let at = children.length - 1; at >= 0; at -= 1) {
      const child = children[at]
      if (child === undefined) continue
      const isObject = isElementNamed(child, XMLDSIG, 'Object')
      // SignedInfo is signed by the value, and what stands there is no data.
      if (isSignature && !isObject && child.localName !== 'KeyInfo') continue
      pending.push([child, isInObject || (isSignature && isObject)])
    }
  }
  return { byName, hidden: inObjects.find((element) => signedNames.has(nameOf(element))) }
}

/** The unsigned element that could be taken for one that these references sign; undefined where there is none. */
export function unsignedTwin(
  tree: XmlTree,
  references: readonly CheckedReference[],
  { byName, hidden }: UnsignedElements,
): TreeElement | undefined {
  const signed = references.flatMap((reference) => signedTops(tree, reference))
  for (const element of signed) {
    const twin = byName.get(nameOf(element))
    if (twin !== undefined) return twin
  }
  return signed.length === 0 ? undefined : hidden
}

/** The uppermost elements of data that a reference signs, or what stands in the parts of a signature that it signs. */
function signedTops(tree: XmlTree, reference: CheckedReference): readonly TreeElement[] {
  const { nodes, intact } = reference
  if (intact !== true || nodes === null || nodes.tree !== tree) return []
  if (takesTextAlone(reference) && nodes.apex !== null) return [nodes.apex].filter(isData)
  const found: TreeElement[] = []
  const walk = (list: readonly TreeNode[]) => {
    for (const node of list) {
      if (node.kind !== 'element' || nodes.excluded.has(node)) continue
      if (isMember(nodes, node) && isData(node)) found.push(node)
      else if (!isXades(node)) walk(node.children)
    }
  }
  walk(startsOf(nodes))
  return found
}

function isData(element: TreeElement): boolean {
  return element.namespace !== XMLDSIG && !isXades(element)
}

function nameOf({ namespace, localName }: TreeElement): string {
  return `${namespace} ${localName}`
}
