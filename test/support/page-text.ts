import { openPageTextReader, type PageTextReader } from '../../server/pages/page-text.ts'

let shared: PageTextReader | undefined

/** One for all nodes within the test's process: its thread takes longer to start than a letter takes to be read. */
export function sharedPageText(): PageTextReader {
  shared ??= openPageTextReader()
  return shared
}

export async function closePageText(): Promise<void> {
  await shared?.close()
  shared = undefined
}
