import type { Knex } from 'knex'

/**
 * Runs `act` once the transaction has committed, and never when it is rolled back. For what is not worth a row: a count,
 * a line of the log. A crash in between loses it.
 */
export function afterCommit(trx: Knex.Transaction, act: () => void): void {
  // The rejection is told to who opened the transaction.
  trx.executionPromise.then(act, () => {})
}
