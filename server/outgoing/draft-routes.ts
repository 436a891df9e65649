import { z } from 'zod'
import type { NodeContext } from '../context.ts'
import { checkKinds } from '../documents/agency-settings.ts'
import { documentStates } from '../documents/document.ts'
import { readerOf } from '../documents/document-access-store.ts'
import type { DocumentServices } from '../documents/document-services.ts'
import { readCursor, writeCursor } from '../documents/page-cursor.ts'
import { listWaiting } from '../documents/presentation-store.ts'
import { uuidParams } from '../http/mount.ts'
import { asUser, bytesBody, type Route, route } from '../http/route.ts'
import { type CheckRequest, checkDocument } from './check-document.ts'
import { commentDocument } from './comment-document.ts'
import { readHistory } from './document-history.ts'
import { draftChange, line } from './draft-metadata.ts'
import { editDraft } from './edit-draft.ts'
import { lateLists, listLate } from './late-documents.ts'
import { letterParts, letterQuery } from './letter-query.ts'
import { historyView, latePage, viewHistory, viewLate, viewWaiting, waitingView } from './outgoing-view.ts'
import { paperRoutes } from './paper-routes.ts'
import { presentDocument } from './present-document.ts'
import { returnDocument } from './return-document.ts'
import { reviseDraft } from './revise-draft.ts'

const tag = 'documents'

/** Several lines of text, trimmed and in NFC. */
const text = (max: number) =>
  z
    .string()
    .transform((value) => value.trim().normalize('NFC'))
    .pipe(z.string().min(1).max(max))

/** Work on a draft: changing it, new versions, checks, presenting, returning, remarks; and what is late. */
export function draftRoutes(context: NodeContext, services: DocumentServices): Route[] {
  return [
    ...listRoutes(context),
    ...changeRoutes(context, services),
    ...paperRoutes(context, services),
    ...presentationRoutes(context, services),
    ...checkRoutes(context),
  ]
}

function listRoutes(context: NodeContext): Route[] {
  return [
    route({
      method: 'get',
      path: '/documents/late',
      access: { permission: 'document.read-all' },
      summary: {
        vi: 'Văn bản đi quá hạn cấp số hoặc quá hạn gửi, chờ lâu nhất trước',
        en: 'Outgoing documents late to be numbered or dispatched, the longest waiting first',
      },
      tag,
      query: z.strictObject({
        list: z.enum(lateLists).default('to-dispatch'),
        cursor: z.string().max(200).optional(),
        limit: z.coerce.number().int().min(1).max(200).default(50),
      }),
      response: latePage,
      async handle({ actor, query: { list, cursor, limit } }) {
        const after = cursor === undefined ? {} : { after: lateCursor(cursor) }
        const page = await listLate(context, asUser(actor), { list, limit, ...after })
        const { warning } = page
        return {
          items: page.items.map(viewLate),
          next: page.next ? writeCursor({ order: 'created', ...page.next }) : null,
          warning: warning === undefined ? null : { ...warning, years: [...warning.years] },
        }
      },
    }),
    route({
      method: 'get',
      path: '/documents/to-sign',
      access: { permission: 'document.sign' },
      summary: {
        vi: 'Văn bản được trình cho mình ký, khẩn nhất trước',
        en: 'Documents presented to oneself for signing, the most urgent first',
      },
      tag,
      response: waitingView,
      async handle({ actor }) {
        const user = asUser(actor)
        const { agencyId, userId } = user
        const items = await context.db.asAgency({ agencyId, userId }, (trx) =>
          listWaiting(trx, readerOf(user)),
        )
        return { items: items.map(viewWaiting) }
      },
    }),
    route({
      method: 'get',
      path: '/documents/:id/history',
      access: { permission: 'document.read' },
      summary: {
        vi: 'Lịch sử văn bản: mọi việc đã làm, ai làm, lúc nào; trình ký, kiểm tra, ý kiến',
        en: 'History of a document: every act, who and when; presentations, checks, comments',
      },
      tag,
      params: uuidParams,
      query: z.strictObject({
        after: z
          .string()
          .regex(/^\d{1,18}$/)
          .default('0'),
        limit: z.coerce.number().int().min(1).max(200).default(100),
      }),
      response: historyView,
      handle: async ({ actor, params, query }) =>
        viewHistory(await readHistory(context, asUser(actor), params.id, query)),
    }),
  ]
}

function lateCursor(cursor: string): { at: Date; id: string } {
  const { at, id } = readCursor(cursor, 'created')
  return { at: new Date(at), id }
}

function changeRoutes(context: NodeContext, services: DocumentServices): Route[] {
  return [
    route({
      method: 'patch',
      path: '/documents/:id',
      access: { permission: 'document.draft' },
      summary: { vi: 'Sửa thông tin của dự thảo', en: 'Change what is said of a draft' },
      tag,
      precondition: 'required',
      params: uuidParams,
      body: draftChange,
      response: z.strictObject({ id: z.uuid(), state: z.enum(documentStates), version: z.int() }),
      handle: ({ actor, params, body, ifMatch }) =>
        editDraft(context, asUser(actor), { id: params.id, change: body, ifMatch }),
    }),
    route({
      method: 'post',
      path: '/documents/:id/versions',
      access: { permission: 'document.draft' },
      summary: {
        vi: 'Tải bản thảo mới lên, cam kết không có bí mật nhà nước; chữ ký đã có không còn giá trị',
        en: 'Upload a new version, declared to hold no state secret; signatures that were there count no more',
      },
      tag,
      precondition: 'optional',
      params: uuidParams,
      query: z.strictObject({
        stateSecret: z.literal('false'),
        scanDeclared: z.stringbool({ truthy: ['true'], falsy: ['false'] }).default(false),
        ...letterQuery,
      }),
      body: bytesBody('application/pdf', context.limits.fileBytes),
      response: z.strictObject({
        id: z.uuid(),
        state: z.literal('draft'),
        revision: z.int(),
        sha256: z.string(),
        signaturesCancelled: z.int(),
      }),
      status: 201,
      handle: ({ actor, params, query, body, ifMatch }) =>
        reviseDraft(context, services, asUser(actor), {
          id: params.id,
          bytes: body,
          scanDeclared: query.scanDeclared,
          ...(ifMatch === undefined ? {} : { ifMatch }),
          ...letterParts(query),
        }),
    }),
  ]
}

const namedSigner = z.strictObject({
  /** Login or id. */
  user: line(100),
  position: line(100).optional(),
  competence: line(100).optional(),
})

function presentationRoutes(context: NodeContext, services: DocumentServices): Route[] {
  return [
    route({
      method: 'post',
      path: '/documents/:id/present',
      access: { permission: 'document.draft' },
      summary: {
        vi: 'Trình ký cho một hoặc nhiều người, theo thứ tự; ghi nhận chữ ký đã có của bản ký bằng phần mềm khác',
        en: 'Present it to those who sign, in order; takes the signatures of a version signed in another program',
      },
      tag,
      precondition: 'optional',
      params: uuidParams,
      body: z.strictObject({ signers: z.array(namedSigner).min(1).max(20), note: text(1_000).optional() }),
      response: z.strictObject({
        id: z.uuid(),
        state: z.enum(['presented', 'signed']),
        round: z.int(),
        revision: z.int(),
        signers: z.array(z.strictObject({ position: z.int(), name: z.string() })),
      }),
      async handle({ actor, params, body, ifMatch }) {
        const presented = await presentDocument(context, services, asUser(actor), {
          id: params.id,
          signers: body.signers.map(({ user, position, competence }) => ({
            user,
            ...(position === undefined ? {} : { position }),
            ...(competence === undefined ? {} : { competence }),
          })),
          ...(body.note === undefined ? {} : { note: body.note }),
          ...(ifMatch === undefined ? {} : { ifMatch }),
        })
        return { ...presented, signers: presented.signers.map((one) => ({ ...one })) }
      },
    }),
    route({
      method: 'post',
      path: '/documents/:id/return',
      access: { permission: 'document.read' },
      summary: {
        vi: 'Trả lại hoặc rút về dự thảo đã trình, kèm ý kiến; chữ ký đã có không còn giá trị',
        en: 'Return or withdraw what was presented, with a remark; signatures that were there count no more',
      },
      tag,
      precondition: 'optional',
      params: uuidParams,
      body: z.strictObject({ remark: text(1_000) }),
      response: z.strictObject({
        id: z.uuid(),
        state: z.literal('draft'),
        outcome: z.enum(['returned', 'withdrawn']),
        revision: z.int(),
      }),
      handle: ({ actor, params, body, ifMatch }) =>
        returnDocument(context, asUser(actor), {
          id: params.id,
          remark: body.remark,
          ...(ifMatch === undefined ? {} : { ifMatch }),
        }),
    }),
  ]
}

const verdict = z.discriminatedUnion('passed', [
  z.strictObject({ passed: z.literal(true), remark: text(1_000).optional() }),
  z.strictObject({ passed: z.literal(false), remark: text(1_000) }),
])

const checkTexts = {
  content: {
    path: '/documents/:id/content-check',
    permission: 'document.check-content',
    vi: 'Ghi kết quả kiểm tra nội dung bản thảo (lãnh đạo đơn vị soạn thảo)',
    en: 'Record the check of a draft’s content (head of the drafting unit)',
  },
  form: {
    path: '/documents/:id/form-check',
    permission: 'document.check-form',
    vi: 'Ghi kết quả kiểm tra thể thức, kỹ thuật trình bày (văn thư)',
    en: 'Record the check of a draft’s form (clerk)',
  },
} as const

function checkRoutes(context: NodeContext): Route[] {
  const checks = checkKinds.map((kind) => {
    const { path, permission, vi, en } = checkTexts[kind]
    return route({
      method: 'post',
      path,
      access: { permission },
      summary: { vi, en },
      tag,
      precondition: 'optional',
      params: uuidParams,
      body: verdict,
      response: z.strictObject({
        id: z.uuid(),
        state: z.enum(documentStates),
        kind: z.enum(checkKinds),
        passed: z.boolean(),
        revision: z.int(),
      }),
      handle: ({ actor, params, body, ifMatch }) => {
        const said = { id: params.id, kind, ...body, ...(ifMatch === undefined ? {} : { ifMatch }) }
        return checkDocument(context, asUser(actor), said as CheckRequest)
      },
    })
  })
  return [
    ...checks,
    route({
      method: 'post',
      path: '/documents/:id/comments',
      access: { permission: 'document.read' },
      summary: { vi: 'Ghi ý kiến về văn bản hoặc một phiên bản', en: 'Comment on a document or a version' },
      tag,
      params: uuidParams,
      body: z.strictObject({ comment: text(2_000), revision: z.int().min(1).max(1_000).optional() }),
      response: z.strictObject({ id: z.uuid(), commentId: z.uuid() }),
      status: 201,
      handle: ({ actor, params, body: { comment, revision } }) =>
        commentDocument(context, asUser(actor), {
          id: params.id,
          comment,
          ...(revision === undefined ? {} : { revision }),
        }),
    }),
  ]
}
