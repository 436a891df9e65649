/**
 * Undoing a change of rights to a dossier that the person with authority does not agree with (NĐ 30/2020 Phụ lục VI,
 * III.3c), whether he is a member of it or not.
 */
import { z } from 'zod'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { EntryKind } from '../audit/entry.ts'
import { standingSince, type UndoRightChange, undoneBeneath } from '../audit/right-change-store.ts'
import type { AgencyTransaction } from '../db.ts'
import { grantThroughDossier, withdrawThroughDossier } from '../documents/document-access-store.ts'
import { CongvanError } from '../errors.ts'
import { memberRoles } from './dossier.ts'
import { insertMember, readMembers, withdrawMember } from './dossier-member-store.ts'
import { changeDossier, lockDossier } from './dossier-store.ts'
import { readFiled, removeFiled } from './filed-document-store.ts'

const filedForm = z.object({ dossierId: z.uuid() })
const memberForm = z.object({ role: z.enum(memberRoles) })
const memberships = ['dossier-permitted', 'dossier-withdrawn'] as const
const restrictions = ['dossier-restricted', 'dossier-unrestricted'] as const

/**
 * A member that was let in goes, or is what they were before; one that was sent off comes back, and with them the
 * rights to what lies in the dossier; a restriction is lifted or stands again. What was changed once more in the
 * meantime stands; what was undone in the meantime does not come back.
 *
 * @throws CongvanError `NOT_FOUND`, `ACCESS_LAST_READER` when no keeper would be left, `DOSSIER_HOLDS_RESTRICTED`;
 *   `DOSSIER_CLOSED` for what was filed
 */
export const undoDossierRight: UndoRightChange = async (trx, log, change) => {
  if (change.kind === 'document-filed') return undoFiling(trx, log, change)
  const [, dossierId] = /^dossier:(.+)$/.exec(change.subject) ?? []
  if (dossierId === undefined) return false
  const { userId } = change
  const { agencyId, userId: by } = log.actor
  const act = { by, at: log.now, reason: `hoàn nguyên ${change.id}` }
  await lockDossier(trx, dossierId)
  const note = (kind: EntryKind, user: string | null) =>
    appendLogEntry(trx, log, agencyId, {
      kind,
      subject: change.subject,
      facts: { change: change.id, ...(user === null ? {} : { user }) },
    })
  const since = await standingSince(trx, change, userId === null ? restrictions : memberships)
  const before = memberForm.safeParse(change.before)
  switch (change.kind) {
    case 'dossier-permitted':
      if (userId === null) return false
      if (before.success) {
        const { role } = before.data
        if (since.length === 0 && (await isMember(trx, dossierId, userId))) {
          await insertMember(trx, agencyId, dossierId, { ...act, userId, role })
          await note('dossier.permitted', userId)
        }
      } else if (!since.some((one) => one.kind === 'dossier-permitted' && one.before === null)) {
        await withdrawMember(trx, dossierId, userId, act)
        await withdrawThroughDossier(trx, dossierId, { userId }, act)
        await note('dossier.permit-withdrawn', userId)
      }
      await requireKeeper(trx, dossierId)
      return true
    case 'dossier-withdrawn':
      if (userId === null || !before.success) return false
      if (since.length === 0 && !(await isMember(trx, dossierId, userId))) {
        const beneath = await undoneBeneath(trx, change, memberships)
        // The membership that was ended has been undone itself: nothing of it comes back.
        const role =
          beneath === undefined ? before.data.role : memberForm.safeParse(beneath.before).data?.role
        if (role === undefined) return true
        await insertMember(trx, agencyId, dossierId, { ...act, userId, role })
        await grantThroughDossier(trx, dossierId, { userId }, act)
        await note('dossier.permitted', userId)
      }
      return true
    case 'dossier-restricted': {
      if (since.length > 0) return true
      const count = (await readFiled(trx, dossierId)).filter((one) => one.restricted).length
      if (count > 0) throw new CongvanError('DOSSIER_HOLDS_RESTRICTED', { count })
      await changeDossier(trx, dossierId, { restricted: false })
      await note('dossier.unrestricted', null)
      return true
    }
    case 'dossier-unrestricted':
      if (since.length > 0) return true
      await changeDossier(trx, dossierId, { restricted: true })
      await note('dossier.restricted', null)
      return true
    default:
      return false
  }
}

/** A restricted document leaves the dossier that it was filed in, and its members read it no more. */
const undoFiling: UndoRightChange = async (trx, log, change) => {
  const [, documentId] = /^document:(.+)$/.exec(change.subject) ?? []
  const before = filedForm.safeParse(change.before)
  if (documentId === undefined || !before.success) return false
  const { dossierId } = before.data
  const { agencyId, userId: by } = log.actor
  const act = { by, at: log.now, reason: `hoàn nguyên ${change.id}` }
  const { code, state } = await lockDossier(trx, dossierId)
  if (state === 'closed') throw new CongvanError('DOSSIER_CLOSED', { code })
  await removeFiled(trx, { dossierId, documentId }, act)
  await withdrawThroughDossier(trx, dossierId, { documentId }, act)
  await appendLogEntry(trx, log, agencyId, {
    kind: 'dossier.document-removed',
    subject: `dossier:${dossierId}`,
    facts: { document: documentId, change: change.id },
  })
  return true
}

async function isMember(trx: AgencyTransaction, dossierId: string, userId: string): Promise<boolean> {
  return (await readMembers(trx, dossierId)).some((one) => one.userId === userId)
}

/** @throws CongvanError `ACCESS_LAST_READER` */
async function requireKeeper(trx: AgencyTransaction, dossierId: string): Promise<void> {
  const members = await readMembers(trx, dossierId)
  if (!members.some((one) => one.role === 'keeper')) throw new CongvanError('ACCESS_LAST_READER')
}
