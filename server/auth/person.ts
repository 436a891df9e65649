import type { Actor, OperatorActor, UserActor } from '../actor.ts'
import type { NodeClaim } from '../db.ts'
import { CongvanError } from '../errors.ts'

/** Somebody with an account of this node. */
export type Person = (UserActor | OperatorActor) & { readonly userId: string }

/** @throws CongvanError `NOT_AUTHENTICATED` for whoever has no account */
export function asPerson(actor: Actor): Person {
  if (actor.kind === 'node' || actor.userId === null) throw new CongvanError('NOT_AUTHENTICATED')
  return { ...actor, userId: actor.userId }
}

/**
 * The person, signed in. A token that was stolen must end at its own expiry: it makes no other one, and takes over
 * no account by changing its password or second factor.
 *
 * @throws CongvanError `NOT_PERMITTED`
 */
export function asSignedIn(actor: Actor): Person {
  const person = asPerson(actor)
  if (person.byApiToken) {
    throw new CongvanError('NOT_PERMITTED', {
      permission: 'token.create',
      act: 'do this by means of an API token',
      actVi: 'làm việc này bằng một mã truy cập',
    })
  }
  return person
}

/** The agency that a person acts for; null for the operator. */
export function agencyOf(actor: Actor): string | null {
  return actor.kind === 'user' ? actor.agencyId : null
}

/** What makes the one transaction of a POST happen once. */
export function claimOf(actor: Actor): NodeClaim | undefined {
  if (actor.kind === 'node' || actor.idempotency === undefined) return undefined
  return { userId: actor.userId, idempotency: actor.idempotency }
}
