import { Readable } from 'node:stream'
import { z } from 'zod'
import type { NodeContext } from '../context.ts'
import { type Route, route } from '../http/route.ts'
import { exportLog } from './export.ts'

const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text))

export function auditRoutes(context: NodeContext): Route[] {
  return [
    route({
      method: 'get',
      path: '/log',
      tag: 'log',
      access: { permission: 'log.export' },
      summary: {
        vi: 'Xuất nhật ký trao đổi của phạm vi mình (JSON từng dòng)',
        en: 'Export the log of one’s own scope (JSON lines)',
      },
      query: z.strictObject({
        from: instant.optional(),
        to: instant.optional(),
        format: z.enum(['jsonl']).default('jsonl'),
      }),
      response: { raw: 'application/jsonl' },
      handle: async ({ actor, query }) => ({
        contentType: 'application/jsonl',
        body: Readable.from(await exportLog(context, actor, query)),
      }),
    }),
  ]
}
