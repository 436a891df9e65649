/** Reading a book as the person who asks may see it; see `mask.ts`. */
import type { UserActor } from '../actor.ts'
import type { AgencyTransaction } from '../db.ts'
import type { Entry } from './book.ts'
import { type BookQuery, type EntryPosition, listEntries, readDocumentOf } from './book-store.ts'
import { type EntryKey, readCorrections, type StoredCorrection } from './correction-store.ts'
import { type HiddenAmong, isWithheld, MASKED, maskEntries, seesWhole } from './mask.ts'

export interface EntryPage {
  readonly items: readonly Entry[]
  readonly next: EntryPosition | null
}

/** Entries looked at in one step where some may be left out, and steps of one page: what bounds its work. */
const STEP = 200
const STEPS = 10

/**
 * One page of a book, the newest entries first. By words, or by the unit that it went to, nobody finds an entry whose
 * words and unit are withheld from them: a hit would tell of them. A page ends at an entry that it shows, or, having
 * found too little among so many, at the next one that its reader sees: a page may hold fewer than was asked for.
 *
 * @throws CongvanError `SEARCH_EMPTY`
 */
export async function readBookPage(
  trx: AgencyTransaction,
  actor: UserActor,
  hiddenAmong: HiddenAmong,
  query: BookQuery,
): Promise<EntryPage> {
  const leavesOut = !seesWhole(actor) && (query.text !== undefined || query.unit !== undefined)
  let step = query.limit + 1
  const items: Entry[] = []
  let before = query.before
  for (let steps = 0, more = true; more && items.length <= query.limit; steps += 1) {
    if (steps === STEPS) return { items, next: await placeToShow(trx, actor, hiddenAmong, query, before) }
    const from = before === undefined ? {} : { before }
    const found = await listEntries(trx, { ...query, ...from, limit: step })
    const seen = await maskEntries(trx, actor, hiddenAmong, found)
    items.push(...seen.filter((one) => !leavesOut || !one.masked))
    before = found.at(-1)
    more = leavesOut && found.length === step
    step = Math.max(STEP, step)
  }
  const shown = items.slice(0, query.limit)
  const last = shown.at(-1)
  return { items: shown, next: items.length > shown.length && last !== undefined ? last : null }
}

/**
 * Just before the first entry behind a place that the reader sees in whole, whether it is a hit or not: the place of a
 * hit that is withheld would tell of it. What lies between the two is not for the reader.
 */
async function placeToShow(
  trx: AgencyTransaction,
  actor: UserActor,
  hiddenAmong: HiddenAmong,
  { text: _text, unit: _unit, ...query }: BookQuery,
  behind: EntryPosition | undefined,
): Promise<EntryPosition | null> {
  let place = behind
  for (let step = 0; step < STEPS; step += 1) {
    const from = place === undefined ? {} : { before: place }
    const found = await listEntries(trx, { ...query, ...from, limit: STEP })
    const first = (await maskEntries(trx, actor, hiddenAmong, found)).find((one) => !one.masked)
    if (first !== undefined) return { date: first.date, series: first.series, number: first.number + 1 }
    if (found.length < STEP) return null
    place = found.at(-1)
  }
  return place ?? null
}

/** The corrections of an entry, the oldest first; of an entry that is masked, without what was withheld. */
export async function readCorrectionsFor(
  trx: AgencyTransaction,
  actor: UserActor,
  hiddenAmong: HiddenAmong,
  key: EntryKey,
): Promise<StoredCorrection[]> {
  const corrections = await readCorrections(trx, key)
  const documentId = seesWhole(actor) ? undefined : await readDocumentOf(trx, key)
  if (documentId === undefined || !(await hiddenAmong(trx, actor, [documentId])).has(documentId)) {
    return corrections
  }
  const mask = (text: string | null) => (text === null ? null : MASKED)
  return corrections.map((one) => ({
    ...one,
    // Free text, whatever the field.
    reason: MASKED,
    ...(isWithheld(one.field) ? { oldValue: mask(one.oldValue), newValue: mask(one.newValue) } : {}),
  }))
}
