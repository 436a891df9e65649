import { z } from 'zod'
import type { NodeContext } from '../context.ts'
import { copyForms, copyNames, media } from '../documents/copy-forms.ts'
import { type CopyRecord, listCopies } from '../documents/copy-store.ts'
import { readerOf, requireReadable } from '../documents/document-access-store.ts'
import type { DocumentServices } from '../documents/document-services.ts'
import { readCursor, writeCursor } from '../documents/page-cursor.ts'
import { uuidParams } from '../http/mount.ts'
import { asUser, bytesBody, type Route, route } from '../http/route.ts'
import { line } from '../outgoing/draft-metadata.ts'
import { endCopyAuthority, grantCopyAuthority } from './copy-authorities.ts'
import { listAuthorities } from './copy-authority-store.ts'
import { copyRequest } from './copy-request.ts'
import { issueCopy } from './issue-copy.ts'
import { makeCopy } from './make-copy.ts'
import { uploadCopy } from './upload-copy.ts'

const tag = 'copies'
const date = z.iso.date()

const madeCopy = z.strictObject({
  id: z.uuid(),
  documentId: z.uuid().nullable(),
  formName: z.string(),
  agency: z.string(),
  madeBy: z.string(),
  /** The seven parts of a copy on paper. */
  block: z
    .strictObject({
      form: z.string(),
      agency: z.string(),
      number: z.string(),
      placeAndDate: z.string(),
      authority: z.strictObject({
        competence: z.string().nullable(),
        position: z.string(),
        name: z.string(),
      }),
      seal: z.string(),
      recipients: z.array(z.string()),
    })
    .nullable(),
})

const copyView = z.strictObject({
  id: z.uuid(),
  form: z.enum(copyForms),
  formName: z.string(),
  from: z.enum(media),
  to: z.enum(media),
  documentId: z.uuid().nullable(),
  source: z.strictObject({
    documentId: z.uuid().nullable(),
    copyId: z.uuid().nullable(),
    kind: z.string(),
    subject: z.string(),
    code: z.string(),
    date,
    agency: z.string(),
    sha256: z.string().nullable(),
  }),
  part: z.string().nullable(),
  copies: z.int(),
  decidedBy: z.string(),
  decidedOn: date,
  madeAt: z.iso.datetime(),
  number: z.strictObject({ year: z.int(), number: z.int(), notation: z.string() }).nullable(),
})

const authorityView = z.strictObject({
  id: z.uuid(),
  userId: z.uuid().nullable(),
  name: z.string(),
  position: z.string(),
  competence: z.string().nullable(),
  validFrom: date,
  validTo: date.nullable(),
})

/** Copies below `/api/v1` (NĐ 30/2020 arts 25 to 27): who may decide them, making, scanning, issuing. */
export function copyRoutes(context: NodeContext, services: DocumentServices): Route[] {
  return [...authorityRoutes(context), ...makingRoutes(context, services), listRoute(context)]
}

function makingRoutes(context: NodeContext, services: DocumentServices): Route[] {
  const pdf = bytesBody('application/pdf', context.limits.fileBytes)
  const access = { permission: 'document.copy' } as const
  return [
    route({
      method: 'post',
      path: '/copies',
      access,
      summary: {
        vi: 'Sao y, sao lục, trích sao: lập bản sao theo quyết định của người có thẩm quyền',
        en: 'Make a copy that somebody with authority has decided',
      },
      tag,
      body: copyRequest,
      response: madeCopy,
      status: 201,
      async handle({ actor, body }) {
        const made = await makeCopy(context, asUser(actor), body)
        const { block } = made
        return { ...made, block: block === null ? null : { ...block, recipients: [...block.recipients] } }
      },
    }),
    route({
      method: 'post',
      path: '/documents/:id/scan',
      access,
      summary: {
        vi: 'Tải bản quét hoặc bản trích của bản sao điện tử lên',
        en: 'Upload the scan or the excerpt of an electronic copy',
      },
      tag,
      params: uuidParams,
      body: pdf,
      response: z.strictObject({ id: z.uuid(), state: z.literal('quarantined') }),
      handle: ({ actor, params, body }) =>
        uploadCopy(context, services, asUser(actor), { id: params.id, bytes: body }),
    }),
    route({
      method: 'post',
      path: '/documents/:id/copy-signature',
      access,
      summary: {
        vi: 'Tải bản sao đã ký số cơ quan lên; phát hành bản sao',
        en: 'Upload the copy signed by the agency; issues it',
      },
      tag,
      params: uuidParams,
      body: pdf,
      response: z.strictObject({
        id: z.uuid(),
        state: z.literal('issued'),
        documentCode: z.string(),
        sha256: z.string(),
        indication: z.string(),
        subIndication: z.string().nullable(),
      }),
      status: 201,
      handle: ({ actor, params, body }) =>
        issueCopy(context, services, asUser(actor), { id: params.id, bytes: body }),
    }),
  ]
}

function listRoute(context: NodeContext): Route {
  return route({
    method: 'get',
    path: '/copies',
    access: { permission: 'document.copy' },
    summary: { vi: 'Các bản sao đã lập, mới nhất trước', en: 'Copies that were made, newest first' },
    tag,
    query: z.strictObject({
      source: z.uuid().optional(),
      cursor: z.string().max(200).optional(),
      limit: z.coerce.number().int().min(1).max(200).default(50),
    }),
    response: z.strictObject({ items: z.array(copyView), next: z.string().nullable() }),
    async handle({ actor, query }) {
      const user = asUser(actor)
      const { source, cursor, limit } = query
      const after = cursor === undefined ? undefined : readCursor(cursor, 'created')
      const rows = await context.db.asAgency(
        { agencyId: user.agencyId, userId: user.userId },
        async (trx) => {
          if (source !== undefined) await requireReadable(trx, user, source)
          return listCopies(trx, {
            reader: readerOf(user),
            limit: limit + 1,
            ...(source === undefined ? {} : { sourceDocumentId: source }),
            ...(after?.order === 'created' ? { after: { createdAt: after.at, id: after.id } } : {}),
          })
        },
      )
      const items = rows.slice(0, limit)
      const last = rows.length > limit ? items.at(-1) : undefined
      return {
        items: items.map(viewCopy),
        next: last === undefined ? null : writeCursor({ order: 'created', at: last.madeAt, id: last.id }),
      }
    },
  })
}

function authorityRoutes(context: NodeContext): Route[] {
  return [
    route({
      method: 'get',
      path: '/copy-authorities',
      access: { permission: 'document.copy' },
      summary: { vi: 'Ai có thẩm quyền quyết định, ký bản sao', en: 'Who may decide and sign copies' },
      tag,
      response: z.strictObject({ items: z.array(authorityView) }),
      async handle({ actor }) {
        const { agencyId, userId } = asUser(actor)
        const all = await context.db.asAgency({ agencyId, userId }, (trx) => listAuthorities(trx))
        return {
          items: all.map(({ grantedBy: _, grantedAt: __, ...authority }) => authority),
        }
      },
    }),
    route({
      method: 'post',
      path: '/copy-authorities',
      access: { permission: 'agency.settings' },
      summary: {
        vi: 'Giao thẩm quyền quyết định, ký bản sao',
        en: 'Let somebody decide and sign copies',
      },
      tag,
      body: z.strictObject({
        name: line(50),
        position: line(100),
        competence: line(100).nullable().default(null),
        userId: z.uuid().nullable().default(null),
        validFrom: date,
        validTo: date.nullable().default(null),
      }),
      response: z.strictObject({ id: z.uuid() }),
      status: 201,
      handle: ({ actor, body }) => grantCopyAuthority(context, asUser(actor), body),
    }),
    route({
      method: 'post',
      path: '/copy-authorities/:id/end',
      access: { permission: 'agency.settings' },
      summary: { vi: 'Chấm dứt thẩm quyền sao văn bản', en: 'End an authority to decide copies' },
      tag,
      params: uuidParams,
      body: z.strictObject({}),
      response: z.strictObject({ id: z.uuid(), validTo: date }),
      handle: ({ actor, params }) => endCopyAuthority(context, asUser(actor), params.id),
    }),
  ]
}

export function viewCopy(copy: CopyRecord): z.input<typeof copyView> {
  const { source } = copy
  return {
    id: copy.id,
    form: copy.form,
    formName: copyNames[copy.form],
    from: copy.from,
    to: copy.to,
    documentId: copy.documentId,
    source: {
      documentId: copy.sourceDocumentId,
      copyId: copy.sourceCopyId,
      kind: source.kind,
      subject: source.subject,
      code: source.code,
      date: source.date,
      agency: source.agency,
      sha256: copy.sourceSha256,
    },
    part: copy.part,
    copies: copy.copies,
    decidedBy: copy.decidedBy,
    decidedOn: copy.decidedOn,
    madeAt: copy.madeAt.toISOString(),
    number: copy.number,
  }
}
