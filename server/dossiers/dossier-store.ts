/** The only SQL of `dossiers`, `dossier_members` and `dossier_documents`. */
import { randomUUID } from 'node:crypto'
import type { Knex } from 'knex'
import type { AgencyTransaction } from '../db.ts'
import { sqlState, UNIQUE_VIOLATION } from '../db.ts'
import type { DocumentState } from '../documents/document.ts'
import type { Reader } from '../documents/document-list-store.ts'
import { SECRET_SUBJECT } from '../documents/document-store.ts'
import { CongvanError } from '../errors.ts'
import type { Dossier, DossierState, FiledDocument, MemberRole } from './dossier.ts'

interface Row {
  readonly id: string
  readonly agency_id: string
  readonly code: string
  readonly year: number
  readonly notation: string
  readonly title: string
  readonly retention_years: number | null
  readonly in_catalogue: boolean
  readonly maker: string
  readonly language: string
  readonly started_on: string
  readonly ended_on: string | null
  readonly restricted: boolean
  readonly state: DossierState
  readonly version: number
  readonly created_at: Date
  readonly closed_at: Date | null
}

function fromRow(row: Row): Dossier {
  return {
    id: row.id,
    agencyId: row.agency_id,
    code: row.code,
    year: row.year,
    notation: row.notation,
    title: row.title,
    retentionYears: row.retention_years,
    inCatalogue: row.in_catalogue,
    maker: row.maker,
    language: row.language,
    startedOn: row.started_on,
    endedOn: row.ended_on,
    restricted: row.restricted,
    state: row.state,
    version: row.version,
    createdAt: row.created_at,
    closedAt: row.closed_at,
  }
}

/** @throws CongvanError `DOSSIER_EXISTS` */
export async function insertDossier(
  trx: AgencyTransaction,
  dossier: Omit<Dossier, 'state' | 'version' | 'closedAt' | 'endedOn'>,
): Promise<void> {
  try {
    await trx('dossiers').insert({
      agency_id: dossier.agencyId,
      id: dossier.id,
      code: dossier.code,
      year: dossier.year,
      notation: dossier.notation,
      title: dossier.title,
      retention_years: dossier.retentionYears,
      in_catalogue: dossier.inCatalogue,
      maker: dossier.maker,
      language: dossier.language,
      started_on: dossier.startedOn,
      restricted: dossier.restricted,
      created_at: dossier.createdAt,
    })
  } catch (error) {
    if (sqlState(error) !== UNIQUE_VIOLATION) throw error
    const { year, notation } = dossier
    throw new CongvanError('DOSSIER_EXISTS', { year, notation }, { cause: error })
  }
}

/** What a keeper may still change of an open dossier, and what closing and restricting change. */
export interface DossierChange {
  readonly title?: string
  readonly retentionYears?: number | null
  readonly restricted?: boolean
  readonly closed?: { readonly by: string; readonly at: Date; readonly endedOn: string }
}

export async function changeDossier(
  trx: AgencyTransaction,
  id: string,
  change: DossierChange,
): Promise<void> {
  const { closed } = change
  await trx('dossiers')
    .where({ id })
    .update({
      ...(change.title === undefined ? {} : { title: change.title }),
      ...(change.retentionYears === undefined ? {} : { retention_years: change.retentionYears }),
      ...(change.restricted === undefined ? {} : { restricted: change.restricted }),
      ...(closed === undefined
        ? {}
        : { state: 'closed', closed_by: closed.by, closed_at: closed.at, ended_on: closed.endedOn }),
    })
}

/** A dossier and what the reader is in it; `null`: no member. */
export interface SeenDossier {
  readonly dossier: Dossier
  readonly role: MemberRole | null
}

/**
 * A dossier that the reader may see, locked until the transaction ends where `lock` is set.
 *
 * @throws CongvanError `NOT_FOUND`, also where the reader may not see it
 */
export async function readDossier(
  trx: AgencyTransaction,
  reader: Reader,
  id: string,
  lock = false,
): Promise<SeenDossier> {
  const select = trx('dossiers').where({ id })
  const row: Row | undefined = await (lock ? select.forNoKeyUpdate() : select).first('*')
  const member = await trx('dossier_members')
    .where({ dossier_id: id, user_id: reader.userId })
    .whereNull('withdrawn_at')
    .first<{ role: MemberRole } | undefined>('role')
  const open = row !== undefined && reader.readsAll && !row.restricted
  if (row === undefined || (member === undefined && !open)) {
    throw new CongvanError('NOT_FOUND', { what: `dossier ${id}` })
  }
  return { dossier: fromRow(row), role: member?.role ?? null }
}

/** Locks a dossier until the transaction ends, for who need not see it. @throws CongvanError `NOT_FOUND` */
export async function lockDossier(trx: AgencyTransaction, id: string): Promise<Dossier> {
  const row = await trx('dossiers').where({ id }).forNoKeyUpdate().first<Row | undefined>('*')
  if (row === undefined) throw new CongvanError('NOT_FOUND', { what: `dossier ${id}` })
  return fromRow(row)
}

export interface DossierQuery {
  readonly reader: Reader
  readonly state?: DossierState
  readonly year?: number
  /** The account of the maker. */
  readonly maker?: string
  /** Dossiers that hold this document. */
  readonly documentId?: string
  readonly after?: { readonly createdAt: Date; readonly id: string }
  readonly limit: number
}

/** Dossiers that the reader may see, newest first. */
export async function listDossiers(trx: AgencyTransaction, query: DossierQuery): Promise<Dossier[]> {
  const select = readable(trx, query.reader)
    .orderBy([
      { column: 'd.created_at', order: 'desc' },
      { column: 'd.id', order: 'desc' },
    ])
    .limit(query.limit)
  const equal = { 'd.state': query.state, 'd.year': query.year, 'd.maker': query.maker }
  for (const [column, value] of Object.entries(equal)) if (value !== undefined) select.where(column, value)
  if (query.documentId !== undefined) {
    const filed = trx('dossier_documents').where('document_id', query.documentId).whereNull('removed_at')
    select.whereIn('d.id', filed.select('dossier_id'))
  }
  if (query.after !== undefined) {
    select.whereRaw('(d.created_at, d.id) < (?, ?)', [query.after.createdAt, query.after.id])
  }
  const rows: Row[] = await select.select('d.*')
  return rows.map(fromRow)
}

function readable(trx: AgencyTransaction, { userId, readsAll }: Reader): Knex.QueryBuilder {
  const mine = trx('dossier_members').where('user_id', userId).whereNull('withdrawn_at').select('dossier_id')
  const select = trx('dossiers as d')
  return readsAll
    ? select.where((seen) => seen.whereRaw('not d.restricted').orWhereIn('d.id', mine))
    : select.whereIn('d.id', mine)
}

export interface Member {
  readonly userId: string
  readonly role: MemberRole
  readonly by: string
  readonly at: Date
  readonly reason: string | null
}

/** @returns whether it changed anything: false where the person is a member in this role already */
export async function insertMember(
  trx: AgencyTransaction,
  agencyId: string,
  dossierId: string,
  member: Member,
): Promise<boolean> {
  const before = await trx('dossier_members')
    .where({ dossier_id: dossierId, user_id: member.userId })
    .whereNull('withdrawn_at')
    .first<{ role: MemberRole } | undefined>('role')
  if (before?.role === member.role) return false
  if (before !== undefined) {
    const reason = member.reason ?? member.role
    await withdrawMember(trx, dossierId, member.userId, { by: member.by, at: member.at, reason })
  }
  await trx('dossier_members').insert({
    agency_id: agencyId,
    id: randomUUID(),
    dossier_id: dossierId,
    user_id: member.userId,
    role: member.role,
    granted_by: member.by,
    granted_at: member.at,
    reason: member.reason,
  })
  return true
}

/** @returns whether the person was a member */
export async function withdrawMember(
  trx: AgencyTransaction,
  dossierId: string,
  userId: string,
  { by, at, reason }: { readonly by: string; readonly at: Date; readonly reason: string },
): Promise<boolean> {
  const changed = await trx('dossier_members')
    .where({ dossier_id: dossierId, user_id: userId })
    .whereNull('withdrawn_at')
    .update({ withdrawn_by: by, withdrawn_at: at, withdraw_reason: reason })
  return changed > 0
}

/** Who is a member now, oldest first. */
export async function readMembers(trx: AgencyTransaction, dossierId: string): Promise<Member[]> {
  const rows: {
    user_id: string
    role: MemberRole
    granted_by: string
    granted_at: Date
    reason: string | null
  }[] = await trx('dossier_members')
    .where({ dossier_id: dossierId })
    .whereNull('withdrawn_at')
    .orderBy(['granted_at', 'user_id'])
    .select('user_id', 'role', 'granted_by', 'granted_at', 'reason')
  return rows.map((row) => ({
    userId: row.user_id,
    role: row.role,
    by: row.granted_by,
    at: row.granted_at,
    reason: row.reason,
  }))
}

export interface Filing {
  readonly agencyId: string
  readonly dossierId: string
  readonly documentId: string
  readonly note: string | null
  readonly by: string
  readonly at: Date
}

/** @returns false when the dossier holds the document already */
export async function insertFiled(trx: AgencyTransaction, filing: Filing): Promise<boolean> {
  const rows = await trx('dossier_documents')
    .insert({
      agency_id: filing.agencyId,
      id: randomUUID(),
      dossier_id: filing.dossierId,
      document_id: filing.documentId,
      note: filing.note,
      filed_by: filing.by,
      filed_at: filing.at,
    })
    .onConflict(trx.raw('(agency_id, dossier_id, document_id) where removed_at is null'))
    .ignore()
    .returning('id')
  return rows.length > 0
}

/** Takes a document out; that it was in stays known. @returns whether it was in */
export async function removeFiled(
  trx: AgencyTransaction,
  { dossierId, documentId }: { readonly dossierId: string; readonly documentId: string },
  { by, at, reason }: { readonly by: string; readonly at: Date; readonly reason: string },
): Promise<boolean> {
  const changed = await trx('dossier_documents')
    .where({ dossier_id: dossierId, document_id: documentId })
    .whereNull('removed_at')
    .update({ removed_by: by, removed_at: at, remove_reason: reason })
  return changed > 0
}

interface FiledRow {
  readonly document_id: string
  readonly ordinal: string
  readonly code_number: string | null
  readonly code_notation: string
  readonly promulgation_date: string | null
  readonly kind: string
  readonly subject: string
  readonly author: string | null
  readonly state: DocumentState
  readonly restricted: boolean
  readonly note: string | null
  readonly filed_by: string
  readonly filed_at: Date
  readonly sha256: string | null
}

/**
 * What lies in a dossier, in its order: the fixed one of a closed dossier, or by the dates of the documents and then by
 * the time of filing (art 29.1b).
 */
export async function readFiled(trx: AgencyTransaction, dossierId: string): Promise<FiledDocument[]> {
  const { rows } = await trx.raw<{ rows: FiledRow[] }>(
    `select f.document_id, row_number() over (order by f.ordinal, coalesce(d.promulgation_date,
         (d.created_at at time zone 'Asia/Ho_Chi_Minh')::date), f.filed_at, f.id) as ordinal,
       d.code_number, d.code_notation, d.promulgation_date, d.kind,
       case when d.secret_mark is null then d.subject else ? end as subject,
       coalesce(d.sender_name, d.sender_code) as author, d.state, d.restricted, f.note, f.filed_by, f.filed_at,
       (select r.sha256 from document_revisions r
        where r.agency_id = d.agency_id and r.document_id = d.id order by r.revision desc limit 1) as sha256
     from dossier_documents f
     join documents d on d.agency_id = f.agency_id and d.id = f.document_id
     where f.dossier_id = ? and f.removed_at is null
     order by ordinal`,
    [SECRET_SUBJECT, dossierId],
  )
  return rows.map((row) => ({
    documentId: row.document_id,
    ordinal: Number(row.ordinal),
    code: { number: row.code_number, notation: row.code_notation },
    date: row.promulgation_date,
    kind: row.kind,
    subject: row.subject,
    author: row.author,
    state: row.state,
    restricted: row.restricted,
    note: row.note,
    filedBy: row.filed_by,
    filedAt: row.filed_at,
    sha256: row.sha256,
  }))
}

/** Fixes the order of a dossier that is about to be closed. */
export async function fixOrdinals(
  trx: AgencyTransaction,
  dossierId: string,
  documents: readonly FiledDocument[],
): Promise<void> {
  await trx.raw(
    `update dossier_documents f set ordinal = o.ordinal
     from unnest(?::uuid[], ?::integer[]) as o (document_id, ordinal)
     where f.dossier_id = ? and f.document_id = o.document_id and f.removed_at is null`,
    [documents.map((one) => one.documentId), documents.map((one) => one.ordinal), dossierId],
  )
}
