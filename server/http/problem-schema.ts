import { errorCodes } from '../errors.ts'
import type { Route } from './route.ts'

type Json = { [key: string]: unknown }

/** The body of every failure: problem details (RFC 9457) with members of our own. */
export function problemSchema(): Json {
  return {
    type: 'object',
    description: 'Lỗi (RFC 9457) / problem details (RFC 9457)',
    required: ['type', 'status', 'code', 'title', 'params'],
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
        description: 'lời cho người đọc, theo Accept-Language / for people, by Accept-Language',
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

const words: Readonly<Record<number, string>> = {
  400: 'dữ liệu không hợp lệ / invalid input',
  401: 'chưa đăng nhập / not signed in',
  403: 'không có quyền / not permitted',
  404: 'không tìm thấy / not found',
  409: 'không hợp với trạng thái hiện tại / in conflict with the present state',
  412: 'người khác đã thay đổi trước / changed by somebody else meanwhile',
  413: 'quá lớn / too large',
  422: 'đọc được nhưng không chấp nhận / understood and refused',
  428: 'thiếu If-Match / If-Match is missing',
  429: 'quá nhiều yêu cầu / too many requests',
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
  const named = statusesOf(one).map((status) => [String(status), response(words[status] ?? '')])
  return { ...Object.fromEntries(named), default: response('lỗi khác / any other problem') }
}
