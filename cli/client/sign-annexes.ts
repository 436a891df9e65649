import { annexMark, type KeyProvider } from '../../signing/index.ts'
import type { ApiClient } from './api-client.ts'
import { downloadFile, listFiles } from './document-files.ts'
import { revisionOfFile } from './forms.ts'
import { markAndUpload } from './mark-as-agency.ts'

/**
 * Signs every separate PDF of a numbered document as the agency (NĐ 30/2020 Phụ lục I, II.8b): number and symbol and
 * the time of signing stand in its corner. Files that are signed already are left alone, so it may be run again after
 * any failure.
 *
 * @param code số and ký hiệu as printed: `05/UBND-VP`
 * @returns the positions that were signed now
 */
export async function signAnnexes(
  client: ApiClient,
  id: string,
  code: string,
  key: KeyProvider,
  now: Date,
): Promise<number[]> {
  const unsigned = (await listFiles(client, id)).filter(
    (file) => file.kind !== 'main' && file.contentType === 'application/pdf' && file.signature === null,
  )
  for (const file of unsigned) {
    const pdf = await downloadFile(client, id, file)
    const path = `/documents/${encodeURIComponent(id)}/files/${file.position}/signature`
    await markAndUpload(pdf, key, now, { draw: (font) => annexMark(code, now, font) }, (bytes) =>
      client.post(path, revisionOfFile, { bytes }),
    )
  }
  return unsigned.map((file) => file.position)
}
