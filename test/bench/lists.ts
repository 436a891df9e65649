/**
 * Lists, filters and searches as a clerk asks for them, over the same questions in a small and in a large database.
 * `raw` is the same question in the small one: what grows with the books shows as a ratio.
 */
import type { AgencyTransaction } from '../../server/db.ts'
import { listDocuments } from '../../server/documents/document-list-store.ts'
import { searchDocuments } from '../../server/search/search-store.ts'
import type { Books, BooksPlace } from './books-place.ts'
import { BUSY_AGENCY } from './fill-books.ts'
import { type Measure, measureBound, median, rounded } from './measure.ts'

type Question = (trx: AgencyTransaction) => Promise<unknown>

const reader = { userId: '00000000-0000-4000-8000-0000000000ff', readsAll: true }
const LIMIT = 50
const deep = new Date('2025-01-15T09:00:00+07:00')
const nobody = '00000000-0000-4000-8000-000000000000'

const lists: Readonly<Record<string, Question>> = {
  newest: (trx) => listDocuments(trx, { reader, limit: LIMIT }),
  deep: (trx) =>
    listDocuments(trx, { reader, limit: LIMIT, after: { order: 'created', at: deep, id: nobody } }),
  direction: (trx) => listDocuments(trx, { reader, limit: LIMIT, direction: 'outgoing' }),
  state: (trx) => listDocuments(trx, { reader, limit: LIMIT, state: 'processing' }),
  kind: (trx) => listDocuments(trx, { reader, limit: LIMIT, kind: 'Chỉ thị' }),
  sender: (trx) => listDocuments(trx, { reader, limit: LIMIT, sender: 'H40.77' }),
  urgency: (trx) => listDocuments(trx, { reader, limit: LIMIT, urgency: 1 }),
  dated: (trx) =>
    listDocuments(trx, { reader, limit: LIMIT, datedFrom: '2025-03-01', datedTo: '2025-03-31' }),
  'kind and state': (trx) =>
    listDocuments(trx, { reader, limit: LIMIT, kind: 'Kế hoạch', state: 'accepted', direction: 'incoming' }),
}

const searches: Readonly<Record<string, string>> = {
  'a common word': 'báo',
  'two common words': 'kế hoạch công',
  'without diacritics': 'trien khai thuc hien',
  'a rare word': 'vần19731',
  'a rare and a common word': 'vần15500 báo',
  'two rare words': 'vần9000 vần12345',
  'a phrase': '"kiểm tra"',
  'a number with its symbol': '512/UBND-VP',
  unfinished: 'giáo dụ',
  'nothing to be found': 'khôngcótừnày',
}

export async function measureLists({ small, large }: BooksPlace): Promise<Measure[]> {
  const questions: [string, Question][] = [
    ...Object.entries(lists).map(([name, ask]): [string, Question] => [`list: ${name}`, ask]),
    ...Object.entries(searches).map(([name, text]): [string, Question] => [
      `search: ${name}`,
      (trx) => searchDocuments(trx, { text, limit: LIMIT }),
    ]),
  ]
  const measures: Measure[] = []
  const all: number[] = []
  const before: number[] = []
  for (const [name, ask] of questions) {
    const few = await times(small, ask)
    const many = await times(large, ask)
    all.push(...many)
    before.push(...few)
    const ratio = median(many) / median(few)
    measures.push({
      name: `${name} (median)`,
      value: rounded(median(many)),
      unit: 'ms',
      raw: rounded(median(few)),
      ratio: rounded(ratio),
      target: 'informs',
      met: true,
    })
  }
  const growth = p95(all) / p95(before)
  return [
    measureBound('any list, filter or search, p95', p95(all), 'ms', 100),
    {
      name: 'growth of it from 10,000 documents (medians of all questions)',
      value: rounded(median(all)),
      unit: 'ms',
      raw: rounded(median(before)),
      ratio: rounded(median(all) / median(before)),
      target: 'ratio < 2',
      met: median(all) / median(before) < 2,
    },
    {
      name: 'growth of it from 10,000 documents (p95)',
      value: rounded(p95(all)),
      unit: 'ms',
      raw: rounded(p95(before)),
      ratio: rounded(growth),
      target: 'ratio < 2',
      met: growth < 2,
    },
    ...measures,
  ]
}

const WARM = 5
const REPEATS = 40

async function times({ db }: Books, ask: Question): Promise<number[]> {
  const found: number[] = []
  for (let i = 0; i < WARM + REPEATS; i += 1) {
    const start = performance.now()
    await db.asAgency({ agencyId: BUSY_AGENCY }, ask)
    if (i >= WARM) found.push(performance.now() - start)
  }
  return found
}

function p95(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.95))] ?? 0
}
