import { individualPosition, listFields } from '../../signing/index.ts'
import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import { permissionsOf } from '../auth/permissions.ts'
import type { NodeContext } from '../context.ts'
import type { AgencyTransaction } from '../db.ts'
import { vietnamDay } from '../directory/agency-entry.ts'
import { type AgencySettings, readSettings } from '../documents/agency-settings-store.ts'
import { requireNoCopy } from '../documents/copy-store.ts'
import { currentVersion } from '../documents/current-version.ts'
import { requireTransition } from '../documents/document.ts'
import { grantAccess, lockOwnDraft } from '../documents/document-access-store.ts'
import { type DocumentServices, policyAt } from '../documents/document-services.ts'
import type { DocumentRow } from '../documents/document-store.ts'
import { lookAhead } from '../documents/look-ahead.ts'
import { changeOutgoing } from '../documents/outgoing-store.ts'
import { findPerson } from '../documents/people-store.ts'
import {
  insertPresentation,
  type NewPresentation,
  readPresentations,
} from '../documents/presentation-store.ts'
import { type Revision, readRevisions } from '../documents/revision-store.ts'
import { isSameName } from '../documents/signer-identity.ts'
import { CongvanError } from '../errors.ts'
import { requireVersion } from '../http/route.ts'
import { requireCompetence } from './draft-metadata.ts'
import { readElsewhere } from './signed-elsewhere.ts'
import { requireSigningRight } from './signing-right.ts'
import { type StoredElsewhere, storeElsewhere, takeElsewhere } from './take-elsewhere.ts'

export interface NamedSigner {
  /** Login or id of a user of the agency; the name of the account is the name that signs. */
  readonly user: string
  /** Chức vụ; for the signer named on the document by default the one said there. */
  readonly position?: string
  /** Quyền hạn; likewise. */
  readonly competence?: string
}

export interface PresentRequest {
  readonly id: string
  /** Those who sign, in their order. */
  readonly signers: readonly NamedSigner[]
  readonly note?: string
  readonly ifMatch?: number
}

export interface Presented {
  readonly id: string
  /** `signed` where all have signed elsewhere. */
  readonly state: 'presented' | 'signed'
  readonly round: number
  readonly revision: number
  readonly signers: readonly { readonly position: number; readonly name: string }[]
}

/**
 * Presents the current version of a draft to those who sign it, in order (NĐ 30/2020 arts 10.2, 13). Each is a user of
 * the agency who may sign; the version has a field for each; the signer named on the document is among them.
 *
 * The signatures that a version came with, made in another program, are taken here (`takeElsewhere`): it waits for who
 * is still to sign, and is signed where nobody is.
 *
 * @throws CongvanError `NOT_FOUND`, `DRAFT_NOT_YOURS`, `DOCUMENT_STATE_WRONG`, `DOCUMENT_FILE_MISSING`, `VERSION_STALE`, `SIGNER_UNKNOWN`,
 *   `SIGNER_TWICE`, `SIGNER_NOT_AMONG`, `SIGNERS_DIFFER`, `COMPETENCE_WRONG`, `AUTHORISATION_MISSING`,
 *   `DOCUMENT_CHANGED`; of a version signed elsewhere as `readElsewhere` and `takeElsewhere`
 */
export async function presentDocument(
  context: NodeContext,
  services: DocumentServices,
  actor: UserActor,
  request: PresentRequest,
): Promise<Presented> {
  const { agencyId, userId } = actor
  const now = context.clock()
  const look = (trx: AgencyTransaction) => readPresentable(trx, actor, request)
  const before = await lookAhead(() => context.db.asAgency({ agencyId, userId }, look))
  const version = before && (await readVersion(context, services, before.base, now))
  return context.db.asAgency(actor, async (trx) => {
    const { document, base } = await look(trx)
    // The same bytes may have been handed in twice, for other people to sign.
    const same = before?.base.revision === base.revision && before.base.sha256 === base.sha256
    if (!same || version === undefined) throw new CongvanError('DOCUMENT_CHANGED')
    const { fields, elsewhere } = version
    const settings = await readSettings(trx)
    const signers = await settleSigners(trx, agencyId, settings, document, request.signers, now)
    if (fields !== signers.length) {
      throw new CongvanError('SIGNERS_DIFFER', { fields, signers: signers.length })
    }
    const round = ((await readPresentations(trx, document.id)).at(-1)?.round ?? 0) + 1
    await insertPresentation(trx, agencyId, document.id, {
      round,
      revision: base.revision,
      presentedBy: userId,
      presentedByName: actor.displayName,
      presentedAt: now,
      note: request.note ?? null,
      signers,
    })
    for (const signer of signers) {
      const grant = { agencyId, documentId: document.id, userId: signer.userId, by: userId, at: now }
      await grantAccess(trx, { ...grant, as: 'signer' })
    }
    const { to } = requireTransition(document.state, 'present')
    await changeOutgoing(trx, document.id, to, {}, now)
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, agencyId, {
      kind: 'document.presented',
      subject: `document:${document.id}`,
      facts: { round, revision: base.revision, file: base.sha256, signers: signers.map((one) => one.userId) },
    })
    const state =
      elsewhere.length === 0
        ? 'presented'
        : await takeElsewhere(
            trx,
            context,
            services,
            actor,
            { document, round, signers, elsewhere, settings },
            now,
          )
    return {
      id: document.id,
      state,
      round,
      revision: base.revision,
      signers: signers.map(({ position, name }) => ({ position, name })),
    }
  })
}

async function readPresentable(
  trx: AgencyTransaction,
  actor: UserActor,
  request: PresentRequest,
): Promise<{ document: DocumentRow; base: Revision }> {
  const document = await lockOwnDraft(trx, actor, request.id)
  requireVersion(document.version, request.ifMatch)
  requireTransition(document.state, 'present')
  await requireNoCopy(trx, request.id)
  return { document, base: currentVersion(await readRevisions(trx, document.id)).base }
}

/** For how many people a version has room, and the signatures that it came with, stored. Outside any transaction. */
async function readVersion(
  context: NodeContext,
  services: DocumentServices,
  { sha256, places }: Revision,
  now: Date,
): Promise<{ fields: number; elsewhere: readonly StoredElsewhere[] }> {
  const bytes = await services.files.read(sha256)
  if (places === undefined) return { fields: individualFields(bytes), elsewhere: [] }
  const signatures = readElsewhere(bytes, policyAt(services.trust, now, 'any'))
  const elsewhere = await storeElsewhere(context, services, signatures)
  return { fields: places.individuals.length, elsewhere }
}

/** How many people a version has signature fields for. */
export function individualFields(bytes: Uint8Array): number {
  const { signatureFields } = listFields(bytes)
  return signatureFields.filter((field) => individualPosition(field.name) !== undefined).length
}

async function settleSigners(
  trx: AgencyTransaction,
  agencyId: string,
  settings: AgencySettings,
  document: DocumentRow,
  named: readonly NamedSigner[],
  now: Date,
): Promise<NewPresentation['signers']> {
  const signers: NewPresentation['signers'][number][] = []
  for (const [index, one] of named.entries()) {
    const person = await findPerson(trx, agencyId, one.user, now)
    if (person === undefined || !permissionsOf(person.roles).has('document.sign')) {
      throw new CongvanError('SIGNER_UNKNOWN', { user: one.user })
    }
    if (signers.some((other) => other.userId === person.userId)) {
      throw new CongvanError('SIGNER_TWICE', { user: one.user })
    }
    const name = person.displayName
    const said = isSameName(name, document.signer.name) ? document.signer : undefined
    const competence = one.competence ?? said?.competence ?? null
    requireCompetence(competence)
    const claim = { userId: person.userId, name, competence, kind: document.kind, day: vietnamDay(now) }
    signers.push({
      position: index + 1,
      userId: person.userId,
      name,
      title: one.position ?? said?.position ?? null,
      competence,
      authorisationId: (await requireSigningRight(trx, settings, claim))?.id ?? null,
    })
  }
  if (!signers.some((one) => isSameName(one.name, document.signer.name))) {
    throw new CongvanError('SIGNER_NOT_AMONG', { name: document.signer.name })
  }
  return signers
}
