import { z } from 'zod'
import type { NodeContext } from '../context.ts'
import type { DocumentServices } from '../documents/document-services.ts'
import { uuidParams } from '../http/mount.ts'
import { asUser, type Route, route } from '../http/route.ts'
import { dispatchOnPaper } from './dispatch-on-paper.ts'
import { line } from './draft-metadata.ts'
import { recordPaperReturn } from './record-paper-return.ts'

const tag = 'documents'

/** What goes out on paper, and what of it comes back when the document is recalled. */
export function paperRoutes(context: NodeContext, services: DocumentServices): Route[] {
  return [
    route({
      method: 'post',
      path: '/documents/:id/paper-dispatch',
      access: { permission: 'document.dispatch' },
      summary: {
        vi: 'Ghi nhận đã gửi bản giấy của văn bản đã phát hành',
        en: 'Record that an issued document went out on paper',
      },
      tag,
      params: uuidParams,
      body: z.strictObject({
        recipients: z.array(line(200)).min(1).max(500).optional(),
        copies: z.int().min(1).max(100_000).optional(),
        reason: line(500).optional(),
      }),
      response: z.strictObject({
        id: z.uuid(),
        state: z.enum(['issued', 'dispatched']),
        recipients: z.array(z.string()),
        copies: z.int(),
      }),
      async handle({ actor, params, body: { recipients, copies, reason } }) {
        const done = await dispatchOnPaper(context, services, asUser(actor), {
          id: params.id,
          ...(recipients === undefined ? {} : { recipients }),
          ...(copies === undefined ? {} : { copies }),
          ...(reason === undefined ? {} : { reason }),
        })
        return { ...done, recipients: [...done.recipients] }
      },
    }),
    route({
      method: 'post',
      path: '/documents/:id/paper-returns',
      access: { permission: 'document.dispatch' },
      summary: {
        vi: 'Ghi nhận bản giấy của văn bản đã thu hồi được gửi trả lại, ngày nào, từ đâu',
        en: 'Record that paper of a recalled document came back, from whom and on which day',
      },
      tag,
      params: uuidParams,
      body: z.strictObject({
        from: line(200),
        copies: z.int().min(1).max(100_000),
        on: z.iso.date().optional(),
      }),
      response: z.strictObject({
        id: z.uuid(),
        from: z.string(),
        copies: z.int(),
        on: z.iso.date(),
        out: z.int().describe('số bản còn chưa về / copies that are still out'),
      }),
      handle: ({ actor, params, body }) =>
        recordPaperReturn(context, asUser(actor), { id: params.id, ...body }),
    }),
  ]
}
