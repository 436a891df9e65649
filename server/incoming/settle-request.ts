import type { UserActor } from '../actor.ts'
import type { AgencyTransaction } from '../db.ts'
import type { DocumentServices } from '../documents/document-services.ts'
import type { DocumentRow } from '../documents/document-store.ts'
import { decideRequest, type IncomingRequest, type RequestedChange } from '../documents/request-store.ts'

/** What a clerk answers to the sender of a received document who takes it back, or changes what was said of it. */
export interface RequestAnswer {
  /** The document that it is about, not the one that asks. */
  readonly id: string
  readonly agree: boolean
  /** In the clerk's words, which the sender reads. */
  readonly text?: string | undefined
  /** The version that the clerk has read; left out: whichever is there. */
  readonly ifMatch?: number | undefined
}

export interface Settling {
  readonly request: IncomingRequest
  /** The document that brought the request. */
  readonly notice: DocumentRow
  /** What the sender is told was done, before the clerk's words. */
  readonly done: string
  /** Of an agreed update: what stood there before. */
  readonly previous?: RequestedChange | undefined
  /** The envelope of a document whose content was given up. */
  readonly givenUp?: string | undefined
}

/**
 * Notes the answer beside the request and lets the sender be told 15 or 16, all in the caller's transaction. The answer
 * goes back the way the request came: it is a status of the envelope that brought it.
 */
export async function settleRequest(
  trx: AgencyTransaction,
  { announce }: Pick<DocumentServices, 'announce'>,
  actor: UserActor,
  { agree, text }: RequestAnswer,
  { request, notice, done, previous, givenUp }: Settling,
  at: Date,
): Promise<void> {
  await decideRequest(trx, request.id, {
    state: agree ? 'agreed' : 'declined',
    by: { userId: actor.userId, name: actor.displayName },
    at,
    text: text ?? null,
    ...(previous === undefined ? {} : { previous }),
  })
  if (notice.incoming === null) return
  const { envelopeSha256, recipientCode, senderCode } = notice.incoming
  await announce(trx, {
    documentId: notice.id,
    documentCode: notice.documentCode ?? '',
    envelopeSha256,
    recipientCode,
    senderCode,
    code: agree ? '15' : '16',
    description: text === undefined ? done : `${done}: ${text}`,
    at,
    ...(givenUp === undefined ? {} : { givenUp }),
  })
}
