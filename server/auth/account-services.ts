import type { AccountSettings } from '../context.ts'
import type { AccountKey } from './account-key.ts'

/** What the use cases of this folder need beside the node's context. */
export interface AccountServices {
  readonly settings: AccountSettings
  readonly key: AccountKey
}
