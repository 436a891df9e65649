/**
 * The one address under which clients know a server that may move: what a virtual address or a TCP balancer
 * (HAProxy with `on-marked-down shutdown-sessions`) is to a deployment.
 */

import type { AddressInfo } from 'node:net'
import { connect, createServer, type Server, type Socket } from 'node:net'

export interface Address {
  readonly port: number
  /** From now on to the server at that port of this machine; connections to another are cut. */
  pointTo(port: number): void
  close(): Promise<void>
}

export async function openAddress(): Promise<Address> {
  let target = 0
  const open = new Set<Socket>()
  const cut = () => {
    for (const socket of open) socket.destroy()
  }
  const server = createServer((incoming) => {
    const outgoing = connect(target, '127.0.0.1')
    for (const socket of [incoming, outgoing]) {
      open.add(socket)
      // What breaks on one side is broken on the other; each side learns it as a closed connection.
      socket.on('error', () => {})
      socket.once('close', () => {
        open.delete(socket)
        incoming.destroy()
        outgoing.destroy()
      })
      socket.setNoDelay(true)
    }
    incoming.pipe(outgoing)
    outgoing.pipe(incoming)
  })
  await listen(server)
  return {
    port: (server.address() as AddressInfo).port,
    pointTo(port) {
      target = port
      cut()
    },
    async close() {
      const closed = new Promise((accept) => server.close(accept))
      cut()
      await closed
    },
  }
}

function listen(server: Server): Promise<void> {
  return new Promise((accept, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', accept)
  })
}
