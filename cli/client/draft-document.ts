import { type ApiClient, derivedKey } from './api-client.ts'
import { stateForm } from './forms.ts'

export interface Draft {
  readonly kind: string
  readonly subject: string
  readonly symbol: string
  readonly urgency: number
  readonly recipients: readonly string[]
  readonly signer: { readonly name: string; readonly position?: string; readonly competence?: string }
  readonly place?: string
  readonly dueDate?: string
  /** The clerk's declaration that it holds no state secret; without it the document stays in quarantine. */
  readonly declaredFreeOfSecrets: boolean
}

/**
 * Drafts a document in three requests whose keys come from file and metadata: the same command run again, after
 * whatever failure, finds the same document and goes on where it stopped.
 */
export async function draftDocument(
  client: ApiClient,
  pdf: Uint8Array,
  draft: Draft,
): Promise<{ id: string; state: string }> {
  const { declaredFreeOfSecrets, ...metadata } = draft
  const key = (step: string) => derivedKey(step, pdf, JSON.stringify(metadata))
  const { id } = await client.post('/documents', stateForm, { json: metadata, idempotencyKey: key('draft') })
  const uploaded = await client.post(`/documents/${encodeURIComponent(id)}/file`, stateForm, {
    bytes: pdf,
    idempotencyKey: key('file'),
  })
  if (!declaredFreeOfSecrets) return uploaded
  return client.post(`/documents/${encodeURIComponent(id)}/declaration`, stateForm, {
    json: { stateSecret: false },
    idempotencyKey: key('declaration'),
  })
}
