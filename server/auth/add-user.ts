import { randomUUID } from 'node:crypto'
import type { Actor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import { CongvanError } from '../errors.ts'
import { giveRole, type RoleGrant } from './grant-role.ts'
import { hashPassword, newOneTimePassword } from './password.ts'
import { claimOf } from './person.ts'
import { insertUser } from './user-store.ts'

export interface NewUser {
  readonly login: string
  readonly displayName: string
  /** Left out: one is made, to be used once. */
  readonly password?: string | undefined
  /** Whether the owner has to choose another password first; always so with a password that was made here. */
  readonly mustChangePassword?: boolean
  readonly operator: boolean
  readonly grants: readonly RoleGrant[]
}

export interface MadeUser {
  readonly id: string
  /** Shown once, here, when none was given. */
  readonly oneTimePassword?: string
}

const LOGIN = /^[a-z0-9._@-]{2,64}$/
const LONGEST_NAME = 100
/** A password on a piece of paper is good for three days. */
export const ONE_TIME_MS = 72 * 3_600_000

/**
 * Makes an account with its roles, all of it or nothing, and logs each right that is given.
 *
 * An administrator of an agency may grant roles of that agency only; the operator and the node's console may
 * grant any of an agency hosted here and make operators.
 *
 * @throws CongvanError `INPUT_INVALID`, `USER_EXISTS`, `NOT_PERMITTED`, `AGENCY_CODE_UNKNOWN`,
 *   `SECRET_SHOWN_ALREADY` for a repeated request that made a password, …
 */
export async function addUser(context: NodeContext, actor: Actor, input: NewUser): Promise<MadeUser> {
  const now = context.clock()
  const login = input.login.toLowerCase()
  const displayName = input.displayName.trim()
  requireForm(login, displayName)
  if (input.operator && actor.kind !== 'operator') {
    throw new CongvanError('NOT_PERMITTED', {
      permission: 'user.manage',
      act: 'make operators of the node',
      actVi: 'tạo tài khoản người vận hành nút',
    })
  }
  const oneTimePassword = input.password === undefined ? newOneTimePassword() : undefined
  const passwordHash = await hashPassword(
    oneTimePassword ?? input.password ?? '',
    context.limits.passwordLogCost,
  )
  const mustChangePassword = oneTimePassword !== undefined || input.mustChangePassword === true
  // What is kept for a repeated request does not hold the password.
  let shown: MadeUser | undefined
  const made = await context.db.asNode(async (trx) => {
    const id = randomUUID()
    const inserted = await insertUser(trx, {
      id,
      login,
      displayName,
      passwordHash,
      isOperator: input.operator,
      createdAt: now,
      mustChangePassword,
      passwordExpiresAt: oneTimePassword === undefined ? null : new Date(now.getTime() + ONE_TIME_MS),
    })
    if (!inserted) throw new CongvanError('USER_EXISTS', { login })
    const log = { nodeId: context.nodeId, actor, now }
    await appendLogEntry(trx, log, null, {
      kind: 'user.created',
      subject: `user:${id}`,
      facts: { operator: input.operator },
      personal: { login, displayName },
    })
    for (const grant of input.grants) await giveRole(trx, log, id, grant)
    shown = oneTimePassword === undefined ? { id } : { id, oneTimePassword }
    return { id, secret: oneTimePassword !== undefined }
  }, claimOf(actor))
  if (shown !== undefined) return shown
  if (made.secret) throw new CongvanError('SECRET_SHOWN_ALREADY')
  return { id: made.id }
}

function requireForm(login: string, displayName: string): void {
  if (!LOGIN.test(login)) {
    const reason = 'dùng 2-64 ký tự a-z 0-9 . _ @ - / 2-64 characters of a-z 0-9 . _ @ - are wanted'
    throw new CongvanError('INPUT_INVALID', { field: 'login', reason })
  }
  if (displayName === '' || [...displayName].length > LONGEST_NAME || /\p{Cc}/u.test(displayName)) {
    const reason = `cần 1-${LONGEST_NAME} ký tự trên một dòng / 1-${LONGEST_NAME} characters on one line are wanted`
    throw new CongvanError('INPUT_INVALID', { field: 'displayName', reason })
  }
}
