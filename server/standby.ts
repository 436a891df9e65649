import type { NodeTransaction } from './db.ts'

/**
 * For what only the processes of today tell each other and their operator. While a synchronous standby is away every
 * other commit waits for it, and so would the word that it is away; signs of life would soon hold every connection.
 *
 * The transaction is in the primary's own log when its commit returns. Lost together with the primary, such a row is
 * written again by itself in the next round. Nothing that another node or a person is told may be committed so.
 */
export async function waitForNoStandby(trx: NodeTransaction): Promise<void> {
  await trx.raw('set local synchronous_commit to local')
}
