import { createHash } from 'node:crypto'
import type { Actor, IdempotencyClaim } from '../actor.ts'
import { CongvanError } from '../errors.ts'

const KEY = /^[\x21-\x7e]{8,100}$/

/**
 * The claim of a POST request: its key bound to method, path and body. The claim travels with the actor into the
 * one transaction of the use case (`db.ts`), so that key, effect and answer are stored together.
 *
 * @throws CongvanError `IDEMPOTENCY_KEY_MISSING`, `INPUT_INVALID`
 */
export function readClaim(
  header: string | undefined,
  request: { readonly method: string; readonly path: string; readonly body: Uint8Array },
): IdempotencyClaim {
  if (header === undefined || header === '') throw new CongvanError('IDEMPOTENCY_KEY_MISSING')
  if (!KEY.test(header)) {
    throw new CongvanError('INPUT_INVALID', {
      field: 'Idempotency-Key',
      reason: '8-100 visible ASCII characters',
    })
  }
  const requestSha256 = createHash('sha256')
    .update(`${request.method} ${request.path}\n`)
    .update(request.body)
    .digest('hex')
  return { key: header, requestSha256 }
}

export function withIdempotency(actor: Actor, idempotency: IdempotencyClaim): Actor {
  return actor.kind === 'node' ? actor : { ...actor, idempotency }
}
