import type { UserActor } from '../actor.ts'
import { CongvanError } from '../errors.ts'

/**
 * The clerk signs for the agency in person, never a program on its own account: a token serves for it only where it was
 * made for just that (NĐ 30/2020 art 32.2c): for a document, a separate file and a copy alike.
 *
 * @throws CongvanError `TOKEN_NOT_FOR_ISSUE`
 */
export function requireNamedToken(actor: UserActor): void {
  if (actor.byApiToken === true && actor.scopes?.includes('document.issue') !== true) {
    throw new CongvanError('TOKEN_NOT_FOR_ISSUE')
  }
}
