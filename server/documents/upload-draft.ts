import {
  assertLetterBoxes,
  fillFields,
  fillTextFields,
  letterFields,
  listFields,
  SigningError,
} from '../../signing/index.ts'
import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import { type AgencyTransaction, withNodeTables } from '../db.ts'
import { CongvanError } from '../errors.ts'
import { requireTransition } from './document.ts'
import type { DocumentServices, FillFonts } from './document-services.ts'
import { type DocumentRow, lockDocument } from './document-store.ts'
import { holdFile, releaseFile } from './file-hold-store.ts'
import type { StoredFile } from './file-store.ts'
import { fillFontOptions } from './fill-fonts.ts'
import { lookAhead } from './look-ahead.ts'
import { requireOwnQuarantine } from './quarantine.ts'
import { deleteRevisions, insertRevision, readRevisions } from './revision-store.ts'
import { storeFile } from './store-file.ts'

export interface DraftUpload {
  readonly id: string
  readonly bytes: Uint8Array
}

/** Number and date as wide as they get; a draft on which these do not fit cannot be issued. */
const widest = { [letterFields.number]: '9999', [letterFields.date]: 'ngày 30 tháng 12 năm 2026' }

/**
 * Takes the PDF of a document in quarantine; another upload replaces it. Who drafted the document is the only one
 * who can. The file must be ready for all that follows: unsigned, with the fields for number, date and both
 * signatures, with room for number and date, and with no field so large that it could cover the text.
 *
 * @throws CongvanError `NOT_FOUND`, `DOCUMENT_STATE_WRONG`, `DRAFT_ALREADY_SIGNED`, `STORAGE_FULL`
 * @throws SigningError `PDF_NOT_A_PDF`, `PDF_MALFORMED`, `PDF_ENCRYPTED`, `PDF_FIELD_NOT_FOUND`,
 *   `PDF_FIELD_BOX_WRONG`, `PDF_TEXT_TOO_WIDE`, `INPUT_TOO_LARGE`
 */
export async function uploadDraft(
  context: NodeContext,
  services: DocumentServices,
  actor: UserActor,
  upload: DraftUpload,
): Promise<{ id: string; state: 'quarantined' }> {
  const { agencyId, userId } = actor
  const scope = { agencyId, userId }
  const ready = await lookAhead(() =>
    context.db.asAgency(scope, (trx) => requireQuarantined(trx, upload.id, userId)),
  )
  const file = ready === undefined ? undefined : await checkAndStore(context, services, upload.bytes)
  const now = context.clock()
  return context.db.asAgency(actor, async (trx) => {
    await requireQuarantined(trx, upload.id, userId)
    if (file === undefined) throw new CongvanError('DOCUMENT_CHANGED')
    const before = await readRevisions(trx, upload.id)
    await deleteRevisions(trx, upload.id)
    await insertRevision(trx, agencyId, upload.id, {
      revision: 1,
      kind: 'draft',
      ...file,
      name: 'du-thao.pdf',
      addedBy: userId,
      addedAt: now,
      signature: null,
    })
    await withNodeTables(trx, async (node) => {
      const holder = `document:${upload.id}` as const
      // In the order of their hashes, so that two transactions never wait for each other.
      for (const sha256 of [...new Set([file.sha256, ...before.map((one) => one.sha256)])].sort()) {
        if (sha256 === file.sha256) await holdFile(node, services.files, file, holder, now)
        else await releaseFile(node, services.files, sha256, holder)
      }
    })
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, agencyId, {
      kind: 'document.file-uploaded',
      subject: `document:${upload.id}`,
    })
    return { id: upload.id, state: 'quarantined' }
  })
}

async function checkAndStore(
  context: NodeContext,
  services: DocumentServices,
  bytes: Uint8Array,
): Promise<StoredFile> {
  await checkDraftPdf(bytes, services.fillFonts)
  return storeFile(context, services.files, bytes)
}

async function requireQuarantined(trx: AgencyTransaction, id: string, userId: string): Promise<DocumentRow> {
  const document = await lockDocument(trx, id)
  requireOwnQuarantine(document, userId)
  if (document.state !== 'quarantined') requireTransition(document.state, 'draft')
  return document
}

async function checkDraftPdf(bytes: Uint8Array, fonts: FillFonts): Promise<void> {
  const fields = listFields(bytes)
  if (fields.signatureFields.some((field) => field.signed)) throw new CongvanError('DRAFT_ALREADY_SIGNED')
  const signatures = [letterFields.individualSignature, letterFields.agencySignature]
  const missing =
    fillFields.find((name) => !fields.names.includes(name)) ??
    signatures.find((name) => !fields.signatureFields.some((field) => field.name === name))
  if (missing !== undefined) throw new SigningError('PDF_FIELD_NOT_FOUND', { field: missing })
  assertLetterBoxes(bytes)
  await fillTextFields(bytes, { fields: widest, ...fillFontOptions(fonts) })
}
