import {
  assertMarkPermitted,
  individualSignatureField,
  issueMarkField,
  laterSignatureField,
  readSigners,
} from '../../signing/index.ts'
import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import { type AgencyTransaction, withNodeTables } from '../db.ts'
import { grantAccess } from '../documents/document-access-store.ts'
import { type DocumentServices, policyAt } from '../documents/document-services.ts'
import { lookAhead } from '../documents/look-ahead.ts'
import { changeOutgoing } from '../documents/outgoing-store.ts'
import { closePresentation, recordSigned } from '../documents/presentation-store.ts'
import { insertRevision, type RevisionSignature } from '../documents/revision-store.ts'
import { requireNamedSigner, requireOwnCertificate } from '../documents/signer-identity.ts'
import { CongvanError } from '../errors.ts'
import { holdFile } from '../files/file-hold-store.ts'
import type { StoredFile } from '../files/file-store.ts'
import { storeFile } from '../files/store-file.ts'
import { individualFields } from './present-document.ts'
import {
  type AddedSignature,
  requireAcceptable,
  requireLaterSignature,
  requireOneSignature,
} from './signature-check.ts'
import { readTurn, type Turn } from './signing-turn.ts'

export interface SignedUpload {
  readonly id: string
  readonly bytes: Uint8Array
}

export interface SignatureAdded {
  readonly id: string
  /** `presented` while others are still to sign. */
  readonly state: 'presented' | 'signed'
  readonly revision: number
  readonly sha256: string
  readonly indication: string
  readonly subIndication: string | null
}

interface Checked {
  readonly previousSha256: string
  readonly file: StoredFile
  readonly signature: RevisionSignature
  readonly covered: string | undefined
}

/**
 * Takes the revision that a person with authority has signed: what was there plus exactly one signature, in the field of
 * that person's turn, of the person who is signed in and whom document or presentation name, by a certificate that the
 * node's trust store accepts. Nobody's key is here.
 *
 * Killed before the transaction commits, nothing has happened but a file that is swept later.
 *
 * @throws CongvanError `NOT_FOUND`, `DOCUMENT_STATE_WRONG`, `DOCUMENT_IN_QUARANTINE`, `SIGNER_NOT_NAMED`,
 *   `SIGNING_OUT_OF_ORDER`, `CHECK_MISSING`, `AUTHORISATION_MISSING`, `SIGNERS_DIFFER`, `SIGNATURE_NOT_AN_EXTENSION`,
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
  const look = (trx: AgencyTransaction) => readTurn(trx, actor, upload.id, now)
  const before = await lookAhead(() => context.db.asAgency({ agencyId, userId }, look))
  const checked = before && (await checkUpload(context, services, actor, before, upload.bytes, now))
  return context.db.asAgency(actor, async (trx) => {
    const turn = await look(trx)
    const { document, latest } = turn
    if (checked === undefined || checked.previousSha256 !== latest.sha256) {
      throw new CongvanError('DOCUMENT_CHANGED')
    }
    const { file, signature, covered } = checked
    const next = latest.revision + 1
    await insertRevision(trx, agencyId, document.id, {
      revision: next,
      kind: 'individual',
      ...file,
      name: 'da-ky.pdf',
      addedBy: userId,
      addedAt: now,
      signature,
      ...(covered === undefined ? {} : { covered }),
    })
    const { state } = await recordTurn(trx, actor, turn, next, now)
    await withNodeTables(trx, (node) => holdFile(node, services.files, file, `document:${document.id}`, now))
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, agencyId, {
      kind: 'document.signed-individual',
      subject: `document:${document.id}`,
      facts: {
        revision: next,
        file: file.sha256,
        field: signature.field,
        position: turn.position,
        indication: signature.indication,
        subIndication: signature.subIndication,
      },
      personal: { signer: signature.subject, certificate: signature.fingerprint },
    })
    return {
      id: document.id,
      state,
      revision: next,
      sha256: file.sha256,
      indication: signature.indication,
      subIndication: signature.subIndication,
    }
  })
}

async function recordTurn(
  trx: AgencyTransaction,
  actor: UserActor,
  turn: Turn,
  revision: number,
  now: Date,
): Promise<Pick<SignatureAdded, 'state'>> {
  const { document, position, presentation, last } = turn
  const { agencyId, userId } = actor
  await grantAccess(trx, { agencyId, documentId: document.id, userId, as: 'signer', by: userId, at: now })
  if (presentation !== undefined) {
    await recordSigned(trx, document.id, presentation.round, position, { revision, at: now })
    if (last) {
      const closing = {
        outcome: 'signed',
        remark: null,
        by: userId,
        byName: actor.displayName,
        at: now,
      } as const
      await closePresentation(trx, document.id, presentation.round, closing)
    }
  }
  const state = last ? 'signed' : 'presented'
  await changeOutgoing(trx, document.id, state, last ? { signedAt: now } : {}, now)
  return { state }
}

async function checkUpload(
  context: NodeContext,
  services: DocumentServices,
  actor: UserActor,
  turn: Turn,
  bytes: Uint8Array,
  now: Date,
): Promise<Checked> {
  const { latest, position, signer, agency } = turn
  const previous = await services.files.read(latest.sha256)
  const added = requireTurnsSignature(turn, previous, bytes)
  requireNamedSigner(added.certificate, signer, agency.codes)
  if (turn.presentation !== undefined || turn.accountNamesPerson) {
    requireOwnCertificate(added.certificate, actor.displayName)
  }
  const signature = requireAcceptable(bytes, added, position, policyAt(services.trust, now, 'any'))
  const file = await storeFile(context, services.files, bytes)
  const covered = readSigners(bytes).find((one) => one.field === added.field)?.covered
  return { previousSha256: latest.sha256, file, signature, covered }
}

/** The one signature that was added: in the field of the turn, or in a new one after others have signed elsewhere. */
function requireTurnsSignature(
  { position, signers, places }: Turn,
  previous: Uint8Array,
  next: Uint8Array,
): AddedSignature {
  const fields = places === undefined ? individualFields(previous) : places.individuals.length
  if (fields !== signers) throw new CongvanError('SIGNERS_DIFFER', { fields, signers })
  if (places === undefined) return requireOneSignature(previous, next, individualSignatureField(position))
  const place = places.individuals[position - 1] ?? null
  const added = requireLaterSignature(previous, next, laterSignatureField(position), place)
  // Those who come after must still be able to sign, and the agency at the end.
  const later = Array.from({ length: signers - position }, (_, i) => laterSignatureField(position + i + 1))
  assertMarkPermitted(next, [...later, issueMarkField])
  return added
}
