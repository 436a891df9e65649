import { z } from 'zod'
import type { NodeContext } from '../context.ts'
import { asOperator, bytesBody, type Route, route } from '../http/route.ts'
import { MAX_CALENDAR_BYTES } from './calendar-file.ts'
import { findYear } from './calendar-store.ts'
import { calendarDaySchema } from './calendar-year.ts'
import { importCalendar } from './import-calendar.ts'

const tag = 'calendar'
const yearParams = z.strictObject({
  year: z.coerce
    .number()
    .int()
    .min(2021)
    .max(2199)
    .describe('Năm, từ 2021 (Bộ luật Lao động 2019) / a year, from 2021 on'),
})

/** The calendar of working days, below `/api/v1`. */
export function calendarRoutes(context: NodeContext): Route[] {
  return [
    route({
      method: 'get',
      path: '/calendar/:year',
      tag,
      access: 'signed-in',
      summary: {
        vi: 'Ngày nghỉ lễ và ngày hoán đổi của một năm',
        en: 'The holidays and swapped days of a year',
      },
      params: yearParams,
      response: z.strictObject({
        year: z.int(),
        version: z.int(),
        /** False while nothing was imported for the year: then lists count weekends alone, and say so. */
        complete: z.boolean(),
        importedAt: z.iso.datetime().nullable(),
        days: z.array(calendarDaySchema),
      }),
      handle: async ({ params }) => {
        const { year, version, importedAt, days } = await context.db.asNode((trx) =>
          findYear(trx, params.year),
        )
        return { year, version, complete: version > 0, importedAt, days: [...days] }
      },
    }),
    route({
      method: 'post',
      path: '/calendar/:year/import',
      tag,
      access: { permission: 'calendar.manage' },
      precondition: 'optional',
      summary: {
        vi: 'Nhập lịch của một năm từ CSV; dryRun chỉ xem trước',
        en: 'Import the calendar of a year from CSV; dryRun only previews',
      },
      params: yearParams,
      query: z.strictObject({ dryRun: z.stringbool().default(false) }),
      body: bytesBody('text/csv', MAX_CALENDAR_BYTES),
      response: z.strictObject({
        year: z.int(),
        dryRun: z.boolean(),
        version: z.int(),
        changes: z.array(
          z.strictObject({ change: z.enum(['added', 'changed', 'removed']), day: calendarDaySchema }),
        ),
        unchanged: z.int(),
      }),
      handle: async ({ actor, params, query, body, ifMatch }) => {
        const report = await importCalendar(context, asOperator(actor), {
          ...params,
          ...query,
          content: body,
          ...(ifMatch === undefined ? {} : { ifMatch }),
        })
        return { ...report, changes: [...report.changes] }
      },
    }),
  ]
}
