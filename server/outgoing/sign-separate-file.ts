import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import { type AgencyTransaction, withNodeTables } from '../db.ts'
import { vietnamDay } from '../directory/agency-entry.ts'
import { requireTransition } from '../documents/document.ts'
import { lockReadable } from '../documents/document-access-store.ts'
import { type DocumentFile, listSeparateFiles, signFile } from '../documents/document-files-store.ts'
import { type DocumentServices, policyAt } from '../documents/document-services.ts'
import { lookAhead } from '../documents/look-ahead.ts'
import { requireNamedToken } from '../documents/named-token.ts'
import { type OwnAgency, readOwnAgency } from '../documents/own-agency.ts'
import { requireOwnAgency } from '../documents/signer-identity.ts'
import { CongvanError } from '../errors.ts'
import { holdFile } from '../files/file-hold-store.ts'
import { storeFile } from '../files/store-file.ts'
import { requireClearMark } from '../pages/require-clear-mark.ts'
import { requireAcceptable, requireOneSignature } from './signature-check.ts'

export interface SignedFileUpload {
  readonly id: string
  readonly position: number
  /** The file as it was attached plus the agency's signature. */
  readonly bytes: Uint8Array
}

export interface FileSigned {
  readonly id: string
  readonly position: number
  readonly sha256: string
  readonly indication: string
  readonly subIndication: string | null
}

/** Whether the agency has to sign a separate file: every PDF that bears no agency's signature yet. */
export function isToBeSigned(file: Pick<DocumentFile, 'kind' | 'contentType' | 'signature'>): boolean {
  return file.kind !== 'main' && file.contentType === 'application/pdf' && file.signature === null
}

/**
 * Every separate PDF carries an agency's signature (NĐ 30/2020 Phụ lục I, II.8b and III.1d): asked before the document
 * is issued, and again before it is dispatched.
 *
 * @throws CongvanError `ANNEX_UNSIGNED` naming the first that does not
 */
export async function requireFilesSigned(trx: AgencyTransaction, documentId: string): Promise<void> {
  const unsigned = (await listSeparateFiles(trx, documentId)).find(isToBeSigned)
  if (unsigned === undefined) return
  throw new CongvanError('ANNEX_UNSIGNED', { name: unsigned.name, position: unsigned.position })
}

/**
 * Takes a separate file that the clerk has signed as the agency. The signature shows number and symbol, so the
 * document is numbered by now and not yet issued. Nobody's key is here.
 *
 * Killed before the transaction commits, nothing has happened but a file that is swept later.
 *
 * @throws CongvanError `NOT_FOUND`, `DOCUMENT_STATE_WRONG`, `FILE_NOT_TO_BE_SIGNED`, `TOKEN_NOT_FOR_ISSUE`,
 *   `SIGNATURE_NOT_AN_EXTENSION`,
 *   `SIGNER_WRONG`, `SIGNATURE_REJECTED`, `MARK_COVERS_TEXT`, `MARK_NOT_ON_FIRST_PAGE`, `DOCUMENT_CHANGED`, `STORAGE_FULL`
 */
export async function signSeparateFile(
  context: NodeContext,
  services: DocumentServices,
  actor: UserActor,
  upload: SignedFileUpload,
): Promise<FileSigned> {
  const { agencyId, userId } = actor
  const { id, position } = upload
  const now = context.clock()
  const look = (trx: AgencyTransaction) => readSignable(trx, actor, upload, now)
  const before = await lookAhead(() => context.db.asAgency({ agencyId, userId }, look))
  const checked = before && (await check(context, services, before, upload.bytes, now))
  return context.db.asAgency(actor, async (trx) => {
    const { file: attached } = await readSignable(trx, actor, upload, now)
    if (checked === undefined || checked.previousSha256 !== attached.sha256) {
      throw new CongvanError('DOCUMENT_CHANGED')
    }
    const { file, signature } = checked
    await signFile(trx, id, position, { ...file, by: userId, at: now, signature })
    await withNodeTables(trx, (node) => holdFile(node, services.files, file, `document:${id}`, now))
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, agencyId, {
      kind: 'document.file-signed',
      subject: `document:${id}`,
      facts: {
        position,
        file: file.sha256,
        extends: attached.sha256,
        certificate: signature.fingerprint,
        indication: signature.indication,
        subIndication: signature.subIndication,
      },
    })
    return {
      id,
      position,
      sha256: file.sha256,
      indication: signature.indication,
      subIndication: signature.subIndication,
    }
  })
}

interface Signable {
  readonly file: DocumentFile
  readonly agency: OwnAgency
}

async function readSignable(
  trx: AgencyTransaction,
  actor: UserActor,
  { id, position }: SignedFileUpload,
  now: Date,
): Promise<Signable> {
  requireNamedToken(actor)
  const document = await lockReadable(trx, actor, id)
  requireTransition(document.state, 'issue')
  const file = (await listSeparateFiles(trx, id)).find((one) => one.position === position)
  if (file === undefined) {
    throw new CongvanError('NOT_FOUND', { what: `separate file ${position} of document ${id}` })
  }
  if (!isToBeSigned(file)) throw new CongvanError('FILE_NOT_TO_BE_SIGNED', { position })
  return { file, agency: await readOwnAgency(trx, actor.agencyId, vietnamDay(now)) }
}

async function check(
  context: NodeContext,
  services: DocumentServices,
  { file, agency }: Signable,
  bytes: Uint8Array,
  now: Date,
) {
  const previous = await services.files.read(file.sha256)
  const added = requireOneSignature(previous, bytes)
  requireOwnAgency(added.certificate, agency.codes)
  await requireClearMark(previous, bytes, added.field, services.pageText)
  const signature = requireAcceptable(bytes, added, 1, policyAt(services.trust, now, 'scanned-copy'))
  return { previousSha256: file.sha256, signature, file: await storeFile(context, services.files, bytes) }
}
