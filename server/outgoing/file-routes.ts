import { z } from 'zod'
import type { NodeContext } from '../context.ts'
import { type DocumentFile, MOST_FILES, separateKinds } from '../documents/document-files-store.ts'
import type { DocumentServices } from '../documents/document-services.ts'
import { readFile, readFileList } from '../documents/read-files.ts'
import { uuidParams } from '../http/mount.ts'
import { asUser, bytesBody, type Route, route } from '../http/route.ts'
import { attachFile } from './attach-file.ts'
import { removeFile } from './remove-file.ts'
import { signSeparateFile } from './sign-separate-file.ts'

const tag = 'documents'
const BYTES = 'application/octet-stream'

const placeParams = z.strictObject({ id: z.uuid(), position: z.coerce.number().int().min(1).max(MOST_FILES) })

const fileView = z.strictObject({
  /** 1 is the main file. */
  position: z.int(),
  kind: z.enum(['main', ...separateKinds]),
  name: z.string(),
  contentType: z.string(),
  sha256: z.string(),
  length: z.int(),
  addedAt: z.iso.datetime(),
  signature: z
    .strictObject({
      field: z.string(),
      subject: z.string(),
      indication: z.string(),
      subIndication: z.string().nullable(),
    })
    .nullable(),
  indication: z.string().nullable(),
  subIndication: z.string().nullable(),
  findings: z.array(z.string()),
})

const attached = z.strictObject({
  id: z.uuid(),
  position: z.int(),
  kind: z.enum(separateKinds),
  name: z.string(),
  contentType: z.string(),
  sha256: z.string(),
  length: z.int(),
})

const yes = z.literal('true')

/** The files of documents below `/api/v1`: attaching and signing separate ones, listing, downloading. */
export function fileRoutes(context: NodeContext, services: DocumentServices): Route[] {
  return [...attachingRoutes(context, services), ...downloadRoutes(context, services)]
}

function attachingRoutes(context: NodeContext, services: DocumentServices): Route[] {
  return [
    route({
      method: 'post',
      path: '/documents/:id/attachments',
      access: { permission: 'document.draft' },
      summary: {
        vi: 'Đính kèm một tệp vào dự thảo: phụ lục (annex) hoặc tài liệu kèm theo (attachment)',
        en: 'Attach a file to a draft: an annex, or what is sent along',
      },
      tag,
      params: uuidParams,
      query: z.strictObject({
        name: z.string().trim().min(1).max(255),
        kind: z.enum(separateKinds).default('attachment'),
        rename: yes.optional(),
        declaredFreeOfSecrets: yes.optional(),
      }),
      body: bytesBody(BYTES, context.limits.fileBytes),
      response: attached,
      status: 201,
      handle: ({ actor, params, query, body }) =>
        attachFile(context, services, asUser(actor), {
          id: params.id,
          kind: query.kind,
          name: query.name.normalize('NFC'),
          bytes: body,
          rename: query.rename !== undefined,
          declaredFreeOfSecrets: query.declaredFreeOfSecrets !== undefined,
        }),
    }),
    route({
      method: 'post',
      path: '/documents/:id/files/:position/removal',
      access: { permission: 'document.draft' },
      summary: { vi: 'Bỏ một tệp kèm theo khỏi dự thảo', en: 'Take a separate file away from a draft' },
      tag,
      params: placeParams,
      body: z.strictObject({}),
      response: z.strictObject({ id: z.uuid(), position: z.int() }),
      handle: ({ actor, params }) => removeFile(context, services, asUser(actor), params),
    }),
    route({
      method: 'post',
      path: '/documents/:id/files/:position/signature',
      access: { permission: 'document.issue' },
      summary: {
        vi: 'Tải bản phụ lục hoặc tài liệu PDF kèm theo đã ký số cơ quan lên',
        en: 'Upload a separate PDF with the agency’s signature',
      },
      tag,
      params: placeParams,
      body: bytesBody('application/pdf', context.limits.fileBytes),
      response: z.strictObject({
        id: z.uuid(),
        position: z.int(),
        sha256: z.string(),
        indication: z.string(),
        subIndication: z.string().nullable(),
      }),
      status: 201,
      handle: ({ actor, params, body }) =>
        signSeparateFile(context, services, asUser(actor), { ...params, bytes: body }),
    }),
  ]
}

function downloadRoutes(context: NodeContext, services: DocumentServices): Route[] {
  const access = { permission: 'document.read' } as const
  return [
    route({
      method: 'get',
      path: '/documents/:id/files',
      access,
      summary: { vi: 'Các tệp của văn bản', en: 'The files of a document' },
      tag,
      params: uuidParams,
      response: z.strictObject({ files: z.array(fileView) }),
      async handle({ actor, params }) {
        const files = await readFileList(context, asUser(actor), params.id)
        return { files: files.map(viewFile) }
      },
    }),
    route({
      method: 'get',
      path: '/documents/:id/files/:position',
      access,
      summary: { vi: 'Tải một tệp của văn bản, nguyên từng byte', en: 'Download a file, byte for byte' },
      tag,
      params: placeParams,
      response: { raw: BYTES },
      async handle({ actor, params, remoteAddress }) {
        const { files } = services
        const { bytes, file } = await readFile(context, files, asUser(actor), params, remoteAddress)
        return {
          // Never the type that the file claims: nothing that came from elsewhere is opened in a browser by itself.
          contentType: BYTES,
          body: bytes,
          headers: {
            'Content-Disposition': `attachment; filename*=UTF-8''${encodeURIComponent(file.name)}`,
            'Content-Digest': `sha-256=:${Buffer.from(file.sha256, 'hex').toString('base64')}:`,
            'X-Content-Type-Options': 'nosniff',
          },
        }
      },
    }),
  ]
}

export function viewFile(file: DocumentFile): z.input<typeof fileView> {
  const { signature } = file
  return {
    position: file.position,
    kind: file.kind,
    name: file.name,
    contentType: file.contentType,
    sha256: file.sha256,
    length: file.length,
    addedAt: file.addedAt.toISOString(),
    signature:
      signature === null
        ? null
        : {
            field: signature.field,
            subject: signature.subject,
            indication: signature.indication,
            subIndication: signature.subIndication,
          },
    indication: file.indication,
    subIndication: file.subIndication,
    findings: [...file.findings],
  }
}
