import { assertLetterBoxes, fillTextFields, fillValues, listFields } from '../../signing/index.ts'
import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import { type AgencyTransaction, withNodeTables } from '../db.ts'
import type { AgencySettings } from '../documents/agency-settings.ts'
import { readSettings } from '../documents/agency-settings-store.ts'
import { requireNoCopy } from '../documents/copy-store.ts'
import { requireTransition } from '../documents/document.ts'
import { lockReadable } from '../documents/document-access-store.ts'
import { listSeparateFiles } from '../documents/document-files-store.ts'
import type { DocumentServices } from '../documents/document-services.ts'
import type { DocumentRow } from '../documents/document-store.ts'
import { lookAhead } from '../documents/look-ahead.ts'
import { deleteRevisions, insertRevision, readRevisions } from '../documents/revision-store.ts'
import { CongvanError } from '../errors.ts'
import { holdFile, releaseFile } from '../files/file-hold-store.ts'
import type { StoredFile } from '../files/file-store.ts'
import { storeFile } from '../files/store-file.ts'
import { type GivenPlaces, prepareLetter } from '../pages/prepare-letter.ts'
import type { LetterSigner } from '../pages/signer-places.ts'
import { fillFontOptions } from './fill-fonts.ts'
import { requireMessageFits } from './message-size.ts'

export interface DraftUpload {
  readonly id: string
  readonly bytes: Uint8Array
  /** Those who sign, in their order, where they are more than the one whom the draft names. */
  readonly signers?: readonly LetterSigner[]
  /** Boxes told by the clerk, for a PDF without fields whose text does not tell the places. */
  readonly places?: GivenPlaces
}

/** Number and date as wide as they get; a draft on which these do not fit cannot be issued. */
const widest = { number: '9999', day: '30', month: '12', year: '2026' }

/**
 * Takes the PDF of a document in quarantine; another upload replaces it. Who drafted the document is the only one
 * who can. The file must be ready for all that follows: unsigned, with the fields for number, date and all
 * signatures, with room for number and date, and with no field so large that it could cover the text. Fields that a
 * PDF of a word processor lacks are added at the places that its text tells.
 *
 * @throws CongvanError `NOT_FOUND`, `DOCUMENT_STATE_WRONG`, `DRAFT_ALREADY_SIGNED`, `STORAGE_FULL`
 * @throws SigningError `PDF_NOT_A_PDF`, `PDF_MALFORMED`, `PDF_ENCRYPTED`, `PDF_FIELD_NOT_FOUND`,
 *   `PDF_FIELD_BOX_WRONG`, `PDF_TEXT_TOO_WIDE`, `INPUT_TOO_LARGE`
 * @throws CongvanError as `prepareLetter`: `PLACE_NOT_FOUND`, `PLACE_AMBIGUOUS`, `PLACE_COVERS_TEXT`, `PLACE_OFF_PAGE`
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
    context.db.asAgency(scope, async (trx) => {
      const { signer } = await requireQuarantined(trx, actor, upload.id)
      return { signer, settings: await readSettings(trx) }
    }),
  )
  const file = ready === undefined ? undefined : await storeDraftFile(context, services, upload, ready)
  const now = context.clock()
  return context.db.asAgency(actor, async (trx) => {
    await requireQuarantined(trx, actor, upload.id)
    const separate = await listSeparateFiles(trx, upload.id)
    requireMessageFits(
      [upload.bytes.length, ...separate.map((one) => one.length)],
      context.limits.messageBytes,
    )
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

/**
 * The file as it will be signed, stored: unsigned, with all fields of a letter and room in them.
 *
 * @throws CongvanError, SigningError as `uploadDraft`
 */
export async function storeDraftFile(
  context: NodeContext,
  services: DocumentServices,
  { bytes, signers, places }: Omit<DraftUpload, 'id'>,
  { signer, settings }: { signer: DocumentRow['signer']; settings: AgencySettings },
): Promise<StoredFile> {
  const { name, position } = signer
  if (listFields(bytes).signatureFields.some((field) => field.signed))
    throw new CongvanError('DRAFT_ALREADY_SIGNED')
  const ready = await prepareLetter(bytes, {
    signers: signers ?? [{ name, ...(position === null ? {} : { position }) }],
    reader: services.pageText,
    sealDiameterMm: settings.sealDiameterMm,
    ...(places === undefined ? {} : { places }),
  })
  assertLetterBoxes(ready)
  const values = fillValues(listFields(ready).names, widest)
  await fillTextFields(ready, { fields: values, ...fillFontOptions(services.fillFonts) })
  return storeFile(context, services.files, ready)
}

async function requireQuarantined(
  trx: AgencyTransaction,
  actor: UserActor,
  id: string,
): Promise<DocumentRow> {
  const document = await lockReadable(trx, actor, id)
  if (document.state !== 'quarantined') requireTransition(document.state, 'draft')
  await requireNoCopy(trx, id)
  return document
}
