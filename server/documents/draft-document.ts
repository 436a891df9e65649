import { randomUUID } from 'node:crypto'
import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import { CongvanError } from '../errors.ts'
import { insertDocument } from './document-store.ts'
import { checkDraft, type DraftMetadata, findSecretInDraft } from './draft-metadata.ts'

export interface Drafted {
  readonly id: string
  readonly state: 'quarantined'
}

/**
 * Begins an outgoing document with what the clerk says of it, in quarantine. Until that ends, nothing of its
 * content reaches the log, and answers that are kept for repeated requests carry none of it either.
 *
 * With a mark of secrecy nothing is stored but a log entry without content.
 *
 * @throws CongvanError `SECRET_MARK_FOUND`, `DOCUMENT_KIND_UNKNOWN`, `SYMBOL_WRONG`, `AGENCY_CODE_MALFORMED`,
 *   `INPUT_INVALID`
 */
export async function draftDocument(
  context: NodeContext,
  actor: UserActor,
  metadata: DraftMetadata,
): Promise<Drafted> {
  const kind = checkDraft(metadata)
  const place = metadata.place ?? null
  const signer = {
    name: metadata.signer.name,
    position: metadata.signer.position ?? null,
    competence: metadata.signer.competence ?? null,
  }
  const secret = findSecretInDraft({ ...metadata, place, signer })
  const now = context.clock()
  const log = { nodeId: context.nodeId, actor, now }
  const outcome = await context.db.asAgency(actor, async (trx) => {
    const id = randomUUID()
    const subject = `document:${id}`
    if (secret !== undefined) {
      await appendLogEntry(trx, log, actor.agencyId, { kind: 'document.refused-secret', subject })
      return { secret }
    }
    await insertDocument(trx, {
      id,
      agencyId: actor.agencyId,
      direction: 'outgoing',
      state: 'quarantined',
      kind: kind.name,
      subject: metadata.subject,
      codeNumber: null,
      codeNotation: metadata.symbol,
      promulgationDate: null,
      place,
      urgency: metadata.urgency,
      dueDate: metadata.dueDate ?? null,
      signer,
      recipients: metadata.recipients,
      documentCode: null,
      createdBy: actor.userId,
      createdAt: now,
      incoming: null,
    })
    await appendLogEntry(trx, log, actor.agencyId, { kind: 'document.drafted', subject })
    return { id }
  })
  if ('secret' in outcome && outcome.secret !== undefined) {
    throw new CongvanError('SECRET_MARK_FOUND', outcome.secret)
  }
  return { id: outcome.id, state: 'quarantined' }
}
