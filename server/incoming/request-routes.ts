import { z } from 'zod'
import type { NodeContext } from '../context.ts'
import type { DocumentServices } from '../documents/document-services.ts'
import { recallStates } from '../documents/recall.ts'
import { uuidParams } from '../http/mount.ts'
import { asUser, type Route, route } from '../http/route.ts'
import { answerRecall } from './answer-recall.ts'

const tag = 'documents'
const words = z.string().trim().min(1).max(400)
const answered = z.strictObject({ id: z.uuid(), recall: z.enum(recallStates) })

/** What a recipient's clerk answers when the issuer takes a document back. */
export function requestRoutes(context: NodeContext, services: DocumentServices): Route[] {
  return [
    route({
      method: 'post',
      path: '/documents/:id/recall-agreement',
      access: { permission: 'document.accept' },
      summary: {
        vi: 'Đồng ý thu hồi: hủy nội dung văn bản đến, báo cho nơi gửi (15)',
        en: 'Agree to a recall: give the content up and tell the sender (15)',
      },
      tag,
      precondition: 'optional',
      params: uuidParams,
      body: z.strictObject({ text: words.optional() }),
      response: answered,
      handle: ({ actor, params, body, ifMatch }) =>
        answerRecall(context, services, asUser(actor), { id: params.id, agree: true, ...body, ifMatch }),
    }),
    route({
      method: 'post',
      path: '/documents/:id/recall-refusal',
      access: { permission: 'document.refuse' },
      summary: {
        vi: 'Từ chối thu hồi, báo cho nơi gửi kèm lý do (16); yêu cầu thu hồi vẫn còn mở',
        en: 'Decline a recall with a reason, told to the sender (16); the recall stays open',
      },
      tag,
      precondition: 'optional',
      params: uuidParams,
      body: z.strictObject({ reason: words }),
      response: answered,
      handle: ({ actor, params, body, ifMatch }) =>
        answerRecall(context, services, asUser(actor), {
          id: params.id,
          agree: false,
          text: body.reason,
          ifMatch,
        }),
    }),
  ]
}
