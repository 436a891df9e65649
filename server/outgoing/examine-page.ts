import type { DocumentServices } from '../documents/document-services.ts'
import { CongvanError } from '../errors.ts'
import { findSecretMarkOnPage, isWithoutText } from '../pages/page-marks.ts'
import { type PageText, readPageText } from '../pages/page-text.ts'

/** What the first page of a file shows. */
export type FirstPage =
  | { readonly kind: 'mark'; readonly mark: string }
  /** A scan, or what cannot be read as text: nobody but a person can tell. */
  | { readonly kind: 'picture' }
  | { readonly kind: 'text' }

/** Judges the first page by its text: a mark of secrecy, no text at all, or text without a mark. Pure. */
export function judgeFirstPage(page: PageText | undefined): FirstPage {
  const mark = page === undefined ? undefined : findSecretMarkOnPage(page)
  if (mark !== undefined) return { kind: 'mark', mark }
  return { kind: isWithoutText(page) ? 'picture' : 'text' }
}

/**
 * Looks at the first page of a file for a mark of secrecy (NĐ 30/2020 Phụ lục I, Phần I, III.2a). What cannot be read
 * counts as a picture.
 */
export async function examineFirstPage(
  { pageText }: Pick<DocumentServices, 'pageText'>,
  bytes: Uint8Array,
): Promise<FirstPage> {
  try {
    const [page] = await readPageText(bytes, { reader: pageText, pages: 1 })
    return judgeFirstPage(page)
  } catch (error) {
    if (error instanceof CongvanError && error.code === 'PAGE_TEXT_UNREADABLE') return { kind: 'picture' }
    throw error
  }
}
