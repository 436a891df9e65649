import type { AgencyTransaction } from '../db.ts'
import { matchingDocuments, searchDocuments } from '../search/search-store.ts'
import { type DocumentQuery, type ListPosition, listDocuments, readReadable } from './document-list-store.ts'
import type { DocumentRow } from './document-store.ts'
import { isSealed } from './recall.ts'

export interface SearchPage {
  readonly items: readonly DocumentRow[]
  /** Where to search on; null when everything was searched. A page may hold fewer than was asked for. */
  readonly next: ListPosition | null
}

/** Documents looked at in one step, and steps of one page: what bounds the work of a page that finds little. */
const STEP = 200
const STEPS = 10

/**
 * Documents that hold the words of `query.q` and that the reader may see, newest first. Who reads all searches the
 * agency's documents and leaves out what is not theirs; everybody else searches their own few documents alone, so that
 * neither a hit nor a count nor the time it takes tells of what one may not see. A page that found too little after so
 * many steps ends at a document that its reader may see: the place of a hit that is hidden would tell of it.
 *
 * @throws CongvanError `SEARCH_EMPTY`
 */
export async function searchPage(
  trx: AgencyTransaction,
  { q = '', ...query }: DocumentQuery,
): Promise<SearchPage> {
  const find = query.reader.readsAll ? findAmongAll : findAmongOwn
  const items: DocumentRow[] = []
  let after = query.after
  for (let step = 0; step < STEPS && items.length < query.limit; step += 1) {
    const found = await find(trx, q, { ...query, ...(after === undefined ? {} : { after }) })
    const room = query.limit - items.length
    items.push(...found.items.slice(0, room))
    const last = items.at(-1)
    if (found.items.length > room && last !== undefined) {
      return { items, next: { order: 'created', at: last.createdAt, id: last.id } }
    }
    if (found.end === null) return { items, next: null }
    after = found.end
  }
  return { items, next: after === undefined ? null : await placeToShow(trx, query, after) }
}

/**
 * Just before the first document behind a place that the reader may see, whether it is a hit or not: between the two
 * there is nothing that they would be shown.
 */
async function placeToShow(
  trx: AgencyTransaction,
  { reader }: Pick<DocumentQuery, 'reader'>,
  after: ListPosition,
): Promise<ListPosition | null> {
  const [first] = await listDocuments(trx, { reader, after, limit: 1 })
  return first === undefined ? null : { order: 'created', at: first.createdAt, id: nextId(first.id) }
}

/** The id that follows in the order of the database, so that a list that begins there begins with this one. */
function nextId(id: string): string {
  const next = (BigInt(`0x${id.replaceAll('-', '')}`) + 1n) & LAST_ID
  const hex = next.toString(16).padStart(32, '0')
  return [0, 8, 12, 16, 20].map((from, at, all) => hex.slice(from, all[at + 1])).join('-')
}

const LAST_ID = 2n ** 128n - 1n

interface Found {
  readonly items: readonly DocumentRow[]
  /** The last document looked at; null: there are no more. */
  readonly end: ListPosition | null
}

async function findAmongAll(trx: AgencyTransaction, q: string, query: DocumentQuery): Promise<Found> {
  const { direction, state, from, before, after, reader } = query
  const hits = await searchDocuments(trx, {
    text: q,
    limit: STEP,
    ...(direction === undefined ? {} : { direction }),
    ...(state === undefined ? {} : { state }),
    ...(from === undefined ? {} : { from }),
    ...(before === undefined ? {} : { to: before }),
    ...(after?.order === 'created' ? { after: { createdAt: after.at, id: after.id } } : {}),
  })
  const ids = hits.map((one) => one.id)
  const last = hits.length < STEP ? undefined : hits.at(-1)
  return {
    items: (await readReadable(trx, reader, ids, query)).filter(isSearched),
    end: last === undefined ? null : { order: 'created', at: last.createdAt, id: last.id },
  }
}

async function findAmongOwn(trx: AgencyTransaction, q: string, query: DocumentQuery): Promise<Found> {
  const own = await listDocuments(trx, { ...query, limit: STEP })
  const open = own.filter((one) => one.state !== 'quarantined')
  const ids = open.map((one) => one.id)
  const matching = await matchingDocuments(trx, q, ids)
  const last = own.length < STEP ? undefined : own.at(-1)
  return {
    items: open.filter((one) => matching.has(one.id) && isSearched(one)),
    end: last === undefined ? null : { order: 'created', at: last.createdAt, id: last.id },
  }
}

/** What shows a mark of secrecy, or was given up to its issuer, is no hit: the words that find it would tell its subject. */
function isSearched(document: DocumentRow): boolean {
  return (document.incoming?.secretMark ?? null) === null && !isSealed(document)
}
