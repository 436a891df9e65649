/** The page tree of one revision (ISO 32000-2, 7.7.3). */
import { malformed } from './lexer.ts'
import { pdfLimits } from './limits.ts'
import { isArray, isDict, isReference, type PdfDict, type PdfReference, type PdfValue } from './objects.ts'
import type { Snapshot } from './snapshot.ts'

export interface Page {
  readonly reference: PdfReference
  readonly dict: PdfDict
}

/** The pages in order. @throws SigningError `PDF_MALFORMED` when a node is reached twice or is no dictionary */
export function readPages(snapshot: Snapshot): Page[] {
  const pages: Page[] = []
  const seen = new Set<number>()
  let position = 0
  const pending: PdfValue[] = [snapshot.catalog.entries.get('Pages') ?? null]
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    if (!isReference(value)) throw malformed(position, 'a node of the page tree is not an indirect object')
    if (seen.has(value.number))
      throw malformed(position, `node ${value.number} of the page tree is reached twice`)
    if (seen.size >= pdfLimits.pages) throw malformed(position, 'too many pages')
    seen.add(value.number)
    snapshot.file.countVisits(1)
    const object = snapshot.target(value)
    position = object?.span?.start ?? position
    const dict = object?.value
    if (!isDict(dict)) throw malformed(position, `node ${value.number} of the page tree is not a dictionary`)
    const kids = snapshot.entry(dict, 'Kids')
    if (isArray(kids)) pending.push(...[...kids.items].reverse())
    else pages.push({ reference: value, dict })
  }
  return pages
}
