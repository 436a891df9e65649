/** The rules of a draft that need the agency's data: its settings, its incoming documents, the directory. */
import type { UserActor } from '../actor.ts'
import { addDays } from '../calendar/working-days.ts'
import type { AgencyTransaction } from '../db.ts'
import { vietnamDay } from '../directory/agency-entry.ts'
import { namesOfAgencies } from '../directory/agency-name-store.ts'
import { findAgencyById } from '../directory/agency-store.ts'
import { readSettings } from '../documents/agency-settings-store.ts'
import type { DocumentState } from '../documents/document.ts'
import { requireReadable } from '../documents/document-access-store.ts'
import type { DraftFacts, Paper } from '../documents/outgoing-store.ts'
import { CongvanError } from '../errors.ts'
import { type DraftKind, type DraftKindQuestion, kindOfDraft } from '../registers/kind-of-draft.ts'
import { readSeriesRules } from '../registers/series-store.ts'
import { yearOf } from '../registers/vietnam-date.ts'
import { copiesNeeded, type DraftMetadata } from './draft-metadata.ts'

/** States of an incoming document that stands in the register: from then on it can be answered. */
const registered: ReadonlySet<DocumentState> = new Set(['accepted', 'assigned', 'processing', 'completed'])

/**
 * What is written of a draft: what was said of it, held against the agency's own data, with what the agency has
 * decided where nothing was said.
 *
 * @throws CongvanError `REPLY_NOT_TO_ACCEPTED`, `PAPER_REASON_MISSING`, `NOT_FOUND` for an unknown `inReplyTo`, and as
 *   `kindOfDraft`
 */
export async function settleDraft(
  trx: AgencyTransaction,
  actor: UserActor,
  metadata: DraftMetadata,
  now: Date,
): Promise<DraftFacts> {
  const settings = await readSettings(trx)
  const { council = null, normative } = metadata
  const year = yearOf(vietnamDay(now))
  // What is drafted at the end of a year may be issued in the next one.
  const asked = { kind: metadata.kind, symbol: metadata.symbol, council, normative }
  const kind = await settleKind(trx, actor.agencyId, asked, [year, year + 1], now)
  const inReplyTo = metadata.inReplyTo ?? null
  if (inReplyTo !== null) await requireRegistered(trx, actor, inReplyTo)
  const paper = paperOf(metadata)
  if (paper !== null) {
    await requireReason(trx, metadata, paper, settings.electronicOnlyKinds.includes(kind.name), now)
  }
  const days = settings.defaultDueDays[kind.name]
  const usual = days === undefined ? null : addDays(vietnamDay(now), days)
  return {
    kind: kind.name,
    subject: metadata.subject,
    symbol: metadata.symbol,
    council: kind.council,
    normative: kind.normative,
    urgency: metadata.urgency,
    place: metadata.place ?? null,
    signer: {
      name: metadata.signer.name,
      position: metadata.signer.position ?? null,
      competence: metadata.signer.competence ?? null,
    },
    recipients: metadata.recipients,
    dueDate: metadata.dueDate ?? usual,
    inReplyTo,
    paper,
    keptBy: metadata.keptBy ?? null,
    keptCopies: metadata.keptCopies,
    draftingUnit: metadata.draftingUnit ?? null,
    draftingAssignedBy: metadata.draftingAssignedBy ?? null,
  }
}

/**
 * The kind of a draft and its series, by the agency's rules of the year.
 *
 * @param years of issue that the symbol of a normative document may bear; the first one's rules hold
 * @throws CongvanError as `kindOfDraft`
 */
export async function settleKind(
  trx: AgencyTransaction,
  agencyId: string,
  asked: DraftKindQuestion,
  years: readonly [number, ...number[]],
  now: Date,
): Promise<DraftKind> {
  const { rules } = await readSeriesRules(trx, years[0])
  const { shortName } = await readSettings(trx)
  const agency = await findAgencyById(trx, agencyId, vietnamDay(now))
  return kindOfDraft(asked, { rules, years, central: agency?.level === 'central', shortName })
}

async function requireRegistered(trx: AgencyTransaction, actor: UserActor, id: string): Promise<void> {
  const { direction, state } = await requireReadable(trx, actor, id)
  if (direction !== 'incoming' || !registered.has(state)) {
    throw new CongvanError('REPLY_NOT_TO_ACCEPTED', { id })
  }
}

function paperOf(metadata: DraftMetadata): Paper | null {
  const { paper } = metadata
  if (paper === undefined) return null
  return {
    recipients: paper.recipients,
    copies: paper.copies ?? copiesNeeded(metadata),
    reason: paper.reason ?? null,
  }
}

/** Paper for whom the document reaches electronically needs a reason (Luật GDĐT art 42.2; NB161 art 6). */
async function requireReason(
  trx: AgencyTransaction,
  metadata: DraftMetadata,
  paper: Paper,
  electronicOnly: boolean,
  now: Date,
): Promise<void> {
  if (paper.reason !== null) return
  const connected =
    paper.recipients.length === 0
      ? metadata.recipients
      : await namesOfAgencies(trx, paper.recipients, vietnamDay(now))
  if (connected.length === 0 && !electronicOnly) return
  const shown = connected.length === 0 ? paper.recipients : connected
  throw new CongvanError('PAPER_REASON_MISSING', { recipients: shown.slice(0, 10).join(', ') })
}
