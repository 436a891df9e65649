import { z } from 'zod'
import type { NodeContext } from '../context.ts'
import { uuidParams } from '../http/mount.ts'
import { asUser, type Route, route } from '../http/route.ts'
import { accessReasons } from './document-access-store.ts'
import { readCursor, writeCursor } from './page-cursor.ts'
import {
  listAccess,
  permitDocument,
  readHistory,
  restrictDocument,
  withdrawDocument,
} from './permit-document.ts'

const tag = 'access'
const time = z.iso.datetime()
const reason = z.string().trim().min(1).max(500)
/** Login or id. */
const user = z.string().trim().min(1).max(64)

const accessView = z.strictObject({
  id: z.uuid(),
  userId: z.uuid(),
  name: z.string().nullable(),
  as: z.enum(accessReasons),
  dossierId: z.uuid().nullable(),
  by: z.uuid().nullable(),
  at: time,
  reason: z.string().nullable(),
  withdrawn: z.strictObject({ by: z.uuid().nullable(), at: time, reason: z.string() }).nullable(),
})

const readView = z.strictObject({
  id: z.uuid(),
  userId: z.uuid(),
  name: z.string().nullable(),
  at: time,
  part: z.string(),
  revision: z.int().nullable(),
  remoteAddress: z.string().nullable(),
})

/** Rights on a document, and who has opened it. */
export function accessRoutes(context: NodeContext): Route[] {
  const access = { permission: 'document.permit' } as const
  return [
    route({
      method: 'get',
      path: '/documents/:id/access',
      access,
      summary: { vi: 'Ai được xem văn bản', en: 'Who may see the document' },
      tag,
      params: uuidParams,
      response: z.strictObject({ id: z.uuid(), restricted: z.boolean(), items: z.array(accessView) }),
      async handle({ actor, params }) {
        const { document, access: rights } = await listAccess(context, asUser(actor), params.id)
        const items = rights.map((one) => ({
          ...one,
          at: one.at.toISOString(),
          withdrawn: one.withdrawn && { ...one.withdrawn, at: one.withdrawn.at.toISOString() },
        }))
        return { id: document.id, restricted: document.restricted, items }
      },
    }),
    route({
      method: 'post',
      path: '/documents/:id/access',
      access,
      summary: { vi: 'Cấp quyền xem văn bản cho một người', en: 'Permit the document to a person' },
      tag,
      params: uuidParams,
      body: z.strictObject({ user, reason }),
      response: z.strictObject({ documentId: z.uuid(), userId: z.uuid(), changed: z.boolean() }),
      status: 201,
      handle: ({ actor, params, body }) =>
        permitDocument(context, asUser(actor), { documentId: params.id, ...body }),
    }),
    route({
      method: 'post',
      path: '/documents/:id/access/withdrawal',
      access,
      summary: { vi: 'Thu hồi quyền xem văn bản của một người', en: 'Withdraw a person’s right to see it' },
      tag,
      params: uuidParams,
      body: z.strictObject({ user, reason }),
      response: z.strictObject({
        documentId: z.uuid(),
        userId: z.uuid(),
        withdrawn: z.array(z.enum(accessReasons)),
        throughDossier: z.boolean(),
      }),
      async handle({ actor, params, body }) {
        const done = await withdrawDocument(context, asUser(actor), { documentId: params.id, ...body })
        return { ...done, withdrawn: [...done.withdrawn] }
      },
    }),
    route({
      method: 'post',
      path: '/documents/:id/restriction',
      access,
      precondition: 'optional',
      summary: {
        vi: 'Hạn chế văn bản cho những người được nêu tên, hoặc bỏ hạn chế',
        en: 'Restrict the document to named people, or end that',
      },
      tag,
      params: uuidParams,
      body: z.strictObject({ restricted: z.boolean(), reason }),
      response: z.strictObject({ id: z.uuid(), restricted: z.boolean(), version: z.int() }),
      handle: ({ actor, params, body, ifMatch }) =>
        restrictDocument(context, asUser(actor), {
          documentId: params.id,
          ...body,
          ...(ifMatch === undefined ? {} : { ifMatch }),
        }),
    }),
    route({
      method: 'get',
      path: '/documents/:id/reads',
      access,
      summary: { vi: 'Lịch sử xem và tải văn bản', en: 'Who opened what of the document, newest first' },
      tag,
      params: uuidParams,
      query: z.strictObject({
        cursor: z.string().max(200).optional(),
        limit: z.coerce.number().int().min(1).max(200).default(50),
      }),
      response: z.strictObject({ items: z.array(readView), next: z.string().nullable() }),
      async handle({ actor, params, query: { cursor, limit } }) {
        const at = cursor === undefined ? undefined : readCursor(cursor, 'created')
        const page = await readHistory(context, asUser(actor), {
          documentId: params.id,
          limit,
          ...(at?.order === 'created' ? { after: { at: at.at, id: at.id } } : {}),
        })
        const items = page.items.map(({ documentId: _, ...one }) => ({ ...one, at: one.at.toISOString() }))
        return { items, next: page.next && writeCursor({ order: 'created', ...page.next }) }
      },
    }),
  ]
}
