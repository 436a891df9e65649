import { randomUUID } from 'node:crypto'
import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import type { AgencyTransaction } from '../db.ts'
import { vietnamDay } from '../directory/agency-entry.ts'
import { findAgencyById } from '../directory/agency-store.ts'
import { readSettings } from '../documents/agency-settings-store.ts'
import { copyAbbreviations, copyNames, requireCopyRoute } from '../documents/copy-forms.ts'
import { type CopyRecord, insertCopy } from '../documents/copy-store.ts'
import { grantAccess, setRestricted } from '../documents/document-access-store.ts'
import { insertDocument } from '../documents/document-store.ts'
import { CongvanError } from '../errors.ts'
import { assignNumber } from '../registers/register-store.ts'
import { dateLine } from '../registers/vietnam-date.ts'
import { findAuthorityOn } from './copy-authority-store.ts'
import type { CopyRequest } from './copy-request.ts'
import { type FoundSource, findSource } from './copy-source.ts'

/** What stands below the line after the end of the text on paper (NĐ 30/2020 Phụ lục I, Phần II, II.1). */
export interface CopyBlock {
  /** a) `SAO Y`. */
  readonly form: string
  /** b) */
  readonly agency: string
  /** c) `03/SY-UBND`. */
  readonly number: string
  /** d) `Hải Minh, ngày 05 tháng 01 năm 2026`. */
  readonly placeAndDate: string
  /** đ) */
  readonly authority: { readonly competence: string | null; readonly position: string; readonly name: string }
  /** e) Whose seal. */
  readonly seal: string
  /** g) Nơi nhận. */
  readonly recipients: readonly string[]
}

export interface MadeCopy {
  readonly id: string
  /** The document that becomes the electronic copy, in quarantine; null for a copy on paper. */
  readonly documentId: string | null
  /** Form and agency as they stand in the mark of an electronic copy. */
  readonly formName: string
  readonly agency: string
  /** Who makes it. */
  readonly madeBy: string
  /** For a copy on paper; null for an electronic one, which bears no number. */
  readonly block: CopyBlock | null
}

/**
 * Begins a copy: notes who decided it, what it is made of and how many there are (NĐ 30/2020 arts 25, 27).
 *
 * A copy on paper gets its number in the year's one series of copies and is done. An electronic one becomes a document
 * in quarantine that waits for its file: a scan, or of an electronic source the excerpt that was drawn up.
 *
 * @throws CongvanError `COPY_ROUTE_NOT_ALLOWED`, `COPY_SOURCE_WRONG`, `COPY_AUTHORITY_MISSING`, `SECRET_MARK_FOUND`,
 *   `NOT_FOUND`, `INPUT_INVALID` where an excerpt names no part or another copy names one, `AGENCY_SHORT_NAME_MISSING`
 */
export async function makeCopy(
  context: NodeContext,
  actor: UserActor,
  request: CopyRequest,
): Promise<MadeCopy> {
  const now = context.clock()
  if ((request.form === 'trich-sao') !== (request.part !== undefined)) {
    const reason =
      'trích sao cần nêu phần trích, hình thức khác thì không / an excerpt names its part, no other copy does'
    throw new CongvanError('INPUT_INVALID', { field: 'body.part', reason })
  }
  return context.db.asAgency(actor, async (trx) => {
    const { agencyId, userId } = actor
    const day = vietnamDay(now)
    const settings = await readSettings(trx)
    requireCopyRoute(request, settings.allowElectronicExtracts)
    const authority = await findAuthorityOn(trx, request.authorityId, day)
    if (authority === undefined) throw new CongvanError('COPY_AUTHORITY_MISSING', { date: day })
    const found = await findSource(trx, actor, request)
    const agency = await findAgencyById(trx, agencyId, day)
    if (agency === undefined) throw new CongvanError('NOT_FOUND', { what: `agency ${agencyId} on ${day}` })
    // A document of the agency's own is copied under its own name.
    const source = found.source.agency === '' ? { ...found.source, agency: agency.name } : found.source
    const id = randomUUID()
    const isPaper = request.to === 'paper'
    const documentId = isPaper ? null : await insertCopyDocument(trx, actor, found, now)
    const number = isPaper
      ? await numberOnPaper(trx, actor, id, request, source.subject, authority.name, now)
      : null
    const copy: CopyRecord = {
      id,
      form: request.form,
      from: request.from,
      to: request.to,
      documentId,
      sourceDocumentId: found.documentId,
      sourceCopyId: found.copyId,
      sourceSha256: found.sha256,
      source,
      part: request.part ?? null,
      copies: request.copies,
      authorityId: authority.id,
      decidedBy: `${authority.position} ${authority.name}`,
      decidedOn: day,
      madeBy: userId,
      madeAt: now,
      number: number === null ? null : { year: number.year, number: number.number, notation: number.symbol },
    }
    await insertCopy(trx, agencyId, copy)
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, agencyId, {
      kind: 'document.copied',
      subject: documentId === null ? `copy:${id}` : `document:${documentId}`,
      facts: {
        form: request.form,
        from: request.from,
        to: request.to,
        copies: request.copies,
        authority: authority.id,
        ...(found.documentId === null ? {} : { source: found.documentId }),
        ...(found.sha256 === null ? {} : { file: found.sha256 }),
        ...(number === null ? {} : { number: number.number, year: number.year, symbol: number.symbol }),
      },
      personal: { decidedBy: copy.decidedBy },
    })
    const block =
      number === null
        ? null
        : {
            form: copyNames[request.form],
            agency: agency.name,
            number: `${number.printed}/${number.symbol}`,
            placeAndDate: [request.place, dateLine(number.date)]
              .filter((one) => one !== undefined)
              .join(', '),
            authority: {
              competence: authority.competence,
              position: authority.position,
              name: authority.name,
            },
            seal: agency.name,
            recipients: request.recipients,
          }
    return {
      id,
      documentId,
      formName: copyNames[request.form],
      agency: agency.name,
      madeBy: actor.displayName,
      block,
    }
  })
}

/** The electronic copy as a document: it bears number, symbol and date of what was copied, and none of its own. */
async function insertCopyDocument(
  trx: AgencyTransaction,
  actor: UserActor,
  found: FoundSource,
  now: Date,
): Promise<string> {
  const { agencyId, userId } = actor
  const id = randomUUID()
  await insertDocument(trx, {
    id,
    agencyId,
    direction: 'outgoing',
    state: 'quarantined',
    kind: found.source.kind,
    subject: found.source.subject,
    codeNumber: found.codeNumber,
    codeNotation: found.codeNotation,
    promulgationDate: found.source.date,
    place: found.place,
    urgency: 0,
    dueDate: null,
    signer: found.signer,
    recipients: [],
    documentCode: null,
    createdBy: userId,
    createdAt: now,
    incoming: null,
  })
  await grantAccess(trx, { agencyId, documentId: id, userId, as: 'drafter', by: null, at: now })
  if (found.restricted) await setRestricted(trx, id, true, now)
  return id
}

/** One series a year for all copies on paper, from 01 (Phụ lục I, Phần II, II.1c). */
async function numberOnPaper(
  trx: AgencyTransaction,
  actor: UserActor,
  copyId: string,
  request: CopyRequest,
  subject: string,
  signer: string,
  now: Date,
) {
  const { shortName } = await readSettings(trx)
  if (shortName === null) throw new CongvanError('AGENCY_SHORT_NAME_MISSING')
  return assignNumber(trx, {
    agencyId: actor.agencyId,
    series: 'copies',
    documentId: copyId,
    symbol: `${copyAbbreviations[request.form]}-${shortName}`,
    entry: {
      kind: copyNames[request.form],
      subject,
      signer,
      recipients: request.recipients,
      copies: request.copies,
      enteredBy: actor.userId,
    },
    now,
  })
}
