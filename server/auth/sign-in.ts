import { randomUUID } from 'node:crypto'
import { appendEntryOf, appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import { vietnamDay } from '../directory/agency-entry.ts'
import { type Agency, findAgencyByCode } from '../directory/agency-store.ts'
import { CongvanError } from '../errors.ts'
import { checkPassword } from './password.ts'
import { newToken } from './tokens.ts'
import { findUserByLogin, insertToken, listMemberships } from './user-store.ts'

export interface SignIn {
  readonly login: string
  readonly password: string
  /** The agency to act for, by code; may be left out by a user of exactly one, and by the operator. */
  readonly agencyCode?: string | undefined
}

export interface Session {
  readonly token: string
  readonly expiresAt: string
  readonly agencyId: string | null
  readonly roles: readonly string[]
}

/**
 * Checks a password and opens a session for one agency (or for the node, by an operator).
 *
 * @throws CongvanError `SIGN_IN_FAILED` for an unknown login, a wrong password and a disabled account alike;
 *   `AGENCY_NOT_YOURS`; `INPUT_INVALID` when the agency must be named. The failed try is logged.
 */
export async function signIn(context: NodeContext, input: SignIn, sessionHours: number): Promise<Session> {
  const now = context.clock()
  const log = { nodeId: context.nodeId, actor: { kind: 'node', nodeId: context.nodeId } as const, now }
  const user = await context.db.asNode((trx) => findUserByLogin(trx, input.login))
  const matches = await checkPassword(input.password, user?.passwordHash ?? null)
  if (user === undefined || !matches || user.disabled) {
    await context.db.asNode((trx) =>
      appendLogEntry(trx, log, null, {
        kind: 'user.sign-in-failed',
        subject: user === undefined ? 'user:unknown' : `user:${user.id}`,
        personal: { login: input.login },
      }),
    )
    throw new CongvanError('SIGN_IN_FAILED')
  }
  const { token, sha256 } = newToken()
  const expiresAt = new Date(now.getTime() + sessionHours * 3_600_000)
  return context.db.asNode(async (trx) => {
    const memberships = await listMemberships(trx, user.id)
    const wanted = input.agencyCode
      ? await findAgencyByCode(trx, input.agencyCode, vietnamDay(now))
      : undefined
    const place = choosePlace(memberships, wanted, input.agencyCode, user.isOperator)
    await insertToken(trx, {
      id: randomUUID(),
      tokenSha256: sha256,
      userId: user.id,
      agencyId: place.agencyId,
      kind: 'session',
      label: '',
      createdAt: now,
      expiresAt,
    })
    await appendEntryOf(trx, log, place.agencyId, { kind: 'user.signed-in', subject: `user:${user.id}` })
    return { token, expiresAt: expiresAt.toISOString(), agencyId: place.agencyId, roles: place.roles }
  })
}

function choosePlace(
  memberships: readonly { readonly agencyId: string; readonly roles: readonly string[] }[],
  wanted: Agency | undefined,
  wantedCode: string | undefined,
  isOperator: boolean,
): { agencyId: string | null; roles: readonly string[] } {
  if (wantedCode !== undefined) {
    const found = memberships.find((one) => one.agencyId === wanted?.id)
    if (found === undefined) {
      throw new CongvanError('AGENCY_NOT_YOURS', { code: wantedCode, codeVi: wantedCode })
    }
    return found
  }
  if (isOperator) return { agencyId: null, roles: ['operator'] }
  const [only, ...others] = memberships
  if (only === undefined) {
    throw new CongvanError('AGENCY_NOT_YOURS', { code: 'any agency', codeVi: 'nào' })
  }
  if (others.length > 0) {
    throw new CongvanError('INPUT_INVALID', {
      field: 'agencyCode',
      reason:
        'tài khoản thuộc nhiều cơ quan, hãy nêu mã của một / the account is of several agencies, name one by its code',
    })
  }
  return only
}
