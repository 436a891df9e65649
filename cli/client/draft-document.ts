import { CongvanError } from '../../server/errors.ts'
import { type ApiClient, derivedKey } from './api-client.ts'
import { stateForm } from './forms.ts'

export interface Draft {
  readonly kind: string
  readonly subject: string
  readonly symbol: string
  /** The advisory body in whose name it is issued. */
  readonly council?: string
  /** Legal normative, where its kind can be both. */
  readonly normative?: boolean
  readonly urgency: number
  readonly recipients: readonly string[]
  readonly signer: { readonly name: string; readonly position?: string; readonly competence?: string }
  readonly place?: string
  readonly dueDate?: string
  /** Id of the incoming document that it answers. */
  readonly inReplyTo?: string
  /** Given: it goes out on paper too. */
  readonly paper?: {
    readonly recipients: readonly string[]
    readonly copies?: number
    readonly reason?: string
  }
  readonly keptBy?: string
  readonly keptCopies?: number
  readonly draftingUnit?: string
  readonly draftingAssignedBy?: string
  /** The clerk's declaration that it holds no state secret; without it the document stays in quarantine. */
  readonly declaredFreeOfSecrets: boolean
  /** Of a scan: that its first page was looked at and bears no mark of secrecy. */
  readonly scanDeclared?: boolean
  /** Query of the upload: who signs in which order, places of fields. */
  readonly letter?: Readonly<Record<string, string>>
}

/** How often the same file and metadata may be drafted anew after being given up. */
const MOST_ROUNDS = 100

/**
 * Drafts a document in three requests whose keys come from file and metadata: the same command run again, after
 * whatever failure, finds the same document and goes on where it stopped. One that was cancelled or erased since is
 * drafted anew.
 */
export async function draftDocument(
  client: ApiClient,
  pdf: Uint8Array,
  draft: Draft,
): Promise<{ id: string; state: string }> {
  const { declaredFreeOfSecrets, scanDeclared = false, letter = {}, ...metadata } = draft
  let id = ''
  let round = 0
  const key = (step: string) => derivedKey(step, pdf, JSON.stringify(metadata), String(round))
  for (; round < MOST_ROUNDS; round += 1) {
    const made = await client.post('/documents', stateForm, { json: metadata, idempotencyKey: key('draft') })
    id = made.id
    if (!(await isGivenUp(client, id))) break
  }
  const uploaded = await client.post(`/documents/${encodeURIComponent(id)}/file`, stateForm, {
    bytes: pdf,
    query: letter,
    idempotencyKey: key(Object.keys(letter).length === 0 ? 'file' : `file ${JSON.stringify(letter)}`),
  })
  if (!declaredFreeOfSecrets) return uploaded
  return client.post(`/documents/${encodeURIComponent(id)}/declaration`, stateForm, {
    json: { stateSecret: false, scanDeclared },
    idempotencyKey: key(scanDeclared ? 'declaration-of-scan' : 'declaration'),
  })
}

async function isGivenUp(client: ApiClient, id: string): Promise<boolean> {
  try {
    return (await client.get(`/documents/${encodeURIComponent(id)}`, stateForm)).state === 'cancelled'
  } catch (error) {
    if (error instanceof CongvanError && error.code === 'NOT_FOUND') return true
    throw error
  }
}
