/** The own sessions and API tokens: making, seeing and ending them. */
import { randomUUID } from 'node:crypto'
import type { Actor, Permission } from '../actor.ts'
import { appendEntryOf } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import { CongvanError } from '../errors.ts'
import { permissionsOf, rolesOf } from './permissions.ts'
import { agencyOf, asPerson, asSignedIn, claimOf } from './person.ts'
import { insertToken, listTokens, revokeTokens, type StoredToken } from './token-store.ts'
import { newToken } from './tokens.ts'

export interface TokenRequest {
  readonly label: string
  readonly days: number
  /** What the token is confined to; left out, whatever its owner may do at the time. */
  readonly scopes?: readonly Permission[] | undefined
  readonly address: string
}

export interface MadeToken {
  readonly id: string
  /** Shown once, here. */
  readonly token: string
  readonly expiresAt: string
}

/**
 * Makes an API token for the person's present agency. It never reaches further than its owner, now or later.
 *
 * @throws CongvanError `NOT_PERMITTED` for a token that asks for another, `SCOPE_NOT_YOURS`, `TOKEN_SHOWN_ALREADY`
 */
export async function createToken(
  context: NodeContext,
  actor: Actor,
  request: TokenRequest,
): Promise<MadeToken> {
  const { userId } = asSignedIn(actor)
  const own = permissionsOf(rolesOf(actor))
  const beyond = (request.scopes ?? []).filter((one) => !own.has(one))
  if (beyond.length > 0) throw new CongvanError('SCOPE_NOT_YOURS', { scopes: beyond.join(', ') })
  const now = context.clock()
  const { token, sha256 } = newToken()
  const id = randomUUID()
  const agencyId = agencyOf(actor)
  const expiresAt = new Date(now.getTime() + request.days * 86_400_000)
  // Shown once means once: what is kept for a repeated request does not hold the secret. A caller whose answer
  // was lost is told so, revokes the token and makes another one.
  let shown: string | undefined
  const made = await context.db.asNode(async (trx) => {
    await insertToken(trx, {
      id,
      tokenSha256: sha256,
      userId,
      agencyId,
      kind: 'api',
      label: request.label,
      createdAt: now,
      expiresAt,
      madeFrom: request.address,
      scopes: request.scopes ?? null,
    })
    await appendEntryOf(trx, { nodeId: context.nodeId, actor, now }, agencyId, {
      kind: 'token.created',
      subject: `token:${id}`,
      facts: { user: userId, scopes: request.scopes ?? null, expiresAt: expiresAt.toISOString() },
    })
    shown = token
    return { id, expiresAt: expiresAt.toISOString() }
  }, claimOf(actor))
  if (shown === undefined) throw new CongvanError('TOKEN_SHOWN_ALREADY', { id: made.id })
  return { ...made, token: shown }
}

export interface OwnToken extends StoredToken {
  /** Whether the request itself came with it. */
  readonly current: boolean
}

/**
 * Own sessions and tokens that live; of a session that nobody used too long, nothing more is told. Where the owner is
 * signed in from, and what other tokens there are, is nothing for a script.
 *
 * @throws CongvanError `NOT_PERMITTED` for a token that asks
 */
export async function listOwnTokens(
  context: NodeContext,
  actor: Actor,
  idleMinutes: number,
): Promise<OwnToken[]> {
  const person = asSignedIn(actor)
  const now = context.clock()
  const idle = new Date(now.getTime() - idleMinutes * 60_000)
  const found = await context.db.asNode((trx) => listTokens(trx, person.userId, now))
  return found
    .filter((one) => one.kind === 'api' || (one.lastUsedAt ?? one.createdAt) >= idle)
    .map((one) => ({ ...one, current: one.id === person.tokenId }))
}

/**
 * Ends one, those of a kind, or all of the own sessions and tokens. A token ends only itself.
 *
 * @returns how many ended
 * @throws CongvanError `NOT_PERMITTED`, `NOT_FOUND` when the one that was named is none of the own
 */
export async function endOwnTokens(
  context: NodeContext,
  actor: Actor,
  which: {
    readonly id?: string | undefined
    readonly kind?: 'session' | 'api' | undefined
    readonly keepCurrent?: boolean
  },
): Promise<number> {
  const own = asPerson(actor)
  const person = which.id !== undefined && which.id === own.tokenId ? own : asSignedIn(actor)
  const now = context.clock()
  const keep = which.keepCurrent === true ? person.tokenId : undefined
  return context.db.asNode(async (trx) => {
    const ended = await revokeTokens(trx, person.userId, { id: which.id, kind: which.kind, keep }, now)
    if (which.id !== undefined && ended.length === 0) {
      throw new CongvanError('NOT_FOUND', { what: `token ${which.id}` })
    }
    for (const { id, agencyId, kind } of ended) {
      await appendEntryOf(trx, { nodeId: context.nodeId, actor, now }, agencyId, {
        kind: kind === 'session' ? 'user.signed-out' : 'token.revoked',
        subject: `token:${id}`,
        facts: { user: person.userId },
      })
    }
    return ended.length
  })
}
