/** Whose turn it is to sign a document, and whether that person may. */
import type { UserActor } from '../actor.ts'
import type { AgencyTransaction } from '../db.ts'
import { vietnamDay } from '../directory/agency-entry.ts'
import { readSettings } from '../documents/agency-settings-store.ts'
import { readChecks } from '../documents/check-store.ts'
import { requireNoCopy } from '../documents/copy-store.ts'
import { currentVersion, requireChecks } from '../documents/current-version.ts'
import { requireTransition } from '../documents/document.ts'
import { lockReadable } from '../documents/document-access-store.ts'
import type { DocumentRow } from '../documents/document-store.ts'
import { findOutgoing } from '../documents/outgoing-store.ts'
import { type OwnAgency, readOwnAgency } from '../documents/own-agency.ts'
import { type PlannedSigner, type Presentation, readPresentations } from '../documents/presentation-store.ts'
import { type Revision, readRevisions } from '../documents/revision-store.ts'
import { CongvanError } from '../errors.ts'
import type { MarkPlaces } from '../pages/mark-places.ts'
import { requireSigningRight } from './signing-right.ts'

export interface Turn {
  readonly document: DocumentRow
  /** What is signed. */
  readonly latest: Revision
  readonly agency: OwnAgency
  /** 1 for the first to sign. */
  readonly position: number
  /** How many sign. */
  readonly signers: number
  readonly last: boolean
  /** Name and position that the certificate must have. */
  readonly signer: { readonly name: string; readonly position: string | null }
  /** Whether the agency's accounts bear their owners' names; where it was presented to an account they must. */
  readonly accountNamesPerson: boolean
  /** Left out where the one signer signs straight from the draft. */
  readonly presentation?: Presentation
  /** Of a version that others have signed in another program: where those who are left sign. */
  readonly places?: MarkPlaces
}

/**
 * The turn of the person who is signed in, with everything that must be there before: the checks that the agency asks
 * for, and the right to sign under the competence (NĐ 30/2020 arts 12, 13).
 *
 * @throws CongvanError `NOT_FOUND`, `DOCUMENT_STATE_WRONG`, `DOCUMENT_IN_QUARANTINE`, `SIGNER_NOT_NAMED`,
 *   `SIGNING_OUT_OF_ORDER`, `CHECK_MISSING`, `AUTHORISATION_MISSING`, `DOCUMENT_FILE_MISSING`, `IS_A_COPY`,
 *   `SIGNED_ELSEWHERE` for a version whose signatures were not taken yet
 */
export async function readTurn(
  trx: AgencyTransaction,
  actor: UserActor,
  id: string,
  now: Date,
): Promise<Turn> {
  const document = await lockReadable(trx, actor, id)
  requireTransition(document.state, 'sign')
  await requireNoCopy(trx, id)
  const open = (await readPresentations(trx, id)).find((one) => one.outcome === null)
  const planned = open && requireTurn(open.signers, actor.userId)
  const settings = await readSettings(trx)
  const revisions = await readRevisions(trx, id)
  const { base, latest } = currentVersion(revisions)
  if (base.places !== undefined && open === undefined) throw new CongvanError('SIGNED_ELSEWHERE')
  const outgoing = await findOutgoing(trx, id)
  requireChecks(
    settings.requiredChecks,
    await readChecks(trx, id),
    revisions,
    outgoing?.contentChangedAt ?? null,
  )
  const day = vietnamDay(now)
  const signer = planned === undefined ? document.signer : { name: planned.name, position: planned.title }
  await requireSigningRight(trx, settings, {
    userId: actor.userId,
    name: signer.name,
    competence: planned === undefined ? document.signer.competence : planned.competence,
    kind: document.kind,
    day,
  })
  const position = planned?.position ?? 1
  const signers = open?.signers.length ?? 1
  return {
    document,
    latest,
    agency: await readOwnAgency(trx, actor.agencyId, day),
    position,
    signers,
    last: position === signers,
    signer,
    accountNamesPerson: settings.accountNamesPerson,
    ...(open === undefined ? {} : { presentation: open }),
    ...(base.places === undefined ? {} : { places: base.places }),
  }
}

/**
 * The next of those who sign in turn, who must be the one who is signed in.
 *
 * @throws CongvanError `SIGNING_OUT_OF_ORDER`, `SIGNER_NOT_NAMED`
 */
function requireTurn(signers: readonly PlannedSigner[], userId: string): PlannedSigner {
  const next = signers.find((one) => one.signedRevision === null)
  if (next?.userId === userId) return next
  if (next === undefined || !signers.some((one) => one.userId === userId)) {
    throw new CongvanError('SIGNER_NOT_NAMED')
  }
  throw new CongvanError('SIGNING_OUT_OF_ORDER', { position: next.position, name: next.name })
}
