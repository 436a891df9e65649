import { z } from 'zod'
import type { Limits } from '../context.ts'
import { sha256 } from '../edxml/values.ts'
import { CongvanError } from '../errors.ts'
import { jsonReply, type PeerReply, type PeerRequest, type PeerRoute } from '../http/peer-routes.ts'
import { commitOffer } from './accept.ts'
import { answerQuestion } from './answer-question.ts'
import { decodeOfferWithFiles, INLINE_BYTES } from './offer-with-files.ts'
import { watchPeers } from './peer-health.ts'
import { commitRequest, messageRequest, offerRequest, questionRequest } from './protocol.ts'
import { receiveOffer } from './receive.ts'
import { fileOfOffer, receivePiece } from './receive-files.ts'
import { receiveMessage } from './receive-message.ts'
import { receiveOfferWithFiles } from './receive-with-files.ts'
import type { RelayDeps } from './relay-deps.ts'
import { PIECE_BYTES } from './send-files.ts'

const offerParams = z.strictObject({ id: z.uuid() })
const fileParams = z.strictObject({ id: z.uuid(), sha256 })
const from = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER)

/** The relay's part of `/relay/v1`: offer, files, commit, messages on their way back, and what became of it. */
export function relayPeerRoutes(deps: RelayDeps): PeerRoute[] {
  const json = { kind: 'bytes', maxBytes: jsonBytes(deps.context.limits) } as const
  const isThere = watchPeers(deps)
  return [
    {
      method: 'post',
      path: '/offers',
      body: json,
      handle: async (request) => {
        const offer = readJson(offerRequest, request)
        await isThere(request.peer)
        return reply(await receiveOffer(deps, request.peer, offer, request.now))
      },
    },
    {
      method: 'post',
      path: '/offers/with-files',
      body: { kind: 'bytes', maxBytes: json.maxBytes + INLINE_BYTES },
      handle: async (request) => {
        const offer = decodeOfferWithFiles(request.body)
        await isThere(request.peer)
        return reply(await receiveOfferWithFiles(deps, request.peer, offer, request.now))
      },
    },
    {
      method: 'get',
      path: '/offers/:id/files/:sha256',
      body: { kind: 'none' },
      handle: async (request) => {
        const params = narrowTo(fileParams, request.params, 'path')
        return reply(await fileOfOffer(deps, request.peer, params.id, params.sha256))
      },
    },
    {
      method: 'put',
      path: '/offers/:id/files/:sha256',
      body: { kind: 'stream', maxBytes: Math.max(PIECE_BYTES, deps.context.limits.fileBytes) },
      handle: async (request) => {
        const params = narrowTo(fileParams, request.params, 'path')
        // The offset stands in the query because the query is signed and a Content-Range field is not.
        const piece = {
          offerId: params.id,
          sha256: params.sha256,
          from: narrowTo(from, request.query.get('from') ?? '0', 'query.from'),
        }
        return reply(await receivePiece(deps, request.peer, piece, request.stream, request.now))
      },
    },
    {
      method: 'post',
      path: '/offers/:id/commit',
      body: { kind: 'bytes', maxBytes: 1_000 },
      handle: async (request) => {
        readJson(commitRequest, request)
        const { id } = narrowTo(offerParams, request.params, 'path')
        return reply(await commitOffer(deps, request.peer, id, request.now))
      },
    },
    {
      method: 'post',
      path: '/messages',
      body: json,
      handle: async (request) => {
        const message = readJson(messageRequest, request)
        await isThere(request.peer)
        return reply(await receiveMessage(deps, request.peer, message, request.now))
      },
    },
    {
      method: 'post',
      path: '/questions',
      body: json,
      handle: async (request) => {
        const question = readJson(questionRequest, request)
        await isThere(request.peer)
        return reply(await answerQuestion(deps, request.peer, question, request.now))
      },
    },
  ]
}

/** Room for an envelope in base64 and what stands beside it. */
function jsonBytes(limits: Limits): number {
  return Math.ceil(limits.envelopeBytes / 3) * 4 + limits.jsonBytes
}

function reply(value: unknown): PeerReply {
  return jsonReply(value)
}

/** Programs read these faults, so their words are English only. */
function narrowTo<S extends z.ZodType>(schema: S, value: unknown, where: string): z.output<S> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const issues = parsed.error.issues.slice(0, 5)
  const field = issues.map((issue) => [where, ...issue.path.map(String)].join('.')).join(', ')
  throw new CongvanError('INPUT_INVALID', { field, reason: issues.map((one) => one.message).join('; ') })
}

function readJson<S extends z.ZodType>(schema: S, request: PeerRequest): z.output<S> {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(request.body))
  } catch {
    throw new CongvanError('INPUT_INVALID', { field: 'body', reason: 'no JSON in UTF-8' })
  }
  return narrowTo(schema, value, 'body')
}
