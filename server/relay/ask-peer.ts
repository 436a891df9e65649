import type { z } from 'zod'
import { findPeer, type Peer } from '../directory/peer-store.ts'
import { CongvanError } from '../errors.ts'
import { type PeerCall, type PeerProblem, peerProblemOf } from '../http/peer-client.ts'
import type { RelayDeps } from './relay-deps.ts'
import { outcomeOfFault, type SendOutcome } from './retry.ts'

/**
 * A peer that may be asked now.
 *
 * @throws CongvanError `NODE_UNREACHABLE` for a node that is no enabled neighbour
 */
export async function requirePeer(deps: RelayDeps, nodeId: string): Promise<Peer> {
  const { db, clock } = deps.context
  const peer = await db.asNode((trx) => findPeer(trx, nodeId, clock()))
  if (peer?.enabled) return peer
  throw new CongvanError('NODE_UNREACHABLE', { node: nodeId, reason: 'no enabled peer' })
}

/**
 * One request to a peer, its answer narrowed.
 *
 * @throws CongvanError those of the peer client; `RELAY_ANSWER_UNREADABLE`
 */
export async function askPeer<Answer extends z.ZodType>(
  deps: RelayDeps,
  peer: Peer,
  call: PeerCall,
  answer: Answer,
): Promise<z.output<Answer>> {
  const { body } = await deps.peers.request(peer, call)
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch (cause) {
    throw unreadable(peer.nodeId, 'no JSON', cause)
  }
  const parsed = answer.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw unreadable(peer.nodeId, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`)
}

export function unreadable(node: string, reason: string, cause?: unknown): CongvanError {
  return new CongvanError('RELAY_ANSWER_UNREADABLE', { node, reason }, { cause })
}

export function jsonCall(method: 'PUT' | 'POST', path: string, value: unknown): PeerCall {
  return { method, path, body: Buffer.from(JSON.stringify(value)), contentType: 'application/json' }
}

export interface SendFailure {
  readonly outcome: SendOutcome
  /** Code of the peer's fault or of our own error: goes into a receipt. */
  readonly code: string
  /** For the operator. */
  readonly reason: string
  readonly problem: PeerProblem | undefined
}

/**
 * What an error says about a send; `undefined` for an error that is this node's own, such as its database.
 *
 * @param committing whether the peer was asked to commit: then silence says nothing about what it did
 */
export function sendFailureOf(error: unknown, committing: boolean): SendFailure | undefined {
  if (!(error instanceof CongvanError)) return undefined
  const failure = (outcome: SendOutcome): SendFailure => ({
    outcome,
    code: error.code,
    reason: printable(error.message),
    problem: undefined,
  })
  switch (error.code) {
    case 'PEER_FAULT': {
      const problem = peerProblemOf(error)
      const code = problem?.code ?? ''
      const outcome = outcomeOfFault(code, problem?.status ?? 500)
      return {
        outcome,
        code: printable(code),
        reason: printable(`${code}: ${problem?.detail ?? ''}`),
        problem,
      }
    }
    case 'NODE_UNREACHABLE':
      return failure(committing ? 'answer-lost' : 'unreachable')
    case 'PEER_ANSWER_NOT_AUTHENTIC':
    case 'RELAY_ANSWER_UNREADABLE':
    // Only the peer client limits what it reads.
    case 'INPUT_TOO_LARGE':
      return failure('answer-unreadable')
    default:
      return undefined
  }
}

/** A peer's words as a table and a terminal can hold them: no NUL, which PostgreSQL stores in no text, nor its like. */
function printable(text: string): string {
  return text.toWellFormed().replaceAll(/\p{Cc}/gu, ' ')
}
