import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import { type AgencyTransaction, withNodeTables } from '../db.ts'
import { vietnamDay } from '../directory/agency-entry.ts'
import { copyAbbreviations } from '../documents/copy-forms.ts'
import { type CopyRecord, findCopyOf } from '../documents/copy-store.ts'
import { requireTransition } from '../documents/document.ts'
import { lockReadable } from '../documents/document-access-store.ts'
import { type DocumentServices, policyAt } from '../documents/document-services.ts'
import { changeDocument } from '../documents/document-store.ts'
import { lookAhead } from '../documents/look-ahead.ts'
import { requireNamedToken } from '../documents/named-token.ts'
import { type OwnAgency, readOwnAgency } from '../documents/own-agency.ts'
import { insertRevision, type Revision, readLatestRevision } from '../documents/revision-store.ts'
import { requireOwnAgency } from '../documents/signer-identity.ts'
import { CongvanError } from '../errors.ts'
import { holdFile } from '../files/file-hold-store.ts'
import { sendableName } from '../files/file-names.ts'
import { storeFile } from '../files/store-file.ts'
import { requireAcceptable, requireOneSignature } from '../outgoing/signature-check.ts'
import { requireClearMark } from '../pages/require-clear-mark.ts'
import { slashedDate } from '../registers/vietnam-date.ts'
import { requireSourceNotRecalled } from './copy-source.ts'

export interface CopyIssued {
  readonly id: string
  readonly state: 'issued'
  readonly documentCode: string
  readonly sha256: string
  readonly indication: string
  readonly subIndication: string | null
}

/** The agency's signature alone: nobody signs a copy in person (NĐ 30/2020 arts 25.1c, 32.2d). */
const SIGNATURES = 1

/**
 * Issues an electronic copy that the clerk has signed as the agency; its bytes are frozen from then on. It gets no
 * number (Phụ lục I, Phần II, I.3) and is told apart by an identifier of its own.
 *
 * Killed before the transaction commits, nothing has happened but a file that is swept later.
 *
 * @throws CongvanError `NOT_FOUND`, `NOT_A_COPY`, `DOCUMENT_STATE_WRONG`, `DOCUMENT_IN_QUARANTINE`, `TOKEN_NOT_FOR_ISSUE`,
 *   `SIGNATURE_NOT_AN_EXTENSION`, `SIGNER_WRONG`, `SIGNATURE_REJECTED`, `MARK_COVERS_TEXT`,
 *   `MARK_NOT_ON_FIRST_PAGE`, `DOCUMENT_CHANGED`, `STORAGE_FULL`
 */
export async function issueCopy(
  context: NodeContext,
  services: DocumentServices,
  actor: UserActor,
  { id, bytes }: { readonly id: string; readonly bytes: Uint8Array },
): Promise<CopyIssued> {
  const { agencyId, userId } = actor
  const now = context.clock()
  const look = (trx: AgencyTransaction) => readIssuable(trx, actor, id, now)
  const before = await lookAhead(() => context.db.asAgency({ agencyId, userId }, look))
  const checked = before && (await check(context, services, before, bytes, now))
  return context.db.asAgency(actor, async (trx) => {
    const { copy, revision, agency } = await readIssuable(trx, actor, id, now)
    if (checked === undefined || checked.previousSha256 !== revision.sha256) {
      throw new CongvanError('DOCUMENT_CHANGED')
    }
    const { file, signature } = checked
    const documentCode = `${agency.code},${slashedDate(vietnamDay(now))},${copyAbbreviations[copy.form]}-${id}`
    await insertRevision(trx, agencyId, id, {
      revision: revision.revision + 1,
      kind: 'issued',
      ...file,
      name: sendableName(`${copy.form}-${copy.source.code.replaceAll('/', '-')}.pdf`),
      addedBy: userId,
      addedAt: now,
      signature,
    })
    await changeDocument(trx, id, 'issued', { documentCode }, now)
    await withNodeTables(trx, (node) => holdFile(node, services.files, file, `document:${id}`, now))
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, agencyId, {
      kind: 'document.copy-issued',
      subject: `document:${id}`,
      facts: {
        documentId: documentCode,
        form: copy.form,
        file: file.sha256,
        certificate: signature.fingerprint,
        indication: signature.indication,
        subIndication: signature.subIndication,
      },
    })
    return {
      id,
      state: 'issued' as const,
      documentCode,
      sha256: file.sha256,
      indication: signature.indication,
      subIndication: signature.subIndication,
    }
  })
}

interface Issuable {
  readonly copy: CopyRecord
  readonly revision: Revision
  readonly agency: OwnAgency
}

async function readIssuable(
  trx: AgencyTransaction,
  actor: UserActor,
  id: string,
  now: Date,
): Promise<Issuable> {
  requireNamedToken(actor)
  const document = await lockReadable(trx, actor, id)
  const copy = await findCopyOf(trx, id)
  if (copy === undefined) throw new CongvanError('NOT_A_COPY')
  await requireSourceNotRecalled(trx, copy)
  requireTransition(document.state, 'issue-copy')
  const revision = await readLatestRevision(trx, id)
  return { copy, revision, agency: await readOwnAgency(trx, actor.agencyId, vietnamDay(now)) }
}

async function check(
  context: NodeContext,
  services: DocumentServices,
  { revision, agency }: Issuable,
  bytes: Uint8Array,
  now: Date,
) {
  const previous = await services.files.read(revision.sha256)
  const added = requireOneSignature(previous, bytes)
  requireOwnAgency(added.certificate, agency.codes)
  await requireClearMark(previous, bytes, added.field, services.pageText)
  const signature = requireAcceptable(bytes, added, SIGNATURES, policyAt(services.trust, now, 'scanned-copy'))
  return { previousSha256: revision.sha256, signature, file: await storeFile(context, services.files, bytes) }
}
