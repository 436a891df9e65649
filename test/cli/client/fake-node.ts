import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

export interface Seen {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

/** Answers one request: the status and JSON body, or whatever it does to the response itself. */
export type Reply = (
  seen: Seen,
  response: ServerResponse,
) => { readonly status?: number; readonly json?: unknown; readonly bytes?: Uint8Array } | undefined

export interface FakeNode {
  readonly url: string
  readonly seen: Seen[]
  close(): Promise<void>
}

/** A server that behaves as a test says: a node that is slow, broken or hostile. */
export async function startFakeNode(reply: Reply): Promise<FakeNode> {
  const seen: Seen[] = []
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      const one = {
        method: request.method ?? '',
        path: (request.url ?? '').replace('/api/v1', ''),
        headers: request.headers,
        body,
      }
      seen.push(one)
      const answer = reply(one, response)
      if (answer === undefined) return
      response.statusCode = answer.status ?? 200
      if (answer.bytes !== undefined) response.end(answer.bytes)
      else response.setHeader('content-type', 'application/json').end(JSON.stringify(answer.json))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    close() {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

/** A problem as a node answers it. */
export function problem(status: number, code: string, params: Record<string, string | number> = {}) {
  return { status, json: { type: 'about:blank', status, code, title: 'không dùng', params } }
}
