import type { OperatorActor } from '../actor.ts'
import type { NodeClaim } from '../db.ts'

/** The idempotency key of an operator's request, for `asNode`; a command at the console has none. */
export function operatorClaim(actor: OperatorActor): NodeClaim | undefined {
  return actor.idempotency && { userId: actor.userId, idempotency: actor.idempotency }
}
