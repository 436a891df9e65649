/** The client's side of a document's files: listing, attaching, downloading each byte for byte. */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { CongvanError } from '../../server/errors.ts'
import { type ApiClient, derivedKey } from './api-client.ts'

export const fileForm = z.object({
  position: z.int(),
  kind: z.enum(['main', 'annex', 'attachment']),
  name: z.string(),
  contentType: z.string(),
  sha256: z.string(),
  length: z.int(),
  signature: z.object({ subject: z.string(), indication: z.string() }).nullable(),
  indication: z.string().nullable(),
  findings: z.array(z.string()),
})
export type DocumentFile = z.output<typeof fileForm>

const attachedForm = z.object({
  id: z.uuid(),
  position: z.int(),
  kind: z.string(),
  name: z.string(),
  sha256: z.string(),
})

export async function listFiles(client: ApiClient, id: string): Promise<DocumentFile[]> {
  const form = z.object({ files: z.array(fileForm) })
  return (await client.get(`/documents/${encodeURIComponent(id)}/files`, form)).files
}

/**
 * The bytes of a file, which must be those that the node's own list names.
 *
 * @throws CongvanError `DOWNLOAD_DAMAGED`
 */
export async function downloadFile(
  client: ApiClient,
  id: string,
  file: Pick<DocumentFile, 'position' | 'sha256'>,
): Promise<Uint8Array> {
  const bytes = await client.getBytes(`/documents/${encodeURIComponent(id)}/files/${file.position}`)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  if (sha256 !== file.sha256) throw new CongvanError('DOWNLOAD_DAMAGED', { id })
  return bytes
}

export interface NewAttachment {
  readonly name: string
  readonly kind: 'annex' | 'attachment'
  readonly rename: boolean
  readonly declaredFreeOfSecrets: boolean
}

/** Attaches a file to a draft, once for the same file under the same name however often it is asked. */
export function attachFile(
  client: ApiClient,
  id: string,
  bytes: Uint8Array,
  { name, kind, rename, declaredFreeOfSecrets }: NewAttachment,
): Promise<z.output<typeof attachedForm>> {
  return client.post(`/documents/${encodeURIComponent(id)}/attachments`, attachedForm, {
    bytes,
    contentType: 'application/octet-stream',
    query: {
      name,
      kind,
      rename: rename ? 'true' : undefined,
      declaredFreeOfSecrets: declaredFreeOfSecrets ? 'true' : undefined,
    },
    idempotencyKey: derivedKey(
      'attach',
      id,
      name,
      kind,
      String(rename),
      String(declaredFreeOfSecrets),
      bytes,
    ),
  })
}
