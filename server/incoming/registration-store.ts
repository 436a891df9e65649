/** The only SQL of `incoming_registrations`: what a clerk entered, each time a row of its own. */
import type { AgencyTransaction } from '../db.ts'
import { type RegistrationEdit, registrationEdit } from './registration.ts'

/** The caller holds the lock of the document. */
export async function addRegistrationEdit(
  trx: AgencyTransaction,
  edit: {
    readonly agencyId: string
    readonly documentId: string
    readonly fields: RegistrationEdit
    readonly by: string
    readonly at: Date
  },
): Promise<void> {
  const last = await trx('incoming_registrations')
    .where({ document_id: edit.documentId })
    .max<{ max: number | null }>('position')
    .first()
  await trx('incoming_registrations').insert({
    agency_id: edit.agencyId,
    document_id: edit.documentId,
    position: (last?.max ?? 0) + 1,
    fields: JSON.stringify(edit.fields),
    edited_by: edit.by,
    edited_at: edit.at,
  })
}

/** What was entered, oldest first. */
export async function readRegistrationEdits(
  trx: AgencyTransaction,
  documentId: string,
): Promise<RegistrationEdit[]> {
  const rows: { fields: unknown }[] = await trx('incoming_registrations')
    .where({ document_id: documentId })
    .orderBy('position')
    .select('fields')
  return rows.map((row) => registrationEdit.parse(row.fields))
}
