/**
 * A connection to PostgreSQL on which a statement does not wait for the answers to those before it. They are carried
 * out in the order in which they were sent; after one that fails, PostgreSQL refuses the others of its transaction.
 */
import pg from 'pg'

/** What is used of the socket below a client of `pg`, which its types leave open. */
interface Socketed {
  readonly connection?: { readonly stream?: { cork(): void; uncork(): void } }
}

export class PipelinedConnection extends pg.Client {
  #corked = false

  constructor(config?: pg.ClientConfig) {
    super({ ...config, pipeline: true } as pg.ClientConfig)
  }

  /** Statements that are sent in the same turn of the event loop leave in one write: each write costs a system call. */
  // biome-ignore lint/suspicious/noExplicitAny: the signature is that of `pg`, with all its overloads
  override query(...statement: any[]): any {
    const { stream } = (this as Socketed).connection ?? {}
    if (!this.#corked && stream !== undefined) {
      this.#corked = true
      stream.cork()
      process.nextTick(() => {
        this.#corked = false
        stream.uncork()
      })
    }
    // biome-ignore lint/suspicious/noExplicitAny: as above
    return (super.query as any)(...statement)
  }
}
