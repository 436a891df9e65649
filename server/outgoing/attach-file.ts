import { agencyCodeOf, listFields, readSigners, roleOf } from '../../signing/index.ts'
import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import { type AgencyTransaction, withNodeTables } from '../db.ts'
import { readSettings } from '../documents/agency-settings-store.ts'
import { requireNoCopy } from '../documents/copy-store.ts'
import { requireTransition } from '../documents/document.ts'
import { lockOwnDraft } from '../documents/document-access-store.ts'
import {
  type DocumentFile,
  insertFile,
  listFiles,
  MAIN_POSITION,
  MOST_FILES,
  type SeparateKind,
} from '../documents/document-files-store.ts'
import { type DocumentServices, policyAt } from '../documents/document-services.ts'
import type { DocumentRow } from '../documents/document-store.ts'
import { lookAhead } from '../documents/look-ahead.ts'
import { changeOutgoing } from '../documents/outgoing-store.ts'
import type { RevisionSignature } from '../documents/revision-store.ts'
import { CongvanError } from '../errors.ts'
import { holdFile } from '../files/file-hold-store.ts'
import { extensionOf, isSendableName, sendableName } from '../files/file-names.ts'
import type { StoredFile } from '../files/file-store.ts'
import { contentFits, typeOfExtension } from '../files/sniff-content.ts'
import { storeFile } from '../files/store-file.ts'
import { findSecretMarkOnPage } from '../pages/page-text.ts'
import { findSecretInName } from '../pages/secret-marks.ts'
import { requireMessageFits } from './message-size.ts'
import { requireAcceptable } from './signature-check.ts'

export interface Attachment {
  readonly id: string
  readonly kind: SeparateKind
  readonly name: string
  readonly bytes: Uint8Array
  /** Take the nearest name that may be sent where the given one may not. */
  readonly rename: boolean
  /**
   * The clerk declares that the file holds no state secret. In quarantine the declaration that ends it speaks of the
   * attached files too; afterwards every file needs its own.
   */
  readonly declaredFreeOfSecrets: boolean
}

export interface Attached {
  readonly id: string
  readonly position: number
  readonly kind: SeparateKind
  readonly name: string
  readonly contentType: string
  readonly sha256: string
  readonly length: number
}

interface Checked {
  readonly contentType: string
  readonly file: StoredFile
  readonly signature: RevisionSignature | null
}

/**
 * Adds a file to a draft (NĐ 30/2020 Phụ lục VI, III.1b): an annex in a file of its own, or what is sent along.
 *
 * - The name may be sent as it is (NB161 art 8.4), the type is one that the agency allows, and the bytes are what the
 *   name says (art 8.3a).
 * - An annex is a PDF, so that the agency can sign it (NĐ 30/2020 Phụ lục I, III.1d). So can a PDF that is sent along;
 *   one that is signed already must bear the valid signature of an agency. Other types cannot carry a signature: their
 *   hashes stand in the sealed envelope.
 * - A mark of secrecy in the name or on a page: the file is refused and nothing of it is kept or logged.
 *
 * Killed before the transaction commits, nothing has happened but a file that is swept later.
 *
 * @throws CongvanError `NOT_FOUND`, `DRAFT_NOT_YOURS`, `DOCUMENT_STATE_WRONG`, `ATTACHMENT_NAME_INVALID` (its hint has a name that fits),
 *   `ATTACHMENT_TYPE_NOT_ALLOWED`, `ATTACHMENT_CONTENT_MISMATCH`, `ATTACHMENTS_TOO_MANY`, `ANNEX_NOT_PDF`,
 *   `DRAFT_ALREADY_SIGNED` for an annex, `SIGNATURE_REJECTED`, `SECRET_MARK_FOUND`, `DECLARATION_NEEDED`,
 *   `MESSAGE_TOO_LARGE`, `INPUT_TOO_LARGE`, `PAGE_TEXT_UNREADABLE`, `STORAGE_FULL`
 * @throws SigningError for a PDF that cannot be read
 */
export async function attachFile(
  context: NodeContext,
  services: DocumentServices,
  actor: UserActor,
  attachment: Attachment,
): Promise<Attached> {
  const { agencyId, userId } = actor
  const now = context.clock()
  const look = (trx: AgencyTransaction) => readAttachable(trx, actor, context, attachment)
  const before = await lookAhead(() => context.db.asAgency({ agencyId, userId }, look))
  const checked = before && (await check(context, services, attachment, before.allowed, now))
  const outcome = await context.db.asAgency(actor, async (trx) => {
    const log = { nodeId: context.nodeId, actor, now }
    const subject = `document:${attachment.id}`
    if (checked !== undefined && 'secret' in checked) {
      await appendLogEntry(trx, log, agencyId, { kind: 'document.refused-secret', subject })
      return { secret: checked.secret }
    }
    const { document, files, name } = await readAttachable(trx, actor, context, attachment)
    if (checked === undefined) throw new CongvanError('DOCUMENT_CHANGED')
    const { file, contentType, signature } = checked
    const position = 1 + Math.max(MAIN_POSITION, ...files.map((one) => one.position))
    const added = { position, kind: attachment.kind, name, contentType, ...file }
    await insertFile(trx, agencyId, document.id, {
      ...added,
      addedBy: userId,
      addedAt: now,
      signature,
      findings: [],
    })
    await withNodeTables(trx, (node) => holdFile(node, services.files, file, `document:${document.id}`, now))
    await changeOutgoing(trx, document.id, document.state, { contentChangedAt: now }, now)
    // What is in quarantine may turn out to be what must not be here: its hash is not logged either.
    const facts = document.state === 'quarantined' ? {} : { file: file.sha256, fileKind: attachment.kind }
    await appendLogEntry(trx, log, agencyId, {
      kind: 'document.file-attached',
      subject,
      facts: { position, ...facts },
    })
    return { attached: { id: document.id, ...added } }
  })
  if ('secret' in outcome && outcome.secret !== undefined) {
    throw new CongvanError('SECRET_MARK_FOUND', outcome.secret)
  }
  if (!('attached' in outcome)) throw new CongvanError('DOCUMENT_CHANGED')
  return outcome.attached
}

interface Attachable {
  readonly document: DocumentRow
  readonly files: readonly DocumentFile[]
  readonly allowed: readonly string[]
  /** The name under which it goes. */
  readonly name: string
}

async function readAttachable(
  trx: AgencyTransaction,
  actor: UserActor,
  context: NodeContext,
  attachment: Attachment,
): Promise<Attachable> {
  const document = await lockOwnDraft(trx, actor, attachment.id)
  requireTransition(document.state, 'edit')
  await requireNoCopy(trx, document.id)
  if (document.state !== 'quarantined' && !attachment.declaredFreeOfSecrets) {
    throw new CongvanError('DECLARATION_NEEDED')
  }
  const files = await listFiles(trx, document.id)
  const { attachmentTypes: allowed } = await readSettings(trx)
  const last = Math.max(MAIN_POSITION, ...files.map((one) => one.position))
  if (last >= MOST_FILES) throw new CongvanError('ATTACHMENTS_TOO_MANY', { most: MOST_FILES })
  const name = requireName(
    attachment,
    files.map((one) => one.name),
  )
  requireMessageFits(
    [...files.map((one) => one.length), attachment.bytes.length],
    context.limits.messageBytes,
  )
  return { document, files, allowed, name }
}

function requireName({ name, rename }: Attachment, taken: readonly string[]): string {
  const used = taken.some((one) => one.toLowerCase() === name.toLowerCase())
  if (isSendableName(name) && !used) return name
  const suggestion = sendableName(name, taken)
  if (rename) return suggestion
  throw new CongvanError('ATTACHMENT_NAME_INVALID', { name: name.slice(0, 200), suggestion })
}

type Secret = { readonly secret: { readonly field: string; readonly mark: string } }

async function check(
  context: NodeContext,
  services: DocumentServices,
  { name, kind, bytes }: Attachment,
  allowed: readonly string[],
  now: Date,
): Promise<Checked | Secret> {
  const extension = extensionOf(name)
  if (kind === 'annex' && extension !== 'pdf') throw new CongvanError('ANNEX_NOT_PDF', { name })
  if (!allowed.includes(extension)) {
    throw new CongvanError('ATTACHMENT_TYPE_NOT_ALLOWED', {
      extension: extension || '-',
      allowed: allowed.join(', '),
    })
  }
  if (!contentFits(extension, bytes))
    throw new CongvanError('ATTACHMENT_CONTENT_MISMATCH', { name, extension })
  const inName = findSecretInName(name)
  if (inName !== undefined) return { secret: { field: 'name', mark: inName } }
  let signature: RevisionSignature | null = null
  if (extension === 'pdf') {
    signature = ownSignature(bytes, kind, services, now)
    for (const page of await services.pageText.read(bytes)) {
      const mark = findSecretMarkOnPage(page)
      if (mark !== undefined) return { secret: { field: `file, page ${page.page}`, mark } }
    }
  }
  const file = await storeFile(context, services.files, bytes)
  return { contentType: typeOfExtension(extension), file, signature }
}

/** The signature of an agency on a PDF that is sent along; one that is not signed gets the own agency's later. */
function ownSignature(
  bytes: Uint8Array,
  kind: SeparateKind,
  services: DocumentServices,
  now: Date,
): RevisionSignature | null {
  if (!listFields(bytes).signatureFields.some((field) => field.signed)) return null
  if (kind === 'annex') throw new CongvanError('DRAFT_ALREADY_SIGNED')
  const signers = readSigners(bytes)
  const agency = signers.findLast((one) => roleOf(one.certificate) === 'agency')
  if (agency === undefined || agencyCodeOf(agency.certificate) === null) {
    throw new CongvanError('SIGNATURE_REJECTED', {
      indication: 'INDETERMINATE',
      subIndication: 'SIG_CONSTRAINTS_FAILURE',
    })
  }
  const policy = policyAt(services.trust, now, 'scanned-copy')
  const { field, certificate } = agency
  return requireAcceptable(bytes, { field, certificate }, signers.length, policy)
}
