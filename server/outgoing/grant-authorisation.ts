import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import { permissionsOf } from '../auth/permissions.ts'
import type { NodeContext } from '../context.ts'
import { vietnamDay } from '../directory/agency-entry.ts'
import {
  type Authorisation,
  authorisedPrefixes,
  findAuthorisations,
  insertAuthorisation,
  listAuthorisations,
  revokeAuthorisation,
} from '../documents/authorisation-store.ts'
import { requireReadable } from '../documents/document-access-store.ts'
import { findPerson } from '../documents/people-store.ts'
import { CongvanError } from '../errors.ts'
import { kindNamed } from '../registers/kind-of-draft.ts'
import { readSeriesRules } from '../registers/series-store.ts'
import { yearOf } from '../registers/vietnam-date.ts'
import { line } from './draft-metadata.ts'

export const newAuthorisation = z
  .strictObject({
    prefix: z.enum(authorisedPrefixes),
    /** Login or id of a user of the agency who may sign. */
    holder: line(100),
    /** Số, ký hiệu, ngày of the written authorisation or of the rule. */
    basis: line(300),
    /** The agency's own document that it is, where it is one. */
    basisDocument: z.uuid().optional(),
    scope: line(1_000),
    kinds: z.array(line(100)).max(29).default([]),
    validFrom: z.iso.date(),
    validTo: z.iso.date().optional(),
  })
  // A written authorisation is for a limited time (NĐ 30/2020 art 13.3).
  .refine((one) => one.prefix !== 'TUQ.' || one.validTo !== undefined, { path: ['validTo'] })
  .refine((one) => one.validTo === undefined || one.validTo >= one.validFrom, { path: ['validTo'] })
export type NewAuthorisation = z.output<typeof newAuthorisation>

/**
 * Records on what ground somebody signs KT., TL. or TUQ. (NĐ 30/2020 art 13). Who signs by authorisation cannot
 * authorise others.
 *
 * @throws CongvanError `SIGNER_UNKNOWN`, `DOCUMENT_KIND_UNKNOWN`, `AUTHORISATION_PASSED_ON`, `NOT_FOUND` for an unknown
 *   `basisDocument`
 */
export async function grantAuthorisation(
  context: NodeContext,
  actor: UserActor,
  input: NewAuthorisation,
): Promise<{ id: string }> {
  const { agencyId, userId } = actor
  const now = context.clock()
  return context.db.asAgency(actor, async (trx) => {
    const { rules } = await readSeriesRules(trx, yearOf(vietnamDay(now)))
    const kinds = input.kinds.map((name) => kindNamed(rules, name))
    const holder = await findPerson(trx, agencyId, input.holder, now)
    if (holder === undefined || !permissionsOf(holder.roles).has('document.sign')) {
      throw new CongvanError('SIGNER_UNKNOWN', { user: input.holder })
    }
    const own = await findAuthorisations(trx, userId, vietnamDay(now))
    if (holder.userId === userId || (input.prefix === 'TUQ.' && own.some((one) => one.prefix === 'TUQ.'))) {
      throw new CongvanError('AUTHORISATION_PASSED_ON')
    }
    if (input.basisDocument !== undefined) await requireReadable(trx, actor, input.basisDocument)
    const id = randomUUID()
    await insertAuthorisation(trx, agencyId, {
      id,
      prefix: input.prefix,
      holderId: holder.userId,
      holderName: holder.displayName,
      basis: input.basis,
      basisDocument: input.basisDocument ?? null,
      scope: input.scope,
      kinds,
      validFrom: input.validFrom,
      validTo: input.validTo ?? null,
      grantedBy: userId,
      grantedAt: now,
    })
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, agencyId, {
      kind: 'authorisation.granted',
      subject: `authorisation:${id}`,
      facts: {
        prefix: input.prefix,
        holder: holder.userId,
        validFrom: input.validFrom,
        validTo: input.validTo ?? null,
      },
    })
    return { id }
  })
}

/** All authorisations of the agency, the newest first. */
export async function readAuthorisations(context: NodeContext, actor: UserActor): Promise<Authorisation[]> {
  const { agencyId, userId } = actor
  return context.db.asAgency({ agencyId, userId }, listAuthorisations)
}

/** @throws CongvanError `NOT_FOUND`, also when it was revoked before */
export async function endAuthorisation(
  context: NodeContext,
  actor: UserActor,
  id: string,
): Promise<{ id: string }> {
  const now = context.clock()
  return context.db.asAgency(actor, async (trx) => {
    if (!(await revokeAuthorisation(trx, id, actor.userId, now))) {
      throw new CongvanError('NOT_FOUND', { what: `authorisation ${id}` })
    }
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, actor.agencyId, {
      kind: 'authorisation.revoked',
      subject: `authorisation:${id}`,
    })
    return { id }
  })
}
