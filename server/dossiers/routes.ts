import { z } from 'zod'
import type { NodeContext } from '../context.ts'
import { documentStates } from '../documents/document.ts'
import { readCursor, writeCursor } from '../documents/page-cursor.ts'
import { uuidParams } from '../http/mount.ts'
import { asUser, type Route, route } from '../http/route.ts'
import { closeDossier } from './close-dossier.ts'
import { type Dossier, dossierStates, memberRoles, problemCodes } from './dossier.ts'
import { editDossier, fileDocument, removeDocument } from './keep-dossier.ts'
import { openDossier } from './open-dossier.ts'
import { permitDossier, restrictDossier, withdrawFromDossier } from './permit-dossier.ts'
import { type DossierDetails, listDossierPage, readDossierDetails } from './read-dossier.ts'

const tag = 'dossiers'
const time = z.iso.datetime()
const date = z.iso.date()
const words = (max: number) => z.string().trim().min(1).max(max)
/** Years; null: vĩnh viễn. */
const retention = z.int().min(1).max(999).nullable()

const dossierView = z.strictObject({
  id: z.uuid(),
  code: z.string(),
  year: z.int(),
  notation: z.string(),
  title: z.string(),
  retentionYears: z.int().nullable(),
  inCatalogue: z.boolean(),
  maker: z.uuid(),
  language: z.string(),
  startedOn: date,
  endedOn: date.nullable(),
  restricted: z.boolean(),
  state: z.enum(dossierStates),
  version: z.int(),
  createdAt: time,
  closedAt: time.nullable(),
})

const filedView = z.strictObject({
  documentId: z.uuid(),
  ordinal: z.int(),
  code: z.strictObject({ number: z.string().nullable(), notation: z.string() }),
  date: date.nullable(),
  kind: z.string(),
  subject: z.string(),
  author: z.string().nullable(),
  state: z.enum(documentStates),
  restricted: z.boolean(),
  note: z.string().nullable(),
  filedBy: z.uuid(),
  filedAt: time,
  sha256: z.string().nullable(),
})

const detailsView = dossierView.extend({
  makerName: z.string().nullable(),
  role: z.enum(memberRoles).nullable(),
  documents: z.array(filedView),
  members: z.array(
    z.strictObject({
      userId: z.uuid(),
      name: z.string().nullable(),
      role: z.enum(memberRoles),
      by: z.uuid(),
      at: time,
      reason: z.string().nullable(),
    }),
  ),
  problems: z.array(z.strictObject({ code: z.enum(problemCodes), documentIds: z.array(z.uuid()) })),
})

function viewDossier({ agencyId: _, ...dossier }: Dossier): z.input<typeof dossierView> {
  return {
    ...dossier,
    createdAt: dossier.createdAt.toISOString(),
    closedAt: dossier.closedAt?.toISOString() ?? null,
  }
}

function viewDetails({ dossier, names, ...rest }: DossierDetails): z.input<typeof detailsView> {
  return {
    ...viewDossier(dossier),
    makerName: names.get(dossier.maker) ?? null,
    role: rest.role,
    documents: rest.documents.map((one) => ({ ...one, filedAt: one.filedAt.toISOString() })),
    members: rest.members.map((one) => ({
      ...one,
      name: names.get(one.userId) ?? null,
      at: one.at.toISOString(),
    })),
    problems: rest.problems.map((one) => ({ ...one, documentIds: [...one.documentIds] })),
  }
}

/** Dossiers below `/api/v1`. */
export function dossierRoutes(context: NodeContext): Route[] {
  return [...readingRoutes(context), ...keepingRoutes(context), ...permittingRoutes(context)]
}

function readingRoutes(context: NodeContext): Route[] {
  const access = { permission: 'document.read' } as const
  return [
    route({
      method: 'get',
      path: '/dossiers',
      access,
      summary: {
        vi: 'Danh sách hồ sơ được xem, mới nhất trước',
        en: 'Dossiers that one may see, newest first',
      },
      tag,
      query: z.strictObject({
        state: z.enum(dossierStates).optional(),
        year: z.coerce.number().int().min(2000).max(9999).optional(),
        maker: z.uuid().optional(),
        document: z.uuid().optional(),
        cursor: z.string().max(200).optional(),
        limit: z.coerce.number().int().min(1).max(200).default(50),
      }),
      response: z.strictObject({ items: z.array(dossierView), next: z.string().nullable() }),
      async handle({ actor, query: { state, year, maker, document, cursor, limit } }) {
        const at = cursor === undefined ? undefined : readCursor(cursor, 'created')
        const page = await listDossierPage(context, asUser(actor), {
          limit,
          ...(state === undefined ? {} : { state }),
          ...(year === undefined ? {} : { year }),
          ...(maker === undefined ? {} : { maker }),
          ...(document === undefined ? {} : { documentId: document }),
          ...(at?.order === 'created' ? { after: { createdAt: at.at, id: at.id } } : {}),
        })
        const { next } = page
        const end = next ? writeCursor({ order: 'created', at: next.createdAt, id: next.id }) : null
        return { items: page.items.map(viewDossier), next: end }
      },
    }),
    route({
      method: 'get',
      path: '/dossiers/:id',
      access,
      summary: {
        vi: 'Một hồ sơ: mục lục văn bản, người được xem, việc còn thiếu để kết thúc',
        en: 'One dossier: its documents in order, its members, what stands against closing it',
      },
      tag,
      params: uuidParams,
      response: detailsView,
      handle: async ({ actor, params }) =>
        viewDetails(await readDossierDetails(context, asUser(actor), params.id)),
    }),
  ]
}

function keepingRoutes(context: NodeContext): Route[] {
  const access = { permission: 'dossier.keep' } as const
  const filed = z.strictObject({ dossierId: z.uuid(), documentId: z.uuid() })
  return [
    route({
      method: 'post',
      path: '/dossiers',
      access,
      summary: { vi: 'Mở hồ sơ', en: 'Open a dossier' },
      tag,
      body: z.strictObject({
        year: z.int().min(2000).max(9999),
        notation: z
          .string()
          .trim()
          .regex(/^[\p{L}\p{N}][\p{L}\p{N}.&/-]{0,59}$/u),
        title: words(1000),
        retentionYears: retention,
        inCatalogue: z.boolean().default(false),
        language: words(50).min(2).default('vi'),
        startedOn: date.optional(),
        restricted: z.boolean().default(false),
      }),
      response: z.strictObject({ id: z.uuid(), code: z.string(), version: z.int() }),
      status: 201,
      handle: ({ actor, body: { startedOn, ...body } }) =>
        openDossier(context, asUser(actor), { ...body, ...(startedOn === undefined ? {} : { startedOn }) }),
    }),
    route({
      method: 'patch',
      path: '/dossiers/:id',
      access,
      precondition: 'required',
      summary: { vi: 'Sửa tiêu đề, thời hạn bảo quản', en: 'Correct title or term of retention' },
      tag,
      params: uuidParams,
      body: z.strictObject({ title: words(1000).optional(), retentionYears: retention.optional() }),
      response: z.strictObject({ id: z.uuid(), version: z.int() }),
      handle: ({ actor, params, body: { title, retentionYears }, ifMatch }) =>
        editDossier(context, asUser(actor), {
          id: params.id,
          ...(title === undefined ? {} : { title }),
          ...(retentionYears === undefined ? {} : { retentionYears }),
          ...(ifMatch === undefined ? {} : { ifMatch }),
        }),
    }),
    route({
      method: 'post',
      path: '/dossiers/:id/documents',
      access,
      summary: { vi: 'Đưa văn bản vào hồ sơ', en: 'File a document in the dossier' },
      tag,
      params: uuidParams,
      body: z.strictObject({ documentId: z.uuid(), note: words(500).nullable().default(null) }),
      response: filed,
      status: 201,
      handle: ({ actor, params, body }) =>
        fileDocument(context, asUser(actor), { dossierId: params.id, ...body }),
    }),
    route({
      method: 'post',
      path: '/dossiers/:id/removal',
      access,
      summary: { vi: 'Đưa văn bản ra khỏi hồ sơ', en: 'Take a document out of the dossier' },
      tag,
      params: uuidParams,
      body: z.strictObject({ documentId: z.uuid(), reason: words(500) }),
      response: filed,
      handle: ({ actor, params, body }) =>
        removeDocument(context, asUser(actor), { dossierId: params.id, ...body }),
    }),
    route({
      method: 'post',
      path: '/dossiers/:id/close',
      access,
      precondition: 'optional',
      summary: { vi: 'Kết thúc hồ sơ', en: 'Close the dossier' },
      tag,
      params: uuidParams,
      body: z.strictObject({ endedOn: date.optional() }),
      response: z.strictObject({
        id: z.uuid(),
        state: z.literal('closed'),
        documents: z.int(),
        endedOn: date,
        version: z.int(),
      }),
      handle: ({ actor, params, body: { endedOn }, ifMatch }) =>
        closeDossier(context, asUser(actor), {
          id: params.id,
          ...(endedOn === undefined ? {} : { endedOn }),
          ...(ifMatch === undefined ? {} : { ifMatch }),
        }),
    }),
  ]
}

function permittingRoutes(context: NodeContext): Route[] {
  const access = { permission: 'document.permit' } as const
  const user = words(64)
  return [
    route({
      method: 'post',
      path: '/dossiers/:id/members',
      access,
      summary: { vi: 'Cho một người xem hoặc cùng giữ hồ sơ', en: 'Let a person see or keep the dossier' },
      tag,
      params: uuidParams,
      body: z.strictObject({ user, role: z.enum(memberRoles).default('reader'), reason: words(500) }),
      response: z.strictObject({
        dossierId: z.uuid(),
        userId: z.uuid(),
        role: z.enum(memberRoles),
        changed: z.boolean(),
      }),
      status: 201,
      handle: ({ actor, params, body }) =>
        permitDossier(context, asUser(actor), { dossierId: params.id, ...body }),
    }),
    route({
      method: 'post',
      path: '/dossiers/:id/members/withdrawal',
      access,
      summary: { vi: 'Thu hồi quyền ở hồ sơ của một người', en: 'End a person’s membership' },
      tag,
      params: uuidParams,
      body: z.strictObject({ user, reason: words(500) }),
      response: z.strictObject({ dossierId: z.uuid(), userId: z.uuid() }),
      handle: ({ actor, params, body }) =>
        withdrawFromDossier(context, asUser(actor), { dossierId: params.id, ...body }),
    }),
    route({
      method: 'post',
      path: '/dossiers/:id/restriction',
      access,
      precondition: 'optional',
      summary: {
        vi: 'Hạn chế hồ sơ cho người được giao, hoặc bỏ hạn chế',
        en: 'Restrict the dossier to its members, or end that',
      },
      tag,
      params: uuidParams,
      body: z.strictObject({ restricted: z.boolean(), reason: words(500) }),
      response: z.strictObject({ id: z.uuid(), restricted: z.boolean(), version: z.int() }),
      handle: ({ actor, params, body, ifMatch }) =>
        restrictDossier(context, asUser(actor), {
          id: params.id,
          ...body,
          ...(ifMatch === undefined ? {} : { ifMatch }),
        }),
    }),
  ]
}
