import { z } from 'zod'
import type { NodeContext } from '../context.ts'
import { uuidParams } from '../http/mount.ts'
import { asUser, type Route, route } from '../http/route.ts'
import { documentStates } from './document.ts'
import { orderOf } from './document-list-store.ts'
import type { DocumentServices } from './document-services.ts'
import {
  documentDetails,
  documentPage,
  reportView,
  viewDetails,
  viewReport,
  viewSummary,
} from './document-view.ts'
import { readCursor, writeCursor } from './page-cursor.ts'
import { listPage, readBytes, readDetails, readReport } from './read-document.ts'
import { readTrust } from './read-trust.ts'

const tag = 'documents'
const PDF = 'application/pdf'

const words = (max: number) => z.string().trim().min(1).max(max)

/** Midnight in Việt Nam that a day begins with. */
const dayStart = (day: string) => new Date(`${day}T00:00:00+07:00`)
const dayEnd = (day: string) => new Date(dayStart(day).getTime() + 86_400_000)

const listQuery = z.strictObject({
  direction: z.enum(['outgoing', 'incoming']).optional(),
  state: z.enum(documentStates).optional(),
  kind: words(400).optional(),
  sender: words(35).optional(),
  recipient: words(35).optional(),
  urgency: z.coerce.number().int().min(0).max(9).optional(),
  restricted: z.stringbool({ truthy: ['true'], falsy: ['false'] }).optional(),
  from: z.iso.date().optional(),
  to: z.iso.date().optional(),
  datedFrom: z.iso.date().optional(),
  datedTo: z.iso.date().optional(),
  /** Words, with or without diacritics. */
  q: words(200).optional(),
  cursor: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
})

/** What is there of an object's optional properties. */
function given<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(value).filter(([, one]) => one !== undefined)
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> }
}

/** Lists, one document, its bytes and its report: of what the user may see, and of nothing else a trace. */
export function readingRoutes(context: NodeContext, services: DocumentServices): Route[] {
  const access = { permission: 'document.read' } as const
  return [
    route({
      method: 'get',
      path: '/documents',
      access,
      summary: {
        vi: 'Danh sách văn bản được xem, mới nhất trước; lọc theo ngày văn bản thì xếp theo ngày văn bản',
        en: 'Documents that one may see, newest first; filtered by their dates they follow their dates',
      },
      tag,
      query: listQuery,
      response: documentPage,
      async handle({ actor, query }) {
        const { cursor, limit, from, to, ...equal } = query
        const filter = {
          ...given(equal),
          ...(from === undefined ? {} : { from: dayStart(from) }),
          ...(to === undefined ? {} : { before: dayEnd(to) }),
        }
        const page = await listPage(context, asUser(actor), {
          ...filter,
          limit,
          ...(cursor === undefined ? {} : { after: readCursor(cursor, orderOf(filter)) }),
        })
        return { items: page.items.map(viewSummary), next: page.next ? writeCursor(page.next) : null }
      },
    }),
    route({
      method: 'get',
      path: '/documents/:id',
      access,
      summary: { vi: 'Một văn bản', en: 'One document' },
      tag,
      params: uuidParams,
      response: documentDetails,
      handle: async ({ actor, params, remoteAddress }) =>
        viewDetails(await readDetails(context, asUser(actor), params.id, remoteAddress)),
    }),
    route({
      method: 'get',
      path: '/documents/:id/file',
      access,
      summary: { vi: 'Tải tệp PDF, nguyên từng byte', en: 'Download the PDF, byte for byte' },
      tag,
      params: uuidParams,
      query: z.strictObject({ revision: z.coerce.number().int().min(1).max(1000).optional() }),
      response: { raw: PDF },
      async handle({ actor, params, query, remoteAddress }) {
        const user = asUser(actor)
        const { files } = services
        const read = await readBytes(context, files, user, params.id, query.revision, remoteAddress)
        const { bytes, revision } = read
        return {
          contentType: PDF,
          body: bytes,
          headers: {
            'Content-Disposition': `attachment; filename*=UTF-8''${encodeURIComponent(revision.name)}`,
            // RFC 9530: lets the client check what it received before it is signed.
            'Content-Digest': `sha-256=:${Buffer.from(revision.sha256, 'hex').toString('base64')}:`,
            'Congvan-Revision': String(revision.revision),
          },
        }
      },
    }),
    route({
      method: 'get',
      path: '/documents/:id/report',
      access,
      summary: {
        vi: 'Báo cáo kiểm tra chữ ký số của văn bản đến',
        en: 'Verification report of an incoming document',
      },
      tag,
      params: uuidParams,
      response: reportView,
      handle: async ({ actor, params, remoteAddress }) =>
        viewReport(await readReport(context, asUser(actor), params.id, remoteAddress)),
    }),
    ...trustRoutes(context, services),
  ]
}

const trustParts = {
  certificates: {
    type: 'application/pkix-cert',
    vi: 'Chứng thư mà kết luận của báo cáo kiểm tra dựa vào (DER)',
    en: 'A certificate that the verification report rests on (DER)',
  },
  crls: {
    type: 'application/pkix-crl',
    vi: 'Danh sách thu hồi mà kết luận của báo cáo kiểm tra dựa vào (DER)',
    en: 'A CRL that the verification report rests on (DER)',
  },
} as const

/** What the report names by its hash under `policy`. */
function trustRoutes(context: NodeContext, services: DocumentServices): Route[] {
  return (['certificates', 'crls'] as const).map((part) =>
    route({
      method: 'get',
      path: `/documents/:id/trust/${part}/:sha256`,
      access: { permission: 'document.read' },
      summary: { vi: trustParts[part].vi, en: trustParts[part].en },
      tag,
      params: uuidParams.extend({ sha256: z.string().regex(/^[0-9a-f]{64}$/, '64 hexadecimal digits') }),
      response: { raw: trustParts[part].type },
      handle: async ({ actor, params }) => ({
        contentType: trustParts[part].type,
        body: await readTrust(context, services.files, asUser(actor), { ...params, part }),
      }),
    }),
  )
}
