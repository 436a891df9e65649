import { SigningError } from '../errors.ts'
import type { NodeSet } from './node-set.ts'
import { type ProcessingBudget, spend } from './processing-budget.ts'
import { attributeValue, childElements, isElementNamed, rootOf, type TreeElement } from './tree.ts'
import type { IdIndex } from './tree-ids.ts'
import { evaluateXPath } from './xpath-evaluate.ts'
import { parseXPath } from './xpath-parse.ts'

export const XPATH_FILTER_2 = 'http://www.w3.org/2002/06/xmldsig-filter2'

const MOST_FILTERS = 16

export interface FilterContext {
  readonly signature: TreeElement
  readonly ids: IdIndex
  readonly budget: ProcessingBudget
}

/**
 * XML-Signature XPath Filter 2.0: each expression selects nodes of the whole document, with everything below them;
 * the selections are intersected with, subtracted from or united with one another in order, and the result with the
 * input.
 *
 * @throws SigningError `XML_SIGNATURE_MALFORMED`, `XML_TRANSFORM_UNSUPPORTED`, `XML_LIMIT_EXCEEDED`
 */
export function filterByXPath2(input: NodeSet, transform: TreeElement, context: FilterContext): NodeSet {
  const filters = childElements(transform)
  if (filters.length === 0 || filters.length > MOST_FILTERS) throw malformed('the number of XPath filters')
  // Section 3.3: the filter begins with all nodes of the document.
  spend(context.budget, 'comparisons', input.tree.size)
  const mask = new Uint8Array(input.tree.size).fill(1)
  for (const filter of filters) {
    spend(context.budget, 'comparisons', mask.length)
    const selected = selectSubtrees(input, filter, context)
    combine(mask, selected, attributeValue(filter, 'Filter'))
  }
  if (input.mask !== null) combine(mask, input.mask, 'intersect')
  return { ...input, mask }
}

function selectSubtrees(
  input: NodeSet,
  filter: TreeElement,
  { signature, ids, budget }: FilterContext,
): Uint8Array {
  if (!isElementNamed(filter, XPATH_FILTER_2, 'XPath')) throw malformed(`${filter.localName} as XPath filter`)
  const expression = filter.children.map((child) => (child.kind === 'text' ? child.value : '')).join('')
  const isOwnDocument = rootOf(signature) === input.tree.root
  const nodes = evaluateXPath(parseXPath(expression, filter.scope), {
    tree: input.tree,
    here: isOwnDocument ? filter : undefined,
    findById: (id) => (isOwnDocument ? ids.find(id) : undefined),
    budget,
  })
  if (typeof nodes !== 'object') throw malformed('an XPath filter that selects no nodes')
  const selected = new Uint8Array(input.tree.size)
  for (const node of nodes) {
    switch (node.kind) {
      case 'root':
        selected.fill(1)
        break
      case 'element':
        spend(budget, 'pathNodes', 1 + ((node.end - node.order) >> 4))
        selected.fill(1, node.order, node.end + 1)
        break
      case 'attribute':
        // Attributes stay with their elements here.
        throw new SigningError('XML_TRANSFORM_UNSUPPORTED', { transform: 'XPath filter of attributes' })
      default:
        selected[node.order] = 1
    }
  }
  return selected
}

function combine(mask: Uint8Array, selected: Uint8Array, filter: string | undefined): void {
  switch (filter) {
    case 'intersect':
      for (let at = 0; at < mask.length; at += 1) mask[at] = (mask[at] ?? 0) & (selected[at] ?? 0)
      return
    case 'subtract':
      for (let at = 0; at < mask.length; at += 1) if (selected[at] === 1) mask[at] = 0
      return
    case 'union':
      for (let at = 0; at < mask.length; at += 1) mask[at] = (mask[at] ?? 0) | (selected[at] ?? 0)
      return
    default:
      throw malformed(`Filter "${filter ?? ''}"`)
  }
}

function malformed(reason: string): SigningError {
  return new SigningError('XML_SIGNATURE_MALFORMED', { reason })
}
