import { randomUUID } from 'node:crypto'
import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import { vietnamDay } from '../directory/agency-entry.ts'
import { requireNotClosed } from '../directory/agency-store.ts'
import { grantAccess } from '../documents/document-access-store.ts'
import { insertDocument } from '../documents/document-store.ts'
import { writeDraft } from '../documents/outgoing-store.ts'
import { CongvanError } from '../errors.ts'
import { checkDraft, type DraftMetadata, findSecretBeside, findSecretInDraft } from './draft-metadata.ts'
import { settleDraft } from './draft-rules.ts'

export interface Drafted {
  readonly id: string
  readonly state: 'quarantined'
}

/**
 * Begins an outgoing document with what is said of it, in quarantine. Until that ends, nothing of its content reaches
 * the log, and answers that are kept for repeated requests carry none of it either.
 *
 * With a mark of secrecy nothing is stored but a log entry without content.
 *
 * @throws CongvanError `SECRET_MARK_FOUND`, `COMPETENCE_WRONG`, `AGENCY_CODE_MALFORMED`, `RECIPIENT_TWICE`,
 *   `PAPER_COPIES_WRONG`, `PAPER_REASON_MISSING`, `REPLY_NOT_TO_ACCEPTED`, `NOT_FOUND`, and for kind, symbol and
 *   advisory body as `kindOfDraft`
 */
export async function draftDocument(
  context: NodeContext,
  actor: UserActor,
  metadata: DraftMetadata,
): Promise<Drafted> {
  checkDraft(metadata)
  const place = metadata.place ?? null
  const signer = {
    name: metadata.signer.name,
    position: metadata.signer.position ?? null,
    competence: metadata.signer.competence ?? null,
  }
  const secret = findSecretInDraft({ ...metadata, place, signer }) ?? findSecretBeside(metadata)
  const now = context.clock()
  const log = { nodeId: context.nodeId, actor, now }
  const { agencyId, userId } = actor
  const outcome = await context.db.asAgency(actor, async (trx) => {
    await requireNotClosed(trx, agencyId, vietnamDay(now))
    const id = randomUUID()
    const subject = `document:${id}`
    if (secret !== undefined) {
      await appendLogEntry(trx, log, agencyId, { kind: 'document.refused-secret', subject })
      return { secret }
    }
    const facts = await settleDraft(trx, actor, metadata, now)
    await insertDocument(trx, {
      id,
      agencyId,
      direction: 'outgoing',
      state: 'quarantined',
      kind: facts.kind,
      subject: facts.subject,
      codeNumber: null,
      codeNotation: facts.symbol,
      promulgationDate: null,
      place: facts.place,
      urgency: facts.urgency,
      dueDate: facts.dueDate,
      signer: facts.signer,
      recipients: facts.recipients,
      documentCode: null,
      createdBy: userId,
      createdAt: now,
      incoming: null,
    })
    await writeDraft(trx, id, facts, now)
    await grantAccess(trx, { agencyId, documentId: id, userId, as: 'drafter', by: userId, at: now })
    await appendLogEntry(trx, log, agencyId, { kind: 'document.drafted', subject })
    return { id }
  })
  if ('secret' in outcome && outcome.secret !== undefined) {
    throw new CongvanError('SECRET_MARK_FOUND', outcome.secret)
  }
  return { id: outcome.id, state: 'quarantined' }
}
