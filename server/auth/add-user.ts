import { randomUUID } from 'node:crypto'
import type { Actor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import type { NodeTransaction } from '../db.ts'
import { vietnamDay } from '../directory/agency-entry.ts'
import { requireOpenAgency } from '../directory/agency-store.ts'
import { CongvanError } from '../errors.ts'
import { hashPassword } from './password.ts'
import { type AgencyRole, findUserByLogin, grantRole, insertUser } from './user-store.ts'

export interface NewUser {
  readonly login: string
  readonly displayName: string
  readonly password: string
  readonly operator: boolean
  readonly grants: readonly { readonly agencyCode: string; readonly role: AgencyRole }[]
}

const LOGIN = /^[a-z0-9._@-]{2,64}$/

/**
 * Makes an account with its roles, all of it or nothing, and logs each right that is given.
 *
 * An administrator of an agency may grant roles of that agency only; the operator and the node's console may
 * grant any of an agency hosted here and make operators.
 *
 * @throws CongvanError `INPUT_INVALID`, `USER_EXISTS`, `NOT_PERMITTED`, `AGENCY_CODE_UNKNOWN`, …
 */
export async function addUser(context: NodeContext, actor: Actor, input: NewUser): Promise<{ id: string }> {
  const now = context.clock()
  const login = input.login.toLowerCase()
  if (!LOGIN.test(login)) {
    throw new CongvanError('INPUT_INVALID', { field: 'login', reason: 'a-z 0-9 . _ @ -, 2-64' })
  }
  if (input.operator && actor.kind !== 'operator')
    throw new CongvanError('NOT_PERMITTED', { permission: 'operator' })
  const passwordHash = await hashPassword(input.password)
  const id = randomUUID()
  const work = async (trx: NodeTransaction) => {
    if ((await findUserByLogin(trx, login)) !== undefined) throw new CongvanError('USER_EXISTS', { login })
    await insertUser(trx, {
      id,
      login,
      displayName: input.displayName,
      passwordHash,
      isOperator: input.operator,
      createdAt: now,
    })
    const log = { nodeId: context.nodeId, actor, now }
    await appendLogEntry(trx, log, null, {
      kind: 'user.created',
      subject: `user:${id}`,
      facts: { operator: input.operator },
      personal: { login, displayName: input.displayName },
    })
    for (const { agencyCode, role } of input.grants) {
      const agency = await requireOpenAgency(trx, agencyCode, vietnamDay(now))
      if (agency.hostingNode !== context.nodeId) {
        throw new CongvanError('AGENCY_NOT_HOSTED', { code: agencyCode, node: agency.hostingNode })
      }
      if (actor.kind === 'user' && actor.agencyId !== agency.id) {
        throw new CongvanError('NOT_PERMITTED', { permission: 'user.manage' })
      }
      await grantRole(trx, { agencyId: agency.id, userId: id, role, at: now })
      await appendLogEntry(trx, log, null, {
        kind: 'user.role-granted',
        subject: `user:${id}`,
        facts: { agency: agency.id, role },
      })
    }
    return { id }
  }
  const claim =
    actor.kind !== 'node' && actor.idempotency !== undefined
      ? { userId: actor.userId, idempotency: actor.idempotency }
      : undefined
  return context.db.asNode(work, claim)
}
