import { randomUUID } from 'node:crypto'
import type { Actor, AgencyRole } from '../actor.ts'
import { appendEntryOf, appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import type { NodeTransaction } from '../db.ts'
import { vietnamDay } from '../directory/agency-entry.ts'
import { requireOpenAgency } from '../directory/agency-store.ts'
import { CongvanError } from '../errors.ts'
import { hashPassword } from './password.ts'
import { grantRole, insertUser } from './user-store.ts'

export interface NewUser {
  readonly login: string
  readonly displayName: string
  readonly password: string
  readonly operator: boolean
  readonly grants: readonly { readonly agencyCode: string; readonly role: AgencyRole }[]
}

const LOGIN = /^[a-z0-9._@-]{2,64}$/
const LONGEST_NAME = 100

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
  const displayName = input.displayName.trim()
  if (!LOGIN.test(login)) {
    const reason = 'dùng 2-64 ký tự a-z 0-9 . _ @ - / 2-64 characters of a-z 0-9 . _ @ - are wanted'
    throw new CongvanError('INPUT_INVALID', { field: 'login', reason })
  }
  if (displayName === '' || [...displayName].length > LONGEST_NAME || /\p{Cc}/u.test(displayName)) {
    const reason = `cần 1-${LONGEST_NAME} ký tự trên một dòng / 1-${LONGEST_NAME} characters on one line are wanted`
    throw new CongvanError('INPUT_INVALID', { field: 'displayName', reason })
  }
  if (input.operator && actor.kind !== 'operator') {
    throw notPermitted('make operators of the node', 'tạo tài khoản người vận hành nút')
  }
  const passwordHash = await hashPassword(input.password)
  const id = randomUUID()
  const work = async (trx: NodeTransaction) => {
    const made = await insertUser(trx, {
      id,
      login,
      displayName,
      passwordHash,
      isOperator: input.operator,
      createdAt: now,
    })
    if (!made) throw new CongvanError('USER_EXISTS', { login })
    const log = { nodeId: context.nodeId, actor, now }
    await appendLogEntry(trx, log, null, {
      kind: 'user.created',
      subject: `user:${id}`,
      facts: { operator: input.operator },
      personal: { login, displayName },
    })
    for (const { agencyCode, role } of input.grants) {
      const agency = await requireOpenAgency(trx, agencyCode, vietnamDay(now))
      if (agency.hostingNode !== context.nodeId) {
        throw new CongvanError('AGENCY_NOT_HOSTED', { code: agencyCode, node: agency.hostingNode })
      }
      if (actor.kind === 'user' && actor.agencyId !== agency.id) {
        throw notPermitted(`grant roles of ${agencyCode}`, `cấp vai trò ở cơ quan ${agencyCode}`)
      }
      await grantRole(trx, { agencyId: agency.id, userId: id, role, at: now })
      await appendEntryOf(trx, log, agency.id, {
        kind: 'user.role-granted',
        subject: `user:${id}`,
        facts: { role },
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

function notPermitted(act: string, actVi: string): CongvanError {
  return new CongvanError('NOT_PERMITTED', { permission: 'user.manage', act, actVi })
}
