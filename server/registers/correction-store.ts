/** The only SQL of `register_corrections`, and of the change that each of them tells of. */
import { randomUUID } from 'node:crypto'
import type { AgencyTransaction } from '../db.ts'
import { CongvanError } from '../errors.ts'
import type { Series } from './register.ts'
import { whileOpen } from './register-store.ts'

/** What may be corrected, and its column. Số, ký hiệu and date stand in the signed document and never change. */
const columns = {
  kind: 'kind',
  subject: 'subject',
  signer: 'signer',
  author: 'author',
  recipients: 'recipients',
  keptBy: 'kept_by',
  copies: 'copies',
  receipt: 'receipt',
  note: 'note',
  unit: 'unit',
  deadline: 'deadline',
  progress: 'progress',
  answer: 'answer',
} as const
export type CorrectableField = keyof typeof columns
export const correctableFields = Object.keys(columns) as [CorrectableField, ...CorrectableField[]]

export interface EntryKey {
  readonly year: number
  readonly series: Series
  readonly number: number
}

export interface Correction extends EntryKey {
  readonly agencyId: string
  readonly field: CorrectableField
  /** What is to stand there; null leaves it empty. */
  readonly value: string | null
  readonly reason: string
  readonly by: string
  readonly at: Date
}

export interface StoredCorrection {
  readonly id: string
  readonly field: string
  readonly oldValue: string | null
  readonly newValue: string | null
  readonly reason: string
  readonly correctedBy: string
  /** ISO 8601. */
  readonly correctedAt: string
}

/**
 * Corrects one field of an entry; the old value stays with who, when and why (NĐ 30/2020 art 6.3d).
 *
 * @throws CongvanError `REGISTER_ENTRY_UNKNOWN`, `REGISTER_CLOSED`
 */
export async function correctEntry(
  trx: AgencyTransaction,
  correction: Correction,
): Promise<StoredCorrection> {
  const { year, series, number } = correction
  const key = { year, series, number }
  const column = columns[correction.field]
  const entry = await trx('register_numbers')
    .where(key)
    .forUpdate()
    .first<Record<string, string | number | null> | undefined>(column)
  if (entry === undefined) throw new CongvanError('REGISTER_ENTRY_UNKNOWN', key)
  const before = entry[column] ?? null
  const oldValue = before === null ? null : String(before)
  await whileOpen(
    trx('register_numbers')
      .where(key)
      .update({ [column]: correction.value }),
    key,
  )
  const id = randomUUID()
  await trx('register_corrections').insert({
    agency_id: correction.agencyId,
    id,
    ...key,
    field: correction.field,
    old_value: oldValue,
    new_value: correction.value,
    reason: correction.reason,
    corrected_by: correction.by,
    corrected_at: correction.at,
  })
  return {
    id,
    field: correction.field,
    oldValue,
    newValue: correction.value,
    reason: correction.reason,
    correctedBy: correction.by,
    correctedAt: correction.at.toISOString(),
  }
}

/** The corrections of an entry, the oldest first. */
export async function readCorrections(trx: AgencyTransaction, key: EntryKey): Promise<StoredCorrection[]> {
  const rows: {
    id: string
    field: string
    old_value: string | null
    new_value: string | null
    reason: string
    corrected_by: string
    corrected_at: Date
  }[] = await trx('register_corrections')
    .where({ year: key.year, series: key.series, number: key.number })
    .orderBy('position')
    .select('*')
  return rows.map((row) => ({
    id: row.id,
    field: row.field,
    oldValue: row.old_value,
    newValue: row.new_value,
    reason: row.reason,
    correctedBy: row.corrected_by,
    correctedAt: row.corrected_at.toISOString(),
  }))
}
