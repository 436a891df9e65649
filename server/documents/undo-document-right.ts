/**
 * Undoing a change of rights to a document that the person with authority does not agree with (NĐ 30/2020 Phụ lục VI,
 * III.3c). He need not be able to read the document himself: what he decides on is the right.
 */
import { z } from 'zod'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { EntryKind } from '../audit/entry.ts'
import {
  type RightChange,
  standingSince,
  type UndoRightChange,
  undoneBeneath,
} from '../audit/right-change-store.ts'
import type { AgencyTransaction } from '../db.ts'
import { CongvanError } from '../errors.ts'
import {
  type AccessReason,
  accessReasons,
  grantAccess,
  readAccess,
  setRestricted,
  withdrawAccess,
} from './document-access-store.ts'
import { lockDocument } from './document-store.ts'
import { refuseOpenDossiers } from './permit-document.ts'

const withdrawnForm = z.object({ as: z.array(z.enum(accessReasons).exclude(['dossier'])) })
const restrictedForm = z.object({ named: z.boolean() })
const restrictions = ['document-restricted', 'document-unrestricted'] as const

/**
 * A permit goes, a withdrawn right comes back for the same causes, a restriction is lifted or stands again. What was
 * changed once more in the meantime stands; what was undone in the meantime does not come back.
 *
 * @throws CongvanError `NOT_FOUND`, `ACCESS_LAST_READER` when nobody would be left who may read a restricted document,
 *   `DOSSIER_OPEN_TO_ALL`
 */
export const undoDocumentRight: UndoRightChange = async (trx, log, change) => {
  const [, documentId] = /^document:(.+)$/.exec(change.subject) ?? []
  if (documentId === undefined) return false
  const { userId } = change
  const { agencyId, userId: by } = log.actor
  const at = log.now
  const reason = `hoàn nguyên ${change.id}`
  const document = await lockDocument(trx, documentId)
  const note = (kind: EntryKind, user: string | null) =>
    appendLogEntry(trx, log, agencyId, {
      kind,
      subject: change.subject,
      facts: { change: change.id, ...(user === null ? {} : { user }) },
    })
  switch (change.kind) {
    case 'document-permitted': {
      if (userId === null) return false
      if ((await standingSince(trx, change, ['document-permitted'])).length > 0) return true
      await withdrawAccess(trx, { documentId, userId, as: 'permitted' }, { by, at, reason })
      if (document.restricted) await requireReaders(trx, documentId)
      await note('document.permit-withdrawn', userId)
      return true
    }
    case 'document-withdrawn': {
      const before = withdrawnForm.safeParse(change.before)
      if (userId === null || !before.success) return false
      const gone = await goneSince(trx, change)
      for (const as of before.data.as.filter((one) => !gone.has(one))) {
        await grantAccess(trx, { agencyId, documentId, userId, as, by, at, reason })
      }
      await note('document.permitted', userId)
      return true
    }
    case 'document-restricted': {
      if ((await standingSince(trx, change, restrictions)).length > 0) return true
      const before = restrictedForm.safeParse(change.before)
      await setRestricted(trx, documentId, false, at)
      if (before.success && before.data.named && change.by !== null) {
        await withdrawAccess(trx, { documentId, userId: change.by, as: 'handler' }, { by, at, reason })
      }
      await note('document.unrestricted', null)
      return true
    }
    case 'document-unrestricted': {
      if ((await standingSince(trx, change, restrictions)).length > 0) return true
      await refuseOpenDossiers(trx, documentId)
      await setRestricted(trx, documentId, true, at)
      await requireReaders(trx, documentId)
      await note('document.restricted', null)
      return true
    }
    default:
      return false
  }
}

/** The causes that were withdrawn once more since, and the permit that was undone since. */
async function goneSince(trx: AgencyTransaction, change: RightChange): Promise<ReadonlySet<AccessReason>> {
  const withdrawn = await standingSince(trx, change, ['document-withdrawn'])
  const gone = new Set<AccessReason>(
    withdrawn.flatMap(({ before }) => withdrawnForm.safeParse(before).data?.as ?? []),
  )
  if ((await undoneBeneath(trx, change, ['document-permitted'])) !== undefined) gone.add('permitted')
  return gone
}

/** @throws CongvanError `ACCESS_LAST_READER` */
async function requireReaders(trx: AgencyTransaction, documentId: string): Promise<void> {
  const access = await readAccess(trx, documentId)
  if (!access.some((one) => one.withdrawn === null)) throw new CongvanError('ACCESS_LAST_READER')
}
