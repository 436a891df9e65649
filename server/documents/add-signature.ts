import { letterFields } from '../../signing/index.ts'
import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import { type AgencyTransaction, withNodeTables } from '../db.ts'
import { vietnamDay } from '../directory/agency-entry.ts'
import { CongvanError } from '../errors.ts'
import { requireTransition } from './document.ts'
import { type DocumentServices, policyAt } from './document-services.ts'
import { changeDocument, type DocumentRow, lockDocument } from './document-store.ts'
import { holdFile } from './file-hold-store.ts'
import type { StoredFile } from './file-store.ts'
import { lookAhead } from './look-ahead.ts'
import { type OwnAgency, readOwnAgency } from './own-agency.ts'
import {
  insertRevision,
  type Revision,
  type RevisionSignature,
  readLatestRevision,
} from './revision-store.ts'
import { requireAcceptable, requireOneSignature } from './signature-check.ts'
import { requireNamedSigner } from './signer-identity.ts'
import { storeFile } from './store-file.ts'

export interface SignedUpload {
  readonly id: string
  readonly bytes: Uint8Array
}

export interface SignatureAdded {
  readonly id: string
  readonly state: 'signed'
  readonly revision: number
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
 * Takes the revision that the person with authority has signed: the draft plus exactly one signature, of the signer
 * whom the document names, by a certificate that the node's trust store accepts. Nobody's key is here.
 *
 * Killed before the transaction commits, nothing has happened but a file that is swept later.
 *
 * @throws CongvanError `NOT_FOUND`, `DOCUMENT_STATE_WRONG`, `DOCUMENT_IN_QUARANTINE`, `SIGNATURE_NOT_AN_EXTENSION`,
 *   `SIGNER_WRONG`, `SIGNATURE_REJECTED`, `DOCUMENT_CHANGED`, `STORAGE_FULL`
 * @throws SigningError when the upload is no readable PDF
 */
export async function addSignature(
  context: NodeContext,
  services: DocumentServices,
  actor: UserActor,
  upload: SignedUpload,
): Promise<SignatureAdded> {
  const { agencyId, userId } = actor
  const now = context.clock()
  const look = (trx: AgencyTransaction) => readSignable(trx, actor, upload.id, now)
  const before = await lookAhead(() => context.db.asAgency({ agencyId, userId }, look))
  const checked = before && (await checkUpload(context, services, before, upload.bytes, now))
  return context.db.asAgency(actor, async (trx) => {
    const { document, revision } = await readSignable(trx, actor, upload.id, now)
    if (checked === undefined || checked.previousSha256 !== revision.sha256) {
      throw new CongvanError('DOCUMENT_CHANGED')
    }
    const { file, signature } = checked
    const next = revision.revision + 1
    await insertRevision(trx, agencyId, document.id, {
      revision: next,
      kind: 'individual',
      ...file,
      name: 'da-ky.pdf',
      addedBy: userId,
      addedAt: now,
      signature,
    })
    await changeDocument(trx, document.id, 'signed', {}, now)
    await withNodeTables(trx, (node) => holdFile(node, services.files, file, `document:${document.id}`, now))
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, agencyId, {
      kind: 'document.signed-individual',
      subject: `document:${document.id}`,
      facts: {
        revision: next,
        file: file.sha256,
        field: signature.field,
        indication: signature.indication,
        subIndication: signature.subIndication,
      },
      personal: { signer: signature.subject, certificate: signature.fingerprint },
    })
    return {
      id: document.id,
      state: 'signed',
      revision: next,
      sha256: file.sha256,
      indication: signature.indication,
      subIndication: signature.subIndication,
    }
  })
}

interface Signable {
  readonly document: DocumentRow
  readonly revision: Revision
  readonly agency: OwnAgency
}

async function readSignable(
  trx: AgencyTransaction,
  actor: UserActor,
  id: string,
  now: Date,
): Promise<Signable> {
  const document = await lockDocument(trx, id)
  requireTransition(document.state, 'sign')
  const agency = await readOwnAgency(trx, actor.agencyId, vietnamDay(now))
  return { document, revision: await readLatestRevision(trx, id), agency }
}

async function checkUpload(
  context: NodeContext,
  services: DocumentServices,
  { document, revision, agency }: Signable,
  bytes: Uint8Array,
  now: Date,
): Promise<Checked> {
  const previous = await services.files.read(revision.sha256)
  const added = requireOneSignature(previous, bytes, letterFields.individualSignature)
  requireNamedSigner(added.certificate, document.signer, agency.codes)
  const signature = requireAcceptable(bytes, added, 1, policyAt(services.trust, now, 'any'))
  const file = await storeFile(context, services.files, bytes)
  return { previousSha256: revision.sha256, file, signature }
}
