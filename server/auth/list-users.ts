import type { Actor, UserActor } from '../actor.ts'
import type { NodeContext } from '../context.ts'
import type { NodeTransaction } from '../db.ts'
import { CongvanError } from '../errors.ts'
import { lockedUntil } from './failure-store.ts'
import { type HeldRole, listHeldRoles } from './membership-store.ts'
import { listUsers, type User, type UserQuery } from './user-store.ts'

export interface AccountView {
  readonly id: string
  readonly login: string
  readonly displayName: string
  readonly operator: boolean
  readonly disabled: boolean
  readonly lockedUntil: string | null
  readonly mustChangePassword: boolean
  readonly secondFactor: boolean
  readonly createdAt: string
  readonly lastSignedInAt: string | null
  /** With what time each holds, and by whom and on what rule it was given; of the own agency alone, or of all. */
  readonly roles: readonly HeldRole[]
}

export interface Page<T> {
  readonly items: readonly T[]
  readonly next: string | null
}

/** The agency that an actor sees people of; the operator sees everybody's accounts. */
function scopeOf(actor: Actor): string | undefined {
  return actor.kind === 'user' ? actor.agencyId : undefined
}

/** Accounts and their rights, by login; `text` is a part of login or name, `reason` the rule behind a right. */
export async function listAccounts(
  context: NodeContext,
  actor: Actor,
  query: Pick<UserQuery, 'role' | 'text' | 'after' | 'reason' | 'limit'>,
): Promise<Page<AccountView>> {
  const now = context.clock()
  return context.db.asNode(async (trx) => {
    const agencyId = scopeOf(actor)
    const users = await listUsers(trx, { ...query, agencyId, limit: query.limit + 1 })
    const shown = users.slice(0, query.limit)
    const items = await viewAccounts(trx, shown, agencyId, now)
    return { items, next: users.length > query.limit ? (shown.at(-1)?.login ?? null) : null }
  })
}

/** @throws CongvanError `NOT_FOUND`, for an administrator also when it has no role in the own agency */
export async function readAccount(context: NodeContext, actor: Actor, id: string): Promise<AccountView> {
  return context.db.asNode(async (trx) => {
    const [user] = await listUsers(trx, { id, agencyId: scopeOf(actor), limit: 1 })
    const [view] = user === undefined ? [] : await viewAccounts(trx, [user], scopeOf(actor), context.clock())
    if (view === undefined) throw new CongvanError('NOT_FOUND', { what: `user ${id}` })
    return view
  })
}

async function viewAccounts(
  trx: NodeTransaction,
  users: readonly User[],
  agencyId: string | undefined,
  now: Date,
): Promise<AccountView[]> {
  const held = await listHeldRoles(
    trx,
    users.map((user) => user.id),
    agencyId,
  )
  const views: AccountView[] = []
  for (const user of users) {
    const until = await lockedUntil(trx, user.login, now)
    views.push({
      id: user.id,
      login: user.login,
      displayName: user.displayName,
      operator: user.isOperator,
      disabled: user.disabled,
      lockedUntil: until?.toISOString() ?? null,
      mustChangePassword: user.mustChangePassword,
      secondFactor: user.totp?.confirmed === true,
      createdAt: user.createdAt.toISOString(),
      lastSignedInAt: user.lastSignedInAt?.toISOString() ?? null,
      roles: held.get(user.id) ?? [],
    })
  }
  return views
}

export interface Member {
  readonly id: string
  readonly login: string
  readonly displayName: string
  readonly roles: readonly string[]
}

/** Who has a role in the agency now, by login: to choose signers and those who handle from. */
export async function listMembers(
  context: NodeContext,
  actor: UserActor,
  query: Pick<UserQuery, 'role' | 'text' | 'after' | 'limit'>,
): Promise<Page<Member>> {
  const now = context.clock()
  const { agencyId } = actor
  return context.db.asNode(async (trx) => {
    const users = await listUsers(trx, { ...query, agencyId, activeAt: now, limit: query.limit + 1 })
    const shown = users.slice(0, query.limit)
    const held = await listHeldRoles(
      trx,
      shown.map((user) => user.id),
      agencyId,
    )
    const items = shown.map(({ id, login, displayName }) => ({
      id,
      login,
      displayName,
      roles: (held.get(id) ?? []).filter((one) => holdsAt(one, now)).map((one) => one.role),
    }))
    return { items, next: users.length > query.limit ? (shown.at(-1)?.login ?? null) : null }
  })
}

function holdsAt(role: HeldRole, now: Date): boolean {
  return (role.validFrom === null || role.validFrom <= now) && (role.validTo === null || role.validTo > now)
}
