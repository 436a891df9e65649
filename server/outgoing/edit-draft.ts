import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import { requireNoCopy } from '../documents/copy-store.ts'
import { requireTransition } from '../documents/document.ts'
import { lockOwnDraft } from '../documents/document-access-store.ts'
import { type DocumentRow, readDocument } from '../documents/document-store.ts'
import { findOutgoing, type OutgoingPart, writeDraft } from '../documents/outgoing-store.ts'
import { CongvanError } from '../errors.ts'
import { requireVersion } from '../http/route.ts'
import { normativeKind } from '../registers/series.ts'
import {
  checkDraft,
  type DraftChange,
  type DraftMetadata,
  findSecretBeside,
  findSecretInDraft,
} from './draft-metadata.ts'
import { settleDraft } from './draft-rules.ts'

export interface DraftEdit {
  readonly id: string
  readonly change: DraftChange
  /** The version that the change is based on. */
  readonly ifMatch: number | undefined
}

export interface DraftEdited {
  readonly id: string
  readonly state: DocumentRow['state']
  readonly version: number
}

/**
 * Changes what was said of a draft. Checks made before do not count any more. A document that was presented or signed
 * is returned first: who signs has approved what was said of it, its urgency among it (NĐ 30/2020 art 11.2, Phụ lục I
 * III.2b).
 *
 * @throws CongvanError `VERSION_STALE`, `NOT_FOUND`, `DRAFT_NOT_YOURS`, `DOCUMENT_STATE_WRONG`, and as `draftDocument`
 */
export async function editDraft(
  context: NodeContext,
  actor: UserActor,
  edit: DraftEdit,
): Promise<DraftEdited> {
  const now = context.clock()
  const log = { nodeId: context.nodeId, actor, now }
  const subject = `document:${edit.id}`
  const outcome = await context.db.asAgency(actor, async (trx) => {
    const document = await lockOwnDraft(trx, actor, edit.id)
    requireVersion(document.version, edit.ifMatch)
    requireTransition(document.state, 'edit')
    await requireNoCopy(trx, edit.id)
    const outgoing = await findOutgoing(trx, edit.id)
    if (outgoing === undefined) throw new CongvanError('NOT_FOUND', { what: subject })
    const metadata = merge(document, outgoing, edit.change)
    checkDraft(metadata)
    const { signer } = metadata
    const said = {
      ...metadata,
      place: metadata.place ?? null,
      signer: { ...signer, position: signer.position ?? null, competence: signer.competence ?? null },
    }
    const secret = findSecretInDraft(said) ?? findSecretBeside(metadata)
    if (secret !== undefined) {
      await appendLogEntry(trx, log, actor.agencyId, { kind: 'document.refused-secret', subject })
      return { secret }
    }
    const facts = await settleDraft(trx, actor, metadata, now)
    // What was emptied stays empty; the agency's usual deadline is for new drafts.
    await writeDraft(trx, edit.id, { ...facts, dueDate: metadata.dueDate ?? null }, now)
    await appendLogEntry(trx, log, actor.agencyId, {
      kind: 'document.edited',
      subject,
      facts: { fields: Object.keys(edit.change).sort() },
    })
    const { state, version } = await readDocument(trx, edit.id)
    return { edited: { id: edit.id, state, version } }
  })
  if ('secret' in outcome && outcome.secret !== undefined) {
    throw new CongvanError('SECRET_MARK_FOUND', outcome.secret)
  }
  return outcome.edited
}

/** The draft as it would have been said anew: what a change leaves out stays, null empties it. */
function merge(document: DocumentRow, outgoing: OutgoingPart, change: DraftChange): DraftMetadata {
  const keep = <T>(changed: T | null | undefined, stored: T | null): T | undefined =>
    (changed === undefined ? stored : changed) ?? undefined
  const { signer } = document
  const { paper } = outgoing
  const optional = {
    place: keep(change.place, document.place),
    dueDate: keep(change.dueDate, document.dueDate),
    council: keep(change.council, outgoing.council),
    inReplyTo: keep(change.inReplyTo, outgoing.inReplyTo),
    paper: keep(
      change.paper,
      paper === null
        ? null
        : {
            recipients: [...paper.recipients],
            ...(change.recipients === undefined && change.keptCopies === undefined
              ? { copies: paper.copies }
              : {}),
            ...(paper.reason === null ? {} : { reason: paper.reason }),
          },
    ),
    keptBy: keep(change.keptBy, outgoing.keptBy),
    draftingUnit: keep(change.draftingUnit, outgoing.draftingUnit),
    draftingAssignedBy: keep(change.draftingAssignedBy, outgoing.draftingAssignedBy),
  }
  const given = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined))
  return {
    kind: change.kind ?? document.kind,
    subject: change.subject ?? document.subject,
    symbol: change.symbol ?? document.codeNotation,
    normative: change.normative ?? stillNormative(outgoing, document.kind, change.kind),
    urgency: change.urgency ?? document.urgency,
    signer: change.signer ?? {
      name: signer.name,
      ...(signer.position === null ? {} : { position: signer.position }),
      ...(signer.competence === null ? {} : { competence: signer.competence }),
    },
    recipients: change.recipients ?? [...document.recipients],
    keptCopies: change.keptCopies ?? outgoing.keptCopies,
    ...(given as Partial<DraftMetadata>),
  }
}

/** A kind that is normative by itself says nothing of the one that it is changed to. */
function stillNormative({ normative }: OutgoingPart, kind: string, changed: string | undefined): boolean {
  return normative && (changed === undefined || normativeKind(kind) === undefined)
}
