/** The only SQL of `document_assignments`. */
import type { AgencyTransaction } from '../db.ts'

/** Who handles an incoming document: exactly one lead (chủ trì), those who co-operate, and until when. */
export interface Assignment {
  readonly id: string
  readonly lead: string
  readonly cooperating: readonly string[]
  readonly instruction: string
  /** `YYYY-MM-DD`. */
  readonly dueDate: string | null
  /** Further answers follow: the first does not complete the document. */
  readonly awaitsMoreAnswers: boolean
  /** Why it was assigned anew; null for the first. */
  readonly reason: string | null
  readonly assignedBy: string
  readonly assignedAt: Date
}

export async function insertAssignment(
  trx: AgencyTransaction,
  agencyId: string,
  documentId: string,
  assignment: Assignment,
): Promise<void> {
  await trx('document_assignments').insert({
    agency_id: agencyId,
    document_id: documentId,
    id: assignment.id,
    lead: assignment.lead,
    cooperating: JSON.stringify(assignment.cooperating),
    instruction: assignment.instruction,
    due_date: assignment.dueDate,
    awaits_more_answers: assignment.awaitsMoreAnswers,
    reason: assignment.reason,
    assigned_by: assignment.assignedBy,
    assigned_at: assignment.assignedAt,
  })
}

/** The assignments of a document, oldest first. */
export async function readAssignments(trx: AgencyTransaction, documentId: string): Promise<Assignment[]> {
  const rows: {
    id: string
    lead: string
    cooperating: string[]
    instruction: string
    due_date: string | null
    awaits_more_answers: boolean
    reason: string | null
    assigned_by: string
    assigned_at: Date
  }[] = await trx('document_assignments')
    .where({ document_id: documentId })
    .orderBy(['assigned_at', 'id'])
    .select('*')
  return rows.map((row) => ({
    id: row.id,
    lead: row.lead,
    cooperating: row.cooperating,
    instruction: row.instruction,
    dueDate: row.due_date,
    awaitsMoreAnswers: row.awaits_more_answers,
    reason: row.reason,
    assignedBy: row.assigned_by,
    assignedAt: row.assigned_at,
  }))
}
