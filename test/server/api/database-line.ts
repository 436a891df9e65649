import { connect, createServer, type Server, type Socket } from 'node:net'

/** A simple query: the letter, four bytes of length, the statement. */
const COMMIT = /^Q.{4}COMMIT/is

/**
 * The line between a node and its database, which the test may cut: at once, or around the commit of a transaction
 * that it recognises by a statement.
 */
export class DatabaseLine {
  private readonly pairs = new Set<{ readonly node: Socket; readonly database: Socket }>()
  private server: Server | undefined
  private isCut = false
  private commitCut: { readonly statement: RegExp; readonly when: 'before' | 'after' } | undefined

  /** @returns the same URL by way of this line */
  async open(databaseUrl: string): Promise<string> {
    const url = new URL(databaseUrl)
    const port = Number(url.port)
    const server = createServer((node) => this.carry(node, port))
    this.server = server
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    url.port = String(typeof address === 'object' ? address?.port : '')
    return url.href
  }

  /** Ends every connection and takes no new one. */
  cut(): void {
    this.isCut = true
    for (const { node, database } of this.pairs) {
      node.destroy()
      database.destroy()
    }
  }

  restore(): void {
    this.isCut = false
    this.commitCut = undefined
  }

  /** Ends one connection, once: before its commit reaches the database, or before the answer to it comes back. */
  cutAtCommitOf(statement: RegExp, when: 'before' | 'after'): void {
    this.commitCut = { statement, when }
  }

  async close(): Promise<void> {
    this.cut()
    await new Promise((resolve) => this.server?.close(resolve))
  }

  private carry(node: Socket, port: number): void {
    if (this.isCut) {
      node.destroy()
      return
    }
    const database = connect(port, '127.0.0.1')
    const pair = { node, database }
    this.pairs.add(pair)
    let isWanted = false
    let isLost = false
    for (const socket of [node, database]) {
      socket.on('error', () => {})
      socket.on('close', () => {
        this.pairs.delete(pair)
        // A lost answer: the database still finishes what it was told.
        if (!isLost) for (const other of [node, database]) other.destroy()
      })
    }
    database.on('data', (bytes) => {
      if (!isLost) node.write(bytes)
      else if (bytes.includes('COMMIT')) database.end()
    })
    node.on('data', (bytes) => {
      const cut = this.commitCut
      const text = bytes.toString('latin1')
      if (cut?.statement.test(text)) isWanted = true
      if (cut === undefined || !isWanted || !COMMIT.test(text)) {
        database.write(bytes)
        return
      }
      this.commitCut = undefined
      if (cut.when === 'before') {
        node.destroy()
        return
      }
      isLost = true
      // The answer to the commit proves that it is done; only then the node loses its line.
      database.once('data', () => node.destroy())
      database.write(bytes)
    })
  }
}
