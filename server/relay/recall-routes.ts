import { z } from 'zod'
import { organId, sha256 } from '../edxml/values.ts'
import { uuidParams } from '../http/mount.ts'
import { asUser, type Route, route } from '../http/route.ts'
import { recallDocument } from './recall-document.ts'
import type { RelayDeps } from './relay-deps.ts'

const recallBody = z.strictObject({
  notice: z
    .uuid()
    .optional()
    .describe(
      'văn bản thông báo thu hồi đã phát hành; cần khi văn bản đã rời nút / the issued notice of recall, needed once the document has left',
    ),
  reason: z.string().trim().min(1).max(500),
  recipients: z.array(organId).min(1).max(5_000).optional(),
})

const recallAnswer = z.strictObject({
  id: z.uuid(),
  recall: z.literal('ordered'),
  cancelled: z.array(organId),
  notified: z.array(organId),
  untouched: z.array(
    z.discriminatedUnion('why', [
      z.strictObject({ code: organId, why: z.enum(['not-delivered', 'recalled-before']) }),
      z.strictObject({
        code: organId,
        why: z.literal('closed'),
        closedOn: z.iso.date(),
        successors: z.array(organId),
      }),
    ]),
  ),
  paper: z.array(z.string()).describe('nơi có bản giấy, cần gửi lại / who has it on paper and sends it back'),
  envelope: sha256.nullable(),
})

/** Recalling own documents. */
export function recallRoutes(deps: RelayDeps): Route[] {
  return [
    route({
      method: 'post',
      path: '/documents/:id/recall',
      access: { permission: 'document.dispatch' },
      summary: {
        vi: 'Thu hồi văn bản đã gửi: hủy chỗ chưa đi, thông báo thu hồi tới nơi đã nhận',
        en: 'Recall a document: cancel what has not left, ask the others by a notice of recall',
      },
      tag: 'deliveries',
      params: uuidParams,
      body: recallBody,
      response: recallAnswer,
      status: 201,
      handle: async ({ params, body, actor }) => {
        const { notice, reason, recipients } = body
        const result = await recallDocument(deps, asUser(actor), {
          documentId: params.id,
          reason,
          ...(notice === undefined ? {} : { noticeId: notice }),
          ...(recipients === undefined ? {} : { recipients }),
        })
        return recallAnswer.parse(result)
      },
    }),
  ]
}
