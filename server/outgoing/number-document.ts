import {
  assertRoomForMark,
  fillTextFields,
  fillValues,
  type IssueMark,
  listFields,
} from '../../signing/index.ts'
import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import { type AgencyTransaction, withNodeTables } from '../db.ts'
import { vietnamDay } from '../directory/agency-entry.ts'
import { requireNotClosed } from '../directory/agency-store.ts'
import { readSettings } from '../documents/agency-settings-store.ts'
import { currentVersion } from '../documents/current-version.ts'
import { requireTransition } from '../documents/document.ts'
import { lockReadable, requireReadable } from '../documents/document-access-store.ts'
import type { DocumentServices } from '../documents/document-services.ts'
import { changeDocument, lockDocument } from '../documents/document-store.ts'
import { lookAhead } from '../documents/look-ahead.ts'
import { changeOutgoing, findOutgoing } from '../documents/outgoing-store.ts'
import { insertRevision, type Revision, readRevisions } from '../documents/revision-store.ts'
import { CongvanError } from '../errors.ts'
import { holdFile } from '../files/file-hold-store.ts'
import { storeFile } from '../files/store-file.ts'
import type { MarkPlaces } from '../pages/mark-places.ts'
import { printedCode } from '../registers/register.ts'
import { type AssignedNumber, assignNumber, findNumber } from '../registers/register-store.ts'
import { printedDate, yearOf } from '../registers/vietnam-date.ts'
import { settleKind } from './draft-rules.ts'
import { fillFontOptions } from './fill-fonts.ts'
import { issueMarkOf, markFonts, readMarkGround, widestMark } from './issue-mark.ts'
import { requirePrintedDate } from './printed-date.ts'

export interface Numbered {
  readonly id: string
  readonly state: 'numbered'
  /** Số and ký hiệu as printed: `05/UBND-VP`. */
  readonly number: string
  /** `YYYY-MM-DD`. */
  readonly date: string
  /** The revision with number and date on the page: what the agency signs. */
  readonly revision: number
  readonly sha256: string
  /** Of a document signed elsewhere, whose page stays as it is: what the agency's signature has to show, and where. */
  readonly mark?: {
    readonly text: IssueMark
    readonly place: MarkPlaces['number']
    /** Real diameter of the agency's seal. */
    readonly sealDiameterMm: number
  }
}

type Assigned = Pick<AssignedNumber, 'number' | 'printed' | 'symbol' | 'date'>

/**
 * Gives a signed document its number and date (NĐ 30/2020 art 15.3) and writes both on the page.
 *
 * 1. One transaction binds the next number to the document. Killed after it, the document has its number and the
 *    page does not show it; asking again goes on from there with the same number.
 * 2. Outside a transaction the revision with the two filled fields is made and stored.
 * 3. A second transaction adds that revision. Whoever comes second finds it done and answers the same.
 *
 * A document that was signed elsewhere has no fields for them: its number is bound and its page stays as it is, since
 * the agency's signature shows both. Before that its box is looked at once more.
 *
 * @throws CongvanError `NOT_FOUND`, `DOCUMENT_STATE_WRONG`, `DOCUMENT_IN_QUARANTINE`, `DATE_PRINTED_DIFFERS`, `NUMBER_TAKEN`,
 *   `STORAGE_FULL`, `STORAGE_DAMAGED`, and as `kindOfDraft` where the agency's series have changed since it was drafted
 */
export async function numberDocument(
  context: NodeContext,
  services: DocumentServices,
  actor: UserActor,
  id: string,
): Promise<Numbered> {
  const now = context.clock()
  await checkPage(context, services, actor, id, vietnamDay(now))
  const assigned = await context.db.asAgency(actor, (trx) => bindNumber(trx, context, actor, id, now))
  const { revision, sha256, places } = await fillPage(context, services, actor, id, assigned)
  return {
    id,
    state: 'numbered',
    number: printedCode(assigned.printed, assigned.symbol),
    date: assigned.date,
    revision,
    sha256,
    ...(places === undefined ? {} : { mark: await markToShow(context, actor, id, assigned, places.number) }),
  }
}

/** The same words at whatever time they are asked for: the agency's name is that of the document's date. */
async function markToShow(
  context: NodeContext,
  actor: UserActor,
  id: string,
  { printed, date }: Assigned,
  place: MarkPlaces['number'],
): Promise<NonNullable<Numbered['mark']>> {
  const scope = { agencyId: actor.agencyId, userId: actor.userId }
  return context.db.asAgency(scope, async (trx) => {
    const ground = await readMarkGround(trx, actor.agencyId, await requireReadable(trx, actor, id), date)
    const { sealDiameterMm } = await readSettings(trx)
    return { text: issueMarkOf(ground, printed, date), place, sealDiameterMm }
  })
}

/** A number is bound for good, so what the page has printed of the date is looked at before. */
async function checkPage(
  context: NodeContext,
  services: DocumentServices,
  actor: UserActor,
  id: string,
  date: string,
): Promise<void> {
  const signed = await lookAhead(() =>
    context.db.asAgency({ agencyId: actor.agencyId, userId: actor.userId }, async (trx) => {
      const document = await requireReadable(trx, actor, id)
      if (document.state !== 'signed') return undefined
      const { base, latest } = currentVersion(await readRevisions(trx, id))
      if (base.places === undefined) return { latest }
      return {
        latest,
        places: base.places,
        ground: await readMarkGround(trx, actor.agencyId, document, date),
      }
    }),
  )
  if (signed === undefined) return
  const bytes = await services.files.read(signed.latest.sha256)
  await requirePrintedDate(services, bytes, date)
  const { places, ground } = signed
  if (places !== undefined && ground !== undefined)
    assertRoomForMark(bytes, places.number, widestMark(ground), markFonts(services.fillFonts))
}

async function bindNumber(
  trx: AgencyTransaction,
  context: NodeContext,
  actor: UserActor,
  id: string,
  now: Date,
): Promise<Assigned> {
  await requireNotClosed(trx, actor.agencyId, vietnamDay(now))
  const document = await lockReadable(trx, actor, id)
  if (document.state === 'numbered') {
    const known = await findNumber(trx, id)
    if (known !== undefined) return known
  }
  const { to } = requireTransition(document.state, 'number')
  const { agencyId } = actor
  const { kind, codeNotation: symbol } = document
  const year = yearOf(vietnamDay(now))
  const outgoing = await findOutgoing(trx, id)
  const { council = null, normative = false } = outgoing ?? {}
  // The agency may have cut its series anew since it was drafted, and the year may have ended.
  const { series } = await settleKind(trx, agencyId, { kind, symbol, council, normative }, [year], now)
  const assigned = await assignNumber(trx, {
    agencyId,
    series,
    documentId: id,
    symbol,
    entry: {
      kind,
      subject: document.subject,
      signer: document.signer.name,
      // Who gets it electronically is entered when it is dispatched.
      recipients: outgoing?.paper?.recipients ?? [],
      copies: outgoing?.paper?.copies ?? null,
      keptBy: outgoing?.keptBy ?? null,
      enteredBy: actor.userId,
    },
    now,
  })
  const codeNumber = assigned.printed
  await changeOutgoing(trx, id, document.state, { numberedBy: actor.userId }, now)
  await changeDocument(trx, id, to, { codeNumber, promulgationDate: assigned.date }, now)
  await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, actor.agencyId, {
    kind: 'document.numbered',
    subject: `document:${id}`,
    facts: {
      number: assigned.number,
      symbol: assigned.symbol,
      date: assigned.date,
      series: assigned.series,
    },
  })
  return assigned
}

async function fillPage(
  context: NodeContext,
  services: DocumentServices,
  actor: UserActor,
  id: string,
  assigned: Assigned,
): Promise<Revision> {
  const scope = { agencyId: actor.agencyId, userId: actor.userId }
  const found = await context.db.asAgency(scope, (trx) => findFill(trx, id))
  if ('fill' in found) return found.fill
  const signed = await services.files.read(found.signed.sha256)
  const printed = { number: assigned.printed, ...printedDate(assigned.date) }
  const filled = await fillTextFields(signed, {
    fields: fillValues(listFields(signed).names, printed),
    ...fillFontOptions(services.fillFonts),
  })
  const file = await storeFile(context, services.files, filled)
  const now = context.clock()
  return context.db.asAgency(scope, async (trx) => {
    const { state } = await lockDocument(trx, id)
    const latest = await findFill(trx, id)
    if ('fill' in latest) return latest.fill
    if (state !== 'numbered') requireTransition(state, 'number')
    const fill: Revision = {
      revision: latest.signed.revision + 1,
      kind: 'fill',
      ...file,
      name: 'da-cap-so.pdf',
      addedBy: actor.userId,
      addedAt: now,
      signature: null,
    }
    await insertRevision(trx, actor.agencyId, id, fill)
    await withNodeTables(trx, (node) => holdFile(node, services.files, file, `document:${id}`, now))
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, actor.agencyId, {
      kind: 'document.number-filled',
      subject: `document:${id}`,
      facts: { revision: fill.revision, file: file.sha256, extends: latest.signed.sha256 },
    })
    return fill
  })
}

/**
 * The fill, or while there is none the signed revision that it will extend. Of a document signed elsewhere the signed
 * revision is what the agency signs.
 */
async function findFill(
  trx: AgencyTransaction,
  id: string,
): Promise<{ fill: Revision } | { signed: Revision }> {
  const revisions = await readRevisions(trx, id)
  const { base, latest } = currentVersion(revisions)
  if (base.places !== undefined) return { fill: { ...latest, places: base.places } }
  const fill = revisions.find((one) => one.kind === 'fill')
  if (fill !== undefined) return { fill }
  const signed = revisions.at(-1)
  if (signed === undefined) throw new CongvanError('DOCUMENT_FILE_MISSING')
  return { signed }
}
