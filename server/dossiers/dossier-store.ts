import type { Knex } from 'knex'
import type { AgencyTransaction } from '../db.ts'
import { sqlState, UNIQUE_VIOLATION } from '../db.ts'
import type { Reader } from '../documents/document-list-store.ts'
import { CongvanError } from '../errors.ts'
import type { Dossier, DossierState, MemberRole } from './dossier.ts'

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
