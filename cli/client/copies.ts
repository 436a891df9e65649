/** Making an electronic or paper copy as the clerk (NĐ 30/2020 arts 25 to 27). */
import { z } from 'zod'
import { copyMark, type KeyProvider } from '../../signing/index.ts'
import { type ApiClient, derivedKey } from './api-client.ts'
import { downloadFile, listFiles } from './document-files.ts'
import { revisionForm, stateForm } from './forms.ts'
import { markAndUpload } from './mark-as-agency.ts'

const madeForm = z.object({
  id: z.uuid(),
  documentId: z.uuid().nullable(),
  formName: z.enum(['SAO Y', 'SAO LỤC', 'TRÍCH SAO']),
  agency: z.string(),
  madeBy: z.string(),
  block: z
    .object({
      form: z.string(),
      agency: z.string(),
      number: z.string(),
      placeAndDate: z.string(),
      authority: z.object({ competence: z.string().nullable(), position: z.string(), name: z.string() }),
      seal: z.string(),
      recipients: z.array(z.string()),
    })
    .nullable(),
})
export type MadeCopy = z.output<typeof madeForm>

/** Begins a copy, once for the same request and file however often it is asked. */
export function makeCopy(client: ApiClient, request: object, file?: Uint8Array): Promise<MadeCopy> {
  const idempotencyKey = derivedKey('copy', JSON.stringify(request), file ?? '')
  return client.post('/copies', madeForm, { json: request, idempotencyKey })
}

/**
 * Brings the file of an electronic copy up, declares it clean, signs it as the agency with form, agency and time in its
 * corner, and issues it. Run again after any failure it goes on where it stopped.
 */
export async function finishCopy(
  client: ApiClient,
  made: MadeCopy & { readonly documentId: string },
  file: Uint8Array,
  key: KeyProvider,
  now: Date,
): Promise<{ state: string; sha256: string }> {
  const id = made.documentId
  const path = `/documents/${encodeURIComponent(id)}`
  const { state } = await client.get(path, stateForm)
  if (state === 'quarantined') {
    await client.post(`${path}/scan`, stateForm, { bytes: file })
    const json = { stateSecret: false, scanDeclared: true }
    await client.post(`${path}/declaration`, stateForm, { json })
  }
  const [stored] = await listFiles(client, id)
  if (stored === undefined || (state !== 'quarantined' && state !== 'draft')) {
    return { state, sha256: stored?.sha256 ?? '' }
  }
  const pdf = await downloadFile(client, id, stored)
  const mark = {
    draw: (font: Uint8Array) => copyMark(made.formName, made.agency, now, font),
    // Seen in the signature itself as well: that it was converted, and by whom (Luật GDĐT 20/2023/QH15 art 12.1c).
    reason: `${made.formName}: ${made.agency}; người thực hiện: ${made.madeBy}`,
  }
  const issued = await markAndUpload(pdf, key, now, mark, (bytes) =>
    client.post(`${path}/copy-signature`, revisionForm, { bytes }),
  )
  return { state: issued.state, sha256: issued.sha256 }
}
