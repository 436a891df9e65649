import type { UserActor } from '../actor.ts'
import type { NodeContext } from '../context.ts'
import { readerOf } from '../documents/document-access-store.ts'
import { namesOfUsers } from '../documents/people-store.ts'
import {
  checkForClosing,
  type Dossier,
  type FiledDocument,
  type MemberRole,
  type Problem,
} from './dossier.ts'
import { type Member, readMembers } from './dossier-member-store.ts'
import { type DossierQuery, listDossiers, readDossier } from './dossier-store.ts'
import { readFiled } from './filed-document-store.ts'

export interface DossierDetails {
  readonly dossier: Dossier
  /** What the actor is in it; null: no member. */
  readonly role: MemberRole | null
  readonly documents: readonly FiledDocument[]
  readonly members: readonly Member[]
  /** Names of the accounts that are named above, where they still are. */
  readonly names: ReadonlyMap<string, string>
  /** What stands against closing it now; none for a closed one. */
  readonly problems: readonly Problem[]
}

/** @throws CongvanError `NOT_FOUND`, also where the actor may not see it */
export async function readDossierDetails(
  context: NodeContext,
  actor: UserActor,
  id: string,
): Promise<DossierDetails> {
  const { agencyId, userId } = actor
  return context.db.asAgency({ agencyId, userId }, async (trx) => {
    const { dossier, role } = await readDossier(trx, readerOf(actor), id)
    const documents = await readFiled(trx, id)
    const members = await readMembers(trx, id)
    const people = [dossier.maker, ...members.map((one) => one.userId)]
    const names = await namesOfUsers(trx, people)
    const problems = dossier.state === 'closed' ? [] : checkForClosing(documents)
    return { dossier, role, documents, members, names, problems }
  })
}

export interface DossierPage {
  readonly items: readonly Dossier[]
  readonly next: DossierQuery['after'] | null
}

/** Dossiers that the actor may see, newest first. */
export async function listDossierPage(
  context: NodeContext,
  actor: UserActor,
  query: Omit<DossierQuery, 'reader'>,
): Promise<DossierPage> {
  const { agencyId, userId } = actor
  const { limit } = query
  const rows = await context.db.asAgency({ agencyId, userId }, (trx) =>
    listDossiers(trx, { ...query, limit: limit + 1, reader: readerOf(actor) }),
  )
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  const more = rows.length > limit && last !== undefined
  return { items, next: more ? { createdAt: last.createdAt, id: last.id } : null }
}
