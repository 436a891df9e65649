import { z } from 'zod'
import type { NodeContext } from '../context.ts'
import type { DocumentServices } from '../documents/document-services.ts'
import { recallStates } from '../documents/recall.ts'
import { uuidParams } from '../http/mount.ts'
import { asUser, type Route, route } from '../http/route.ts'
import { answerRecall } from './answer-recall.ts'
import { answerUpdate } from './answer-update.ts'
import { sendPaperBack } from './send-paper-back.ts'

const tag = 'documents'
const words = z.string().trim().min(1).max(400)
const answered = z.strictObject({ id: z.uuid(), recall: z.enum(recallStates) })

const updated = z.strictObject({
  id: z.uuid(),
  update: z.enum(['agreed', 'declined']),
  dueDate: z.iso.date().nullable(),
})

/** What a recipient's clerk answers when the issuer takes a document back, or changes what it said of it. */
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
    route({
      method: 'post',
      path: '/documents/:id/paper-sent-back',
      access: { permission: 'document.accept' },
      summary: {
        vi: 'Ghi nhận đã gửi lại bản giấy của văn bản bị thu hồi (0: không nhận bản giấy nào)',
        en: 'Record that paper of a recalled document was sent back (0: none was received)',
      },
      tag,
      params: uuidParams,
      body: z.strictObject({ copies: z.int().min(0).max(100_000), on: z.iso.date().optional() }),
      response: z.strictObject({ id: z.uuid(), copies: z.int(), on: z.iso.date().nullable() }),
      handle: ({ actor, params, body }) => sendPaperBack(context, asUser(actor), { id: params.id, ...body }),
    }),
    route({
      method: 'post',
      path: '/documents/:id/update-agreement',
      access: { permission: 'document.accept' },
      summary: {
        vi: 'Đồng ý cập nhật văn bản đến: thời hạn mới thay thời hạn cũ, giá trị cũ được lưu (15)',
        en: 'Agree to an update: the new deadline follows the old one, which is kept (15)',
      },
      tag,
      precondition: 'optional',
      params: uuidParams,
      body: z.strictObject({ text: words.optional() }),
      response: updated,
      handle: ({ actor, params, body, ifMatch }) =>
        answerUpdate(context, services, asUser(actor), { id: params.id, agree: true, ...body, ifMatch }),
    }),
    route({
      method: 'post',
      path: '/documents/:id/update-refusal',
      access: { permission: 'document.refuse' },
      summary: {
        vi: 'Từ chối cập nhật văn bản đến, kèm lý do (16)',
        en: 'Decline an update, with a reason (16)',
      },
      tag,
      precondition: 'optional',
      params: uuidParams,
      body: z.strictObject({ reason: words }),
      response: updated,
      handle: ({ actor, params, body, ifMatch }) =>
        answerUpdate(context, services, asUser(actor), {
          id: params.id,
          agree: false,
          text: body.reason,
          ifMatch,
        }),
    }),
  ]
}
