/** Whether a signature signs anything, and whether what it signs reads the same to everybody. */
import type { CheckedReference } from './check-reference.ts'
import type { Covered } from './covered-nodes.ts'
import { XMLDSIG } from './names.ts'
import {
  allElements,
  attributeValue,
  isElementNamed,
  isWithin,
  type TreeComment,
  type TreeElement,
  type TreeText,
  type XmlTree,
} from './tree.ts'
import { isQualifyingProperties } from './xades-properties.ts'

/** Whether one of the references is over data: anything but properties, keys and what holds nothing. */
export function signsData(signature: TreeElement, references: readonly CheckedReference[]): boolean {
  return references.some(({ octets, nodes, intact }) => {
    if (intact !== true || octets === null || octets.length === 0) return false
    if (nodes === null || nodes.apex === null || !isWithin(nodes.apex, signature)) return true
    return isDataOfOwn(nodes.apex, signature)
  })
}

/** Of elements within the signature: an Object with something in it, or what stands in one. */
function isDataOfOwn(apex: TreeElement, signature: TreeElement): boolean {
  if (apex === signature) return false
  let below = apex
  for (let above = apex.parent; above !== null && above !== signature; above = above.parent) {
    if (isQualifyingProperties(below)) return false
    below = above
  }
  if (isQualifyingProperties(apex) || !isElementNamed(below, XMLDSIG, 'Object')) return false
  return (
    apex !== below ||
    apex.children.some((child) =>
      child.kind === 'element' ? !isQualifyingProperties(child) : child.kind === 'text' && !isBlank(child),
    )
  )
}

/** A comment in the middle of a text. */
export interface SplitText {
  readonly before: TreeText
  readonly comment: TreeComment & { readonly parent: TreeElement }
  readonly after: TreeText
}

const MOST_SPLITS = 1000

/** The first comments of a file that part a text: some readers take the text up to the comment for the whole. */
export function splitTexts(tree: XmlTree): readonly SplitText[] {
  const found: SplitText[] = []
  for (const parent of allElements(tree.root)) {
    for (let at = 1; at < parent.children.length - 1 && found.length < MOST_SPLITS; at += 1) {
      const [before, comment, after] = [parent.children[at - 1], parent.children[at], parent.children[at + 1]]
      if (comment?.kind !== 'comment' || before?.kind !== 'text' || after?.kind !== 'text') continue
      if (!isBlank(before) && !isBlank(after)) found.push({ before, comment: { ...comment, parent }, after })
    }
  }
  return found
}

/** One of them whose text is signed while the comment is not. */
export function unsignedSplit(
  splits: readonly SplitText[],
  references: readonly CheckedReference[],
  covered: Covered,
): SplitText | undefined {
  if (references.some(keepsComments)) return undefined
  return splits.find(({ before, after }) => covered[before.order] === 1 && covered[after.order] === 1)
}

function keepsComments({ nodes, parts }: CheckedReference): boolean {
  const isNamed = parts.transforms.some((one) => attributeValue(one, 'Algorithm')?.endsWith('WithComments'))
  return isNamed && nodes?.comments === true
}

function isBlank({ value }: TreeText): boolean {
  return !/[^ \t\r\n]/.test(value)
}
