import {
  assertLetterBoxes,
  assertMarkPermitted,
  fillTextFields,
  fillValues,
  issueMarkField,
  laterSignatureField,
  listFields,
} from '../../signing/index.ts'
import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import { type AgencyTransaction, withNodeTables } from '../db.ts'
import { vietnamDay } from '../directory/agency-entry.ts'
import type { AgencySettings } from '../documents/agency-settings.ts'
import { readSettings } from '../documents/agency-settings-store.ts'
import { requireNoCopy } from '../documents/copy-store.ts'
import { requireTransition } from '../documents/document.ts'
import { lockReadable } from '../documents/document-access-store.ts'
import { listSeparateFiles } from '../documents/document-files-store.ts'
import { type DocumentServices, policyAt } from '../documents/document-services.ts'
import type { DocumentRow } from '../documents/document-store.ts'
import { lookAhead } from '../documents/look-ahead.ts'
import { readOwnAgency } from '../documents/own-agency.ts'
import { deleteRevisions, insertRevision, readRevisions } from '../documents/revision-store.ts'
import { CongvanError } from '../errors.ts'
import { holdFile, releaseFile } from '../files/file-hold-store.ts'
import type { StoredFile } from '../files/file-store.ts'
import { storeFile } from '../files/store-file.ts'
import type { MarkPlaces } from '../pages/mark-places.ts'
import { type GivenPlace, type GivenPlaces, prepareLetter } from '../pages/prepare-letter.ts'
import { settleMarkPlaces } from '../pages/settle-mark-places.ts'
import type { LetterSigner } from '../pages/signer-places.ts'
import { fillFontOptions } from './fill-fonts.ts'
import { markFonts, widestMark } from './issue-mark.ts'
import { requireMessageFits } from './message-size.ts'
import { isSigned, readElsewhere, requireSignersInTurn } from './signed-elsewhere.ts'

export interface DraftUpload {
  readonly id: string
  readonly bytes: Uint8Array
  /** Those who sign, in their order, where they are more than the one whom the draft names. */
  readonly signers?: readonly LetterSigner[]
  /** Boxes told by the clerk, for a PDF without fields whose text does not tell the places. */
  readonly places?: GivenPlaces
  /** Of a PDF signed in another program: the empty box on its first page for number and date; default one is sought. */
  readonly numberBox?: GivenPlace
}

/** Number and date as wide as they get; a draft on which these do not fit cannot be issued. */
const widest = { number: '9999', day: '30', month: '12', year: '2026' }

/**
 * Takes the PDF of a document in quarantine; another upload replaces it. Who drafted the document is the only one
 * who can. The file must be ready for all that follows: unsigned, with the fields for number, date and all
 * signatures, with room for number and date, and with no field so large that it could cover the text. Fields that a
 * PDF of a word processor lacks are added at the places that its text tells.
 *
 * A PDF that individuals have signed in another program stays as it is: its signatures must be those of the first of
 * the signers, and there must be an empty box for the agency's signature, which then shows number and date. The
 * signatures are taken when the document is presented.
 *
 * @throws CongvanError `NOT_FOUND`, `DOCUMENT_STATE_WRONG`, `DRAFT_ALREADY_SIGNED`, `NUMBER_BOX_NOT_NEEDED`, `STORAGE_FULL`
 * @throws SigningError `PDF_NOT_A_PDF`, `PDF_MALFORMED`, `PDF_ENCRYPTED`, `PDF_FIELD_NOT_FOUND`,
 *   `PDF_FIELD_BOX_WRONG`, `PDF_TEXT_TOO_WIDE`, `INPUT_TOO_LARGE`
 * @throws CongvanError as `prepareLetter`: `PLACE_NOT_FOUND`, `PLACE_AMBIGUOUS`, `PLACE_COVERS_TEXT`, `PLACE_OFF_PAGE`
 * @throws of a file signed elsewhere as `readElsewhere`, `requireSignersInTurn`, `settleMarkPlaces`, `assertMarkPermitted`
 */
export async function uploadDraft(
  context: NodeContext,
  services: DocumentServices,
  actor: UserActor,
  upload: DraftUpload,
): Promise<{ id: string; state: 'quarantined' }> {
  const { agencyId, userId } = actor
  const scope = { agencyId, userId }
  const now = context.clock()
  const ready = await lookAhead(() =>
    context.db.asAgency(scope, async (trx) => {
      const document = await requireQuarantined(trx, actor, upload.id)
      return { document, settings: await readSettings(trx), actor }
    }),
  )
  const stored = ready === undefined ? undefined : await storeDraftFile(context, services, upload, ready, now)
  return context.db.asAgency(actor, async (trx) => {
    await requireQuarantined(trx, actor, upload.id)
    const separate = await listSeparateFiles(trx, upload.id)
    requireMessageFits(
      [upload.bytes.length, ...separate.map((one) => one.length)],
      context.limits.messageBytes,
    )
    if (stored === undefined) throw new CongvanError('DOCUMENT_CHANGED')
    const { file, places } = stored
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
      ...(places === undefined ? {} : { places }),
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

/** What of a document decides how its file is made ready. */
export interface DraftGround {
  readonly document: Pick<DocumentRow, 'signer' | 'place' | 'codeNotation'>
  readonly settings: AgencySettings
  readonly actor: UserActor
}

export interface StoredDraft {
  readonly file: StoredFile
  /** Of a file signed elsewhere. */
  readonly places?: MarkPlaces
}

/**
 * The file as it will be signed, stored: unsigned, with all fields of a letter and room in them; or signed elsewhere,
 * as it came, with the places of what is still missing.
 *
 * @throws CongvanError, SigningError as `uploadDraft`
 */
export async function storeDraftFile(
  context: NodeContext,
  services: DocumentServices,
  upload: Omit<DraftUpload, 'id'>,
  ground: DraftGround,
  now: Date,
): Promise<StoredDraft> {
  const { name, position } = ground.document.signer
  const signers = upload.signers ?? [{ name, ...(position === null ? {} : { position }) }]
  if (isSigned(upload.bytes)) {
    const places = await placesElsewhere(context, services, { ...upload, signers }, ground, now)
    return { file: await storeFile(context, services.files, upload.bytes), places }
  }
  if (upload.numberBox !== undefined) throw new CongvanError('NUMBER_BOX_NOT_NEEDED')
  const { places } = upload
  const ready = await prepareLetter(upload.bytes, {
    signers,
    reader: services.pageText,
    sealDiameterMm: ground.settings.sealDiameterMm,
    ...(places === undefined ? {} : { places }),
  })
  assertLetterBoxes(ready)
  const values = fillValues(listFields(ready).names, widest)
  await fillTextFields(ready, { fields: values, ...fillFontOptions(services.fillFonts) })
  return { file: await storeFile(context, services.files, ready) }
}

/** Checks what was signed elsewhere, and finds room for what is to come. */
async function placesElsewhere(
  context: NodeContext,
  { trust, fillFonts, pageText }: DocumentServices,
  {
    bytes,
    signers,
    numberBox,
    places,
  }: Omit<DraftUpload, 'id'> & { readonly signers: readonly LetterSigner[] },
  { document, actor: { agencyId, userId } }: DraftGround,
  now: Date,
): Promise<MarkPlaces> {
  const agency = await context.db.asAgency({ agencyId, userId }, (trx) =>
    readOwnAgency(trx, agencyId, vietnamDay(now)),
  )
  const signatures = readElsewhere(bytes, policyAt(trust, now, 'any'))
  const inTurn = signers.map(({ name, position = null }) => ({ name, position }))
  requireSignersInTurn(signatures, inTurn, agency.codes)
  const later = signers.slice(signatures.length).map((_, i) => laterSignatureField(signatures.length + i + 1))
  assertMarkPermitted(bytes, [...later, issueMarkField])
  return settleMarkPlaces(bytes, {
    mark: widestMark({ ...document, agency: agency.name }),
    fonts: markFonts(fillFonts),
    signers,
    signed: signatures.length,
    reader: pageText,
    ...(numberBox === undefined ? {} : { numberBox }),
    ...(places === undefined ? {} : { places }),
  })
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
