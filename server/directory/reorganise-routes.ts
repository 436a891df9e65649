import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Actor } from '../actor.ts'
import { uuidParams } from '../http/mount.ts'
import { asOperator, type Route, route } from '../http/route.ts'
import type { ActReport, AgencyAct, ReadAgencyWork } from './agency-act.ts'
import { nodeIdSchema, termEntrySchema } from './agency-entry.ts'
import { listBearers } from './agency-store.ts'
import type { DirectoryFeed } from './directory-feed.ts'
import { reorganiseAndPublish } from './operator-acts.ts'

const tag = 'directory'
const access = { permission: 'agency.reorganise' } as const
const { name, level } = termEntrySchema.shape
const parentId = z.uuid().nullable()
const code = z.string().trim().min(1).max(35)
const query = z.strictObject({
  dryRun: z.stringbool().default(false).describe('Chỉ xem trước / only preview'),
})
const terms = {
  on: z.iso.date().describe('Ngày hiệu lực, giờ Việt Nam / the day from which it holds, in Việt Nam'),
  basis: z
    .string()
    .trim()
    .normalize('NFC')
    .max(300)
    .default('')
    .describe('Căn cứ, ví dụ số quyết định / the decision that orders it'),
}

const reference = z.strictObject({ id: z.uuid(), code: z.string(), name: z.string() })
const reportSchema = z.strictObject({
  dryRun: z.boolean(),
  act: z.enum(['found', 'rename', 'move', 'recode', 'close']),
  on: z.iso.date(),
  agency: reference,
  changes: z.array(
    z.strictObject({
      field: z.enum(['code', 'name', 'level', 'parentId', 'hostingNode', 'closedOn', 'successors']),
      from: z.string().nullable(),
      to: z.string().nullable(),
    }),
  ),
  work: z
    .strictObject({ members: z.int(), outgoing: z.int(), incoming: z.int(), deliveries: z.int() })
    .nullable()
    .describe('Việc còn dở; null: cơ quan không đặt tại nút này / work in hand; null: not hosted here'),
  children: z.array(reference),
  warnings: z.array(
    z.strictObject({
      code: z.enum(['IN_THE_PAST', 'CHANGES_AGAIN', 'CODE_BORNE_BEFORE', 'LEAVES_THIS_NODE', 'NO_SUCCESSOR']),
      message: z.string(),
    }),
  ),
})

/** Agencies over time, below `/api/v1`: acts of the operator, and who bore a code when. */
export function reorganiseRoutes(feed: DirectoryFeed, readWork: ReadAgencyWork): Route[] {
  const run = async (
    actor: Actor,
    act: AgencyAct,
    body: { readonly on: string; readonly basis: string },
    dryRun: boolean,
  ) => asJson(await reorganiseAndPublish(feed, readWork, asOperator(actor), act, { ...body, dryRun }))
  return [
    route({
      method: 'post',
      path: '/agencies',
      tag,
      access,
      summary: { vi: 'Thành lập cơ quan từ một ngày', en: 'Found an agency from a day on' },
      query,
      body: z.strictObject({
        codes: z.array(code).min(1).max(2).describe('Mỗi thế hệ mã một mã / one code of each generation'),
        name,
        level,
        parentId: parentId.default(null),
        hostingNode: nodeIdSchema.default(feed.context.nodeId),
        ...terms,
      }),
      response: reportSchema,
      handle: ({ actor, body: { on, basis, ...input }, query: { dryRun } }) =>
        run(actor, { act: 'found', id: randomUUID(), ...input }, { on, basis }, dryRun),
    }),
    route({
      method: 'post',
      path: '/agencies/:id/rename',
      tag,
      access,
      summary: { vi: 'Đổi tên cơ quan từ một ngày', en: 'Rename an agency from a day on' },
      params: uuidParams,
      query,
      body: z.strictObject({ name, ...terms }),
      response: reportSchema,
      handle: ({ actor, params, body, query: { dryRun } }) =>
        run(actor, { act: 'rename', id: params.id, name: body.name }, body, dryRun),
    }),
    route({
      method: 'post',
      path: '/agencies/:id/move',
      tag,
      access,
      summary: {
        vi: 'Đổi cơ quan cấp trên, cấp hoặc nút đặt cơ quan từ một ngày',
        en: 'Change the parent, level or hosting node of an agency from a day on',
      },
      params: uuidParams,
      query,
      body: z.strictObject({
        parentId: parentId.optional(),
        level: level.optional(),
        hostingNode: nodeIdSchema.optional(),
        ...terms,
      }),
      response: reportSchema,
      handle: ({ actor, params, body, query: { dryRun } }) =>
        run(
          actor,
          {
            act: 'move',
            id: params.id,
            ...(body.parentId === undefined ? {} : { parentId: body.parentId }),
            ...(body.level === undefined ? {} : { level: body.level }),
            ...(body.hostingNode === undefined ? {} : { hostingNode: body.hostingNode }),
          },
          body,
          dryRun,
        ),
    }),
    route({
      method: 'post',
      path: '/agencies/:id/recode',
      tag,
      access,
      summary: {
        vi: 'Đổi mã định danh của cơ quan từ một ngày; mã cũ cùng thế hệ hết hiệu lực',
        en: 'Give an agency another code from a day on; its code of the same generation ends',
      },
      params: uuidParams,
      query,
      body: z.strictObject({ code, ...terms }),
      response: reportSchema,
      handle: ({ actor, params, body, query: { dryRun } }) =>
        run(actor, { act: 'recode', id: params.id, code: body.code }, body, dryRun),
    }),
    route({
      method: 'post',
      path: '/agencies/:id/close',
      tag,
      access,
      summary: {
        vi: 'Đóng cơ quan từ một ngày, nêu cơ quan kế thừa',
        en: 'Close an agency from a day on, naming its successors',
      },
      params: uuidParams,
      query,
      body: z.strictObject({
        successors: z.array(code.max(36)).max(100).default([]).describe('Mã hoặc id / codes or ids'),
        ...terms,
      }),
      response: reportSchema,
      handle: ({ actor, params, body, query: { dryRun } }) =>
        run(actor, { act: 'close', id: params.id, successors: body.successors }, body, dryRun),
    }),
    bearersRoute(feed),
  ]
}

function bearersRoute({ context }: DirectoryFeed): Route {
  return route({
    method: 'get',
    path: '/agency-codes/:code',
    tag,
    access: { permission: 'agency.read' },
    summary: {
      vi: 'Các cơ quan từng mang, đang mang hoặc sẽ mang một mã',
      en: 'The agencies that bore, bear or will bear a code',
    },
    params: z.strictObject({ code }),
    response: z.strictObject({
      code: z.string(),
      bearers: z.array(
        z.strictObject({
          agency: reference,
          validFrom: z.iso.date(),
          validTo: z.iso.date().nullable(),
          closedOn: z.iso.date().nullable(),
        }),
      ),
    }),
    handle: async ({ params }) => {
      const bearers = await context.db.asNode((trx) => listBearers(trx, params.code))
      return { code: params.code, bearers }
    },
  })
}

function asJson(report: ActReport): z.input<typeof reportSchema> {
  return {
    ...report,
    changes: [...report.changes],
    children: [...report.children],
    warnings: [...report.warnings],
  }
}
