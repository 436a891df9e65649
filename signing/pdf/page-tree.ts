/** The page tree of one revision with its inner nodes (ISO 32000-2, 7.7.3). */
import { malformed } from './lexer.ts'
import { pdfLimits } from './limits.ts'
import { isArray, isDict, isReference, type PdfDict, type PdfReference, type PdfValue } from './objects.ts'
import type { Snapshot } from './snapshot.ts'

export interface PageNode {
  readonly reference: PdfReference
  readonly dict: PdfDict
  /** Undefined of a page. */
  readonly kids: readonly PdfReference[] | undefined
}

/**
 * The nodes by object number, in the order of the tree, parents first.
 * @throws SigningError `PDF_MALFORMED` when a node is reached twice or is no dictionary
 */
export function readPageTree(snapshot: Snapshot): ReadonlyMap<number, PageNode> {
  const nodes = new Map<number, PageNode>()
  let position = 0
  const pending: PdfValue[] = [snapshot.catalog.entries.get('Pages') ?? null]
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    if (!isReference(value)) throw malformed(position, 'a node of the page tree is not an indirect object')
    const { number } = value
    if (nodes.has(number)) throw malformed(position, `node ${number} of the page tree is reached twice`)
    if (nodes.size >= pdfLimits.pages) throw malformed(position, 'too many pages')
    snapshot.file.countVisits(1)
    const object = snapshot.target(value)
    position = object?.span?.start ?? position
    if (!isDict(object?.value))
      throw malformed(position, `node ${number} of the page tree is not a dictionary`)
    const kids = snapshot.entry(object.value, 'Kids')
    const references = isArray(kids) ? kids.items.filter(isReference) : undefined
    if (isArray(kids) && references?.length !== kids.items.length)
      throw malformed(position, 'a node of the page tree is not an indirect object')
    nodes.set(number, { reference: value, dict: object.value, kids: references })
    for (const kid of references?.toReversed() ?? []) pending.push(kid)
  }
  return nodes
}
