import type { DocumentServices } from '../documents/document-services.ts'
import { CongvanError } from '../errors.ts'
import { plainText, readPageText } from '../pages/page-text.ts'

/** The text of a file, to be searched; empty for a scan and for what cannot be read. */
export async function contentTextOf(
  { pageText }: Pick<DocumentServices, 'pageText'>,
  bytes: Uint8Array,
): Promise<string> {
  try {
    return plainText(await readPageText(bytes, { reader: pageText }))
  } catch (error) {
    if (error instanceof CongvanError && error.code === 'PAGE_TEXT_UNREADABLE') return ''
    throw error
  }
}
