/**
 * Takes the signatures that a version came with into the document, as if each had been handed in by itself: a revision,
 * a signed turn and a log entry for each.
 */
import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import { type AgencyTransaction, withNodeTables } from '../db.ts'
import { vietnamDay } from '../directory/agency-entry.ts'
import type { AgencySettings } from '../documents/agency-settings.ts'
import { readChecks } from '../documents/check-store.ts'
import { currentVersion, requireChecks } from '../documents/current-version.ts'
import { requireTransition } from '../documents/document.ts'
import type { DocumentServices } from '../documents/document-services.ts'
import type { DocumentRow } from '../documents/document-store.ts'
import { changeOutgoing, findOutgoing } from '../documents/outgoing-store.ts'
import { readOwnAgency } from '../documents/own-agency.ts'
import { closePresentation, type NewPresentation, recordSigned } from '../documents/presentation-store.ts'
import { insertRevision, isCoveredAlready, readRevisions } from '../documents/revision-store.ts'
import { CongvanError } from '../errors.ts'
import { holdFile } from '../files/file-hold-store.ts'
import type { StoredFile } from '../files/file-store.ts'
import { storeFile } from '../files/store-file.ts'
import { type ElsewhereSignature, requireSignersInTurn } from './signed-elsewhere.ts'

export interface StoredElsewhere extends ElsewhereSignature {
  readonly file: StoredFile
}

/** Stores the file as each person signed it; the last one is the draft itself. */
export async function storeElsewhere(
  context: NodeContext,
  services: DocumentServices,
  signatures: readonly ElsewhereSignature[],
): Promise<StoredElsewhere[]> {
  const stored: StoredElsewhere[] = []
  for (const one of signatures)
    stored.push({ ...one, file: await storeFile(context, services.files, one.bytes) })
  return stored
}

export interface Taking {
  readonly document: DocumentRow
  readonly round: number
  readonly signers: NewPresentation['signers']
  readonly elsewhere: readonly StoredElsewhere[]
  readonly settings: AgencySettings
}

/**
 * Within the transaction that presents the document: nobody has taken these signatures before, the checks that the
 * agency asks for are there, and those who have signed are the first of those to whom it is presented.
 *
 * @returns the state that the document is in then
 * @throws CongvanError `CHECK_MISSING`, `SIGNATURES_SPENT`, `SIGNERS_DIFFER`, `SIGNED_OUT_OF_TURN`, `SIGNER_WRONG`
 */
export async function takeElsewhere(
  trx: AgencyTransaction,
  context: NodeContext,
  services: DocumentServices,
  actor: UserActor,
  { document, round, signers, elsewhere, settings }: Taking,
  now: Date,
): Promise<'presented' | 'signed'> {
  const { agencyId, userId } = actor
  const { id } = document
  // A signature counts once: not again after its version was returned, nor for another document. Who presents the same
  // ones at the same time waits here, and finds them taken.
  if (
    await isCoveredAlready(
      trx,
      agencyId,
      elsewhere.map(({ covered }) => covered),
    )
  ) {
    throw new CongvanError('SIGNATURES_SPENT')
  }
  const files = new Map(elsewhere.map(({ file }) => [file.sha256, file]))
  await withNodeTables(trx, async (node) => {
    for (const [, file] of [...files].sort(([a], [b]) => (a < b ? -1 : 1)))
      await holdFile(node, services.files, file, `document:${id}`, now)
  })
  const revisions = await readRevisions(trx, id)
  const changed = (await findOutgoing(trx, id))?.contentChangedAt ?? null
  requireChecks(settings.requiredChecks, await readChecks(trx, id), revisions, changed)
  const agency = await readOwnAgency(trx, agencyId, vietnamDay(now))
  const inTurn = signers.map(({ name, title }) => ({ name, position: title }))
  requireSignersInTurn(elsewhere, inTurn, agency.codes)
  let { revision } = currentVersion(revisions).latest
  for (const [i, { signature, file, covered }] of elsewhere.entries()) {
    revision += 1
    await insertRevision(trx, agencyId, id, {
      revision,
      kind: 'individual',
      ...file,
      name: 'da-ky.pdf',
      addedBy: userId,
      addedAt: now,
      signature,
      covered,
    })
    await recordSigned(trx, id, round, i + 1, { revision, at: now })
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, agencyId, {
      kind: 'document.signed-individual',
      subject: `document:${id}`,
      facts: {
        revision,
        file: file.sha256,
        field: signature.field,
        position: i + 1,
        elsewhere: true,
        indication: signature.indication,
        subIndication: signature.subIndication,
      },
      personal: { signer: signature.subject, certificate: signature.fingerprint },
    })
  }
  if (elsewhere.length < signers.length) return 'presented'
  const closing = { outcome: 'signed', remark: null, by: userId, byName: actor.displayName, at: now } as const
  await closePresentation(trx, id, round, closing)
  requireTransition('presented', 'sign')
  await changeOutgoing(trx, id, 'signed', { signedAt: now }, now)
  return 'signed'
}
