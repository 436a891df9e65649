import { type ExpectedMark, letterFields, signingTimeText } from '../../signing/index.ts'
import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import { type AgencyTransaction, withNodeTables } from '../db.ts'
import { vietnamDay } from '../directory/agency-entry.ts'
import { currentVersion } from '../documents/current-version.ts'
import { requireTransition } from '../documents/document.ts'
import { lockReadable } from '../documents/document-access-store.ts'
import { type DocumentServices, policyAt } from '../documents/document-services.ts'
import { changeDocument, type DocumentRow } from '../documents/document-store.ts'
import { lookAhead } from '../documents/look-ahead.ts'
import { requireNamedToken } from '../documents/named-token.ts'
import { changeOutgoing } from '../documents/outgoing-store.ts'
import { type OwnAgency, readOwnAgency } from '../documents/own-agency.ts'
import {
  insertRevision,
  type Revision,
  type RevisionSignature,
  readRevisions,
} from '../documents/revision-store.ts'
import { requireOwnAgency } from '../documents/signer-identity.ts'
import { CongvanError } from '../errors.ts'
import { holdFile } from '../files/file-hold-store.ts'
import type { StoredFile } from '../files/file-store.ts'
import { storeFile } from '../files/store-file.ts'
import { printedCode } from '../registers/register.ts'
import { slashedDate } from '../registers/vietnam-date.ts'
import { issueMarkOf, markFonts, readMarkGround } from './issue-mark.ts'
import { requireFilesSigned } from './sign-separate-file.ts'
import {
  type AddedSignature,
  requireAcceptable,
  requireIssueMark,
  requireOneSignature,
} from './signature-check.ts'

export interface IssueUpload {
  readonly id: string
  /** The numbered revision plus the agency's signature. */
  readonly bytes: Uint8Array
}

export interface Issued {
  readonly id: string
  readonly state: 'issued'
  /** DocumentId of the message: `OrganId,YYYY/MM/DD,Số/KýHiệu`. */
  readonly documentCode: string
  readonly revision: number
  /** Identity of the document from now on. */
  readonly sha256: string
  readonly indication: string
  readonly subIndication: string | null
}

interface Checked {
  readonly previousSha256: string
  readonly file: StoredFile
  readonly signature: RevisionSignature
}

/**
 * Issues a document: the clerk has put the agency's signature on the numbered revision. From then on the bytes are
 * frozen; the database refuses every change.
 *
 * The upload must extend the numbered revision by exactly one signature, of this agency, and the individual's
 * signature must still hold. On a document that was signed elsewhere that signature shows number and date in the place
 * kept for them, and nothing else.
 *
 * @throws CongvanError `NOT_FOUND`, `DOCUMENT_STATE_WRONG`, `DOCUMENT_IN_QUARANTINE`, `TOKEN_NOT_FOR_ISSUE`, `AGENCY_SIGNATURE_ALONE` before the
 *   individuals have signed (NĐ 30/2020 arts 5.1, 32.2d), `DOCUMENT_FILL_MISSING`, `ANNEX_UNSIGNED`,
 *   `SIGNATURE_NOT_AN_EXTENSION`, `SIGNER_WRONG`, `SIGNATURE_REJECTED`, `DOCUMENT_CHANGED`, `STORAGE_FULL`
 * @throws SigningError when the upload is no readable PDF
 */
export async function issueDocument(
  context: NodeContext,
  services: DocumentServices,
  actor: UserActor,
  upload: IssueUpload,
): Promise<Issued> {
  const { agencyId, userId } = actor
  const now = context.clock()
  const look = (trx: AgencyTransaction) => readIssuable(trx, actor, upload.id, now)
  const before = await lookAhead(() => context.db.asAgency({ agencyId, userId }, look))
  const checked = before && (await checkUpload(context, services, before, upload.bytes, now))
  return context.db.asAgency(actor, async (trx) => {
    const { document, revision, documentCode } = await readIssuable(trx, actor, upload.id, now)
    if (checked === undefined || checked.previousSha256 !== revision.sha256) {
      throw new CongvanError('DOCUMENT_CHANGED')
    }
    const { file, signature } = checked
    const next = revision.revision + 1
    await insertRevision(trx, agencyId, document.id, {
      revision: next,
      kind: 'issued',
      ...file,
      name: issuedName(document),
      addedBy: userId,
      addedAt: now,
      signature,
    })
    await changeOutgoing(trx, document.id, document.state, { issuedAt: now }, now)
    await changeDocument(trx, document.id, 'issued', { documentCode }, now)
    await withNodeTables(trx, (node) => holdFile(node, services.files, file, `document:${document.id}`, now))
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, agencyId, {
      kind: 'document.issued',
      subject: `document:${document.id}`,
      facts: {
        documentId: documentCode,
        revision: next,
        file: file.sha256,
        certificate: signature.fingerprint,
        // Who ran it is the entry's actor; by a token, whose it is stands beside (NĐ 30/2020 art 32.2c).
        token: actor.byApiToken === true ? (actor.tokenId ?? 'api') : null,
        indication: signature.indication,
        subIndication: signature.subIndication,
      },
    })
    return {
      id: document.id,
      state: 'issued',
      documentCode,
      revision: next,
      sha256: file.sha256,
      indication: signature.indication,
      subIndication: signature.subIndication,
    }
  })
}

interface Issuable {
  readonly document: DocumentRow
  readonly revision: Revision
  readonly agency: OwnAgency
  readonly documentCode: string
  /** How many individuals have signed. */
  readonly individuals: number
  /** Of a document signed elsewhere: what the agency's signature shows, and where. */
  readonly mark?: Pick<ExpectedMark, 'mark' | 'place'>
}

async function readIssuable(
  trx: AgencyTransaction,
  actor: UserActor,
  id: string,
  now: Date,
): Promise<Issuable> {
  requireNamedToken(actor)
  const document = await lockReadable(trx, actor, id)
  if (document.state === 'draft' || document.state === 'presented') {
    throw new CongvanError('AGENCY_SIGNATURE_ALONE')
  }
  requireTransition(document.state, 'issue')
  const { base, latest: revision, signatures } = currentVersion(await readRevisions(trx, id))
  const { codeNumber, promulgationDate } = document
  const filled = base.places !== undefined || revision.kind === 'fill'
  if (!filled || codeNumber === null || promulgationDate === null) {
    throw new CongvanError('DOCUMENT_FILL_MISSING')
  }
  await requireFilesSigned(trx, id)
  const agency = await readOwnAgency(trx, actor.agencyId, vietnamDay(now))
  const code = printedCode(codeNumber, document.codeNotation)
  const documentCode = `${agency.code},${slashedDate(promulgationDate)},${code}`
  const issuable = { document, revision, agency, documentCode, individuals: signatures.length }
  if (base.places === undefined) return issuable
  const ground = await readMarkGround(trx, actor.agencyId, document, promulgationDate)
  const mark = issueMarkOf(ground, codeNumber, promulgationDate)
  return { ...issuable, mark: { mark, place: base.places.number } }
}

async function checkUpload(
  context: NodeContext,
  services: DocumentServices,
  { document, revision, agency, individuals, mark }: Issuable,
  bytes: Uint8Array,
  now: Date,
): Promise<Checked> {
  const previous = await services.files.read(revision.sha256)
  const added =
    mark === undefined
      ? requireOneSignature(previous, bytes, letterFields.agencySignature)
      : requireShownMark(context, services, previous, bytes, mark, document, now)
  requireOwnAgency(added.certificate, agency.codes)
  const policy = policyAt(services.trust, now, 'issued')
  const signature = requireAcceptable(bytes, added, individuals + 1, policy)
  const file = await storeFile(context, services.files, bytes)
  return { previousSha256: revision.sha256, file, signature }
}

/**
 * The signature that shows number and date shows its own time too, which no time-stamp has to prove: it is not before
 * the day of the document, and not in the future.
 */
function requireShownMark(
  { limits }: NodeContext,
  { fillFonts }: DocumentServices,
  previous: Uint8Array,
  next: Uint8Array,
  mark: NonNullable<Issuable['mark']>,
  { promulgationDate }: DocumentRow,
  now: Date,
): AddedSignature {
  const added = requireIssueMark(previous, next, { ...mark, fonts: markFonts(fillFonts) })
  const { signingTime } = added
  const latest = now.getTime() + limits.clockSkewSeconds * 1_000
  if (signingTime.getTime() > latest || vietnamDay(signingTime) < (promulgationDate ?? ''))
    throw new CongvanError('SIGNING_TIME_WRONG', { time: signingTimeText(signingTime) })
  return added
}

const LONGEST_NAME = 50

/** A file name of letters without diacritics, digits and hyphens, at most 50 characters: `05-UBND-VP.pdf`. */
function issuedName(document: DocumentRow): string {
  const stem = `${document.codeNumber}-${document.codeNotation}`
    .normalize('NFD')
    .replace(/[đĐ]/g, (letter) => (letter === 'đ' ? 'd' : 'D'))
    .replace(/\p{M}/gu, '')
    .replace(/[^A-Za-z0-9]+/g, '-')
  return `${stem.slice(0, LONGEST_NAME - '.pdf'.length)}.pdf`
}
