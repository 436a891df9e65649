/**
 * What stands before a node on the way to it: a balancer over its processes, on which a test can disturb single
 * requests the way a line, a proxy or a stranger does.
 */
import {
  Agent,
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

export type Disturbance =
  /** The line breaks before the request reaches the node. */
  | 'cut-before'
  /** The node does it, and the line breaks before its answer. */
  | 'cut-after'
  /** Nothing ever answers. */
  | 'hang'
  /** Something answers that is no node. */
  | 'garbage'
  /** The request reaches the node twice, at once. */
  | 'double'
  /** The request reaches the node later than those that follow it. */
  | 'late'
  /** A byte now and then. */
  | 'slow'

export interface Front {
  readonly url: string
  /** How often each disturbance was made. */
  readonly made: Map<Disturbance, number>
  /** Asked for each request, its method and path; what it answers is done to the request. */
  disturb: ((method: string, path: string) => Disturbance | undefined) | undefined
  /** The ports of the node's processes, to which requests go in turn. */
  backends: number[]
  close(): Promise<void>
}

/** How long a request is held that others are to overtake, milliseconds. */
const LATE_MS = 400

export async function openFront(port = 0): Promise<Front> {
  const agent = new Agent({ keepAlive: true, maxSockets: 128 })
  let turn = 0
  const server = createServer({ keepAliveTimeout: 60_000 })
  const front: Front = {
    url: '',
    made: new Map(),
    disturb: undefined,
    backends: [],
    async close() {
      const closed = new Promise((accept) => server.close(accept))
      server.closeAllConnections()
      agent.destroy()
      await closed
    },
  }
  server.on('request', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    turn += 1
    const at = turn
    const fail = () => outgoing.destroy()
    pass(front, agent, at, incoming, outgoing).catch(fail)
  })
  await listen(server, port)
  return Object.assign(front, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((accept, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', accept)
  })
}

async function pass(
  front: Front,
  agent: Agent,
  turn: number,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const { method = 'GET', url = '/' } = incoming
  const chosen = front.disturb?.(method, url)
  if (chosen !== undefined) front.made.set(chosen, (front.made.get(chosen) ?? 0) + 1)
  const body = await read(incoming)
  switch (chosen) {
    case 'cut-before':
      outgoing.destroy()
      return
    case 'hang':
      return
    case 'garbage':
      outgoing.socket?.end('\u0000\u0001 this is no HTTP\r\n\r\n')
      return
    case 'late':
      await delay(LATE_MS)
      break
    default:
  }
  const target = { agent, turn, incoming, body }
  const other = chosen === 'double' ? forward(front, { ...target, turn: turn + 1 }) : undefined
  // Of the two only one answer is passed on; that the other was refused is what is expected of it.
  other?.catch(() => {})
  const answer = await forward(front, target)
  if (chosen === 'cut-after') {
    outgoing.destroy()
    return
  }
  outgoing.writeHead(answer.status, answer.headers)
  if (chosen === 'slow') {
    for (const byte of answer.body) {
      outgoing.write(Buffer.from([byte]))
      if (outgoing.destroyed) return
      await delay(1)
    }
    outgoing.end()
    return
  }
  outgoing.end(answer.body)
}

interface Forwarded {
  readonly agent: Agent
  readonly turn: number
  readonly incoming: IncomingMessage
  readonly body: Buffer
}

interface Answer {
  readonly status: number
  readonly headers: Record<string, string | string[]>
  readonly body: Buffer
}

/** To one process after the other, until one takes the connection: as a balancer does with one that is down. */
async function forward(front: Front, target: Forwarded): Promise<Answer> {
  const { backends } = front
  for (let tried = 0; tried < backends.length; tried += 1) {
    const port = backends[(target.turn + tried) % backends.length] ?? 0
    try {
      return await ask(port, target)
    } catch (error) {
      // Refused: nothing has reached the process. Anything else may have, and is the asker's to judge.
      if ((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED') throw error
    }
  }
  throw new Error('no process of the node takes connections')
}

function ask(port: number, { agent, incoming, body }: Forwarded): Promise<Answer> {
  const { method, url, headers } = incoming
  return new Promise((accept, reject) => {
    const out = request(
      { host: '127.0.0.1', port, method, path: url, headers, agent, setHost: false },
      (response) => {
        read(response).then(
          (bytes) =>
            accept({
              status: response.statusCode ?? 502,
              headers: Object.fromEntries(
                Object.entries(response.headers).filter(
                  (entry): entry is [string, string | string[]] =>
                    entry[1] !== undefined && entry[0] !== 'transfer-encoding' && entry[0] !== 'connection',
                ),
              ),
              body: bytes,
            }),
          reject,
        )
      },
    )
    out.once('error', reject)
    out.end(body)
  })
}

async function read(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of stream) pieces.push(piece)
  return Buffer.concat(pieces)
}
