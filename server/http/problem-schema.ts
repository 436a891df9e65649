import { errorCodes } from '../errors.ts'
import type { Route } from './route.ts'
import { statusTitle } from './status-titles.ts'

type Json = { [key: string]: unknown }

/** The body of every failure: problem details (RFC 9457) with members of our own. */
export function problemSchema(): Json {
  return {
    type: 'object',
    description: 'Lỗi (RFC 9457) / problem details (RFC 9457)',
    required: ['type', 'status', 'code', 'title', 'detail', 'params'],
    additionalProperties: false,
    properties: {
      type: {
        type: 'string',
        format: 'uri-reference',
        description: 'luôn là about:blank; phân biệt bằng code / always about:blank: branch on code',
      },
      status: {
        type: 'integer',
        minimum: 400,
        maximum: 599,
        description: 'trạng thái HTTP / the HTTP status',
      },
      code: {
        type: 'string',
        enum: errorCodes(),
        description: 'mã lỗi, không đổi theo ngôn ngữ và phiên bản / stable code, the same in every language',
      },
      title: {
        type: 'string',
        description:
          'nghĩa của trạng thái HTTP, theo Accept-Language / what the HTTP status means, by Accept-Language',
      },
      detail: {
        type: 'string',
        description: 'điều sai ở đây, lời cho người đọc / what is wrong here, for people',
      },
      hint: { type: 'string', description: 'nên làm gì / what to do' },
      params: {
        type: 'object',
        description: 'các giá trị trong lời / the values in the text',
        additionalProperties: { type: ['string', 'number'] },
      },
    },
  }
}

/** The failures of the caller's side that an operation may answer, by what it takes and who may call it. */
function statusesOf(one: Route): number[] {
  const writes = one.method !== 'get'
  return [
    ...((one.params ?? one.query ?? one.body ?? (writes || undefined)) ? [400] : []),
    401,
    ...(one.access === 'public' ? [] : [403]),
    ...(one.access === 'public' ? [] : [404]),
    ...(writes ? [409] : []),
    ...(one.precondition === undefined ? [] : [412]),
    ...(one.body === undefined ? [] : [413]),
    ...(writes ? [422] : []),
    ...(one.precondition === 'required' ? [428] : []),
    429,
  ]
}

/** The described failures of an operation; whatever else goes wrong is a problem too. */
export function problemResponses(one: Route): Record<string, Json> {
  const response = (description: string) => ({
    description,
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  })
  const named = statusesOf(one).map((status) => {
    const { vi, en } = statusTitle(status)
    return [String(status), response(`${vi} / ${en}`)]
  })
  return { ...Object.fromEntries(named), default: response('lỗi khác / any other problem') }
}
