import { z } from 'zod'
import type { Actor } from '../actor.ts'
import type { NodeContext } from '../context.ts'
import { asOperator, asUser, type Route, route } from '../http/route.ts'
import { countDocuments, groupings } from './count-documents.ts'
import { statisticsCsv, statisticsView, viewStatistics } from './statistics-view.ts'

const tag = 'statistics'

const query = z.strictObject({
  from: z.iso.date(),
  to: z.iso.date(),
  by: z.enum(groupings).default('month'),
  /** For the operator: code of the agency whose branch is counted. */
  branch: z.string().trim().min(1).max(35).optional(),
})

/** Statistics below `/api/v1`: an agency's own, or for the operator those of the node's agencies together. */
export function statisticsRoutes(context: NodeContext): Route[] {
  const access = { permission: 'statistics.read' } as const
  const count = async (actor: Actor, { branch, ...asked }: z.output<typeof query>) => {
    const who = actor.kind === 'user' ? asUser(actor) : asOperator(actor)
    const question = { ...asked, ...(branch === undefined ? {} : { branch }) }
    return viewStatistics(await countDocuments(context, who, question))
  }
  return [
    route({
      method: 'get',
      path: '/statistics',
      access,
      summary: {
        vi: 'Thống kê văn bản đi, đến theo tháng, cấp, cơ quan, tên loại',
        en: 'Documents sent and received by month, level, agency or kind',
      },
      tag,
      query,
      response: statisticsView,
      handle: ({ actor, query: asked }) => count(actor, asked),
    }),
    route({
      method: 'get',
      path: '/statistics/export',
      access,
      summary: { vi: 'Thống kê ở dạng bảng CSV', en: 'The same statistics as a table in CSV' },
      tag,
      query,
      response: { raw: 'text/csv' },
      async handle({ actor, query: asked }) {
        const view = await count(actor, asked)
        return {
          contentType: 'text/csv; charset=utf-8',
          body: Buffer.from(statisticsCsv(statisticsView.parse(view))),
          headers: {
            'Content-Disposition': `attachment; filename="statistics-${asked.from}-${asked.to}.csv"`,
          },
        }
      },
    }),
  ]
}
