import { Readable } from 'node:stream'
import { z } from 'zod'
import { receiptEvents } from '../edxml/receipt.ts'
import { organId, sha256 } from '../edxml/values.ts'
import { CongvanError } from '../errors.ts'
import { uuidParams } from '../http/mount.ts'
import { asUser, type Route, route } from '../http/route.ts'
import { deliveryStates } from './delivery.ts'
import { dispatchDocument } from './dispatch.ts'
import { BUNDLE_CONTENT_TYPE } from './evidence/bundle.ts'
import { exportEvidence } from './export-evidence.ts'
import { forwardDocument } from './forward-document.ts'
import { recallRoutes } from './recall-routes.ts'
import { redispatch } from './redispatch.ts'
import type { RelayDeps } from './relay-deps.ts'
import type { Superseding } from './supersede.ts'
import { readEvidence, trackDelivery, trackDocument } from './track.ts'

const instant = z.iso.datetime({ offset: true })
const state = z.enum(deliveryStates)
const event = z.enum(receiptEvents)

const dispatchBody = z.strictObject({
  recipients: z.array(organId).min(1).max(5_000),
  notAfter: instant.optional(),
})

const dispatchAnswer = z.strictObject({
  envelope: sha256,
  notAfter: instant,
  deliveries: z.array(z.strictObject({ id: z.uuid(), recipient: organId, state })),
})

const receipt = {
  event,
  node: z.string(),
  reason: z.string().nullable(),
  reasonText: z
    .string()
    .nullable()
    .describe('lời của biên nhận, ví dụ cơ quan kế thừa / its words, e.g. who took over'),
  receipt: sha256,
  time: instant,
}

const delivery = z.strictObject({
  id: z.uuid(),
  documentId: z.uuid(),
  recipient: organId,
  envelope: sha256,
  series: z.int().min(1),
  state,
  notAfter: instant,
  createdAt: instant,
  updatedAt: instant,
  hops: z.array(
    z.strictObject({ from: z.string().nullable(), to: z.string(), event, receipt: sha256, time: instant }),
  ),
  receipts: z.array(z.strictObject({ ...receipt, receivedAt: instant })),
  statuses: z.array(
    z.strictObject({
      code: z.string(),
      node: z.string(),
      description: z.string().nullable(),
      message: sha256,
      time: instant,
      receivedAt: instant,
    }),
  ),
  terminal: z.strictObject(receipt).nullable(),
  recall: z
    .strictObject({
      way: z.enum(['cancelled', 'notice']),
      reason: z.string(),
      notice: z.uuid().nullable(),
      envelope: sha256.nullable(),
      orderedAt: instant,
      answer: z
        .strictObject({
          code: z.enum(['15', '16']),
          text: z.string().nullable(),
          time: instant,
          message: sha256,
        })
        .nullable()
        .describe('15 đồng ý, 16 từ chối; null: chưa trả lời / agreed, declined, not answered yet'),
    })
    .nullable(),
})

/** @throws CongvanError `INPUT_INVALID` where it is to do several: the message has room for one */
function supersedingOf(body: {
  readonly replaces?: readonly string[] | undefined
  readonly replacementReason?: string | undefined
  readonly corrects?: string | undefined
  readonly updates?:
    | { document: string; reason: string; added: readonly string[]; removed: readonly string[] }
    | undefined
}): Superseding | undefined {
  const { replaces, replacementReason: reason, corrects, updates } = body
  if ([replaces, corrects, updates].filter((one) => one !== undefined).length > 1) {
    const why = 'chỉ một trong replaces, corrects, updates / only one of replaces, corrects, updates'
    throw new CongvanError('INPUT_INVALID', { field: 'body', reason: why })
  }
  if (corrects !== undefined) return { corrects }
  if (updates !== undefined) {
    const { document, ...change } = updates
    return { updates: document, ...change }
  }
  return replaces && { replaces, ...(reason === undefined ? {} : { reason }) }
}

/** Dispatching and tracking, for people and scripts. */
export function relayRoutes(deps: RelayDeps): Route[] {
  const { context } = deps
  return [
    ...recallRoutes(deps),
    route({
      method: 'post',
      path: '/documents/:id/dispatch',
      access: { permission: 'document.dispatch' },
      summary: { vi: 'Gửi văn bản đã phát hành', en: 'Dispatch an issued document' },
      tag: 'deliveries',
      params: uuidParams,
      body: dispatchBody.extend({
        replaces: z
          .array(z.uuid())
          .min(1)
          .max(100)
          .optional()
          .describe('văn bản của cơ quan mình bị thay thế / own documents that it replaces'),
        replacementReason: z.string().trim().min(1).max(500).optional(),
        corrects: z.uuid().optional().describe('văn bản được đính chính / the own document that it corrects'),
        updates: z
          .strictObject({
            document: z.uuid(),
            reason: z.string().trim().min(1).max(500),
            added: z.array(organId).max(1_000).default([]),
            removed: z.array(organId).max(1_000).default([]),
          })
          .optional()
          .describe(
            'văn bản được cập nhật thời hạn, nơi nhận / the own document whose deadline or recipients it updates',
          ),
      }),
      response: dispatchAnswer,
      status: 201,
      handle: async ({ params, body, actor }) => {
        const { recipients, notAfter } = body
        const supersedes = supersedingOf(body)
        const answer = await dispatchDocument(deps, asUser(actor), {
          documentId: params.id,
          recipients,
          ...(supersedes === undefined ? {} : { supersedes }),
          ...(notAfter === undefined ? {} : { notAfter: new Date(notAfter) }),
        })
        return { ...answer, deliveries: [...answer.deliveries] }
      },
    }),
    route({
      method: 'post',
      path: '/documents/:id/forward',
      access: { permission: 'document.dispatch' },
      summary: {
        vi: 'Chuyển tiếp nguyên bản một văn bản đến cho cơ quan khác',
        en: 'Pass a received document on as it came',
      },
      tag: 'deliveries',
      params: uuidParams,
      body: dispatchBody.extend({ overrideReason: z.string().trim().min(1).max(500).optional() }),
      response: dispatchAnswer,
      status: 201,
      handle: async ({ params, body, actor }) => {
        const { recipients, notAfter, overrideReason } = body
        const answer = await forwardDocument(deps, asUser(actor), {
          documentId: params.id,
          recipients,
          ...(notAfter === undefined ? {} : { notAfter: new Date(notAfter) }),
          ...(overrideReason === undefined ? {} : { overrideReason }),
        })
        return { ...answer, deliveries: [...answer.deliveries] }
      },
    }),
    route({
      method: 'post',
      path: '/deliveries/:id/redispatch',
      access: { permission: 'document.dispatch' },
      summary: {
        vi: 'Gửi lại một lượt gửi đã hỏng hoặc hết hạn',
        en: 'Try a delivery anew that ended undeliverable or expired',
      },
      tag: 'deliveries',
      params: uuidParams,
      body: z.strictObject({ notAfter: instant.optional() }),
      response: z.strictObject({
        delivery: z.uuid(),
        documentId: z.uuid(),
        recipient: organId,
        envelope: sha256,
        series: z.int().min(2),
        notAfter: instant,
      }),
      status: 201,
      handle: async ({ params, body, actor }) =>
        redispatch(
          deps,
          { actor: asUser(actor) },
          {
            deliveryId: params.id,
            ...(body.notAfter === undefined ? {} : { notAfter: new Date(body.notAfter) }),
          },
        ),
    }),
    route({
      method: 'get',
      path: '/documents/:id/deliveries',
      access: { permission: 'delivery.read' },
      summary: { vi: 'Các lượt gửi của một văn bản', en: 'Deliveries of a document' },
      tag: 'deliveries',
      params: uuidParams,
      response: z.strictObject({ deliveries: z.array(delivery) }),
      handle: async ({ params, actor }) => ({
        deliveries: (await trackDocument(context, asUser(actor), params.id)).map((one) =>
          delivery.parse(one),
        ),
      }),
    }),
    route({
      method: 'get',
      path: '/documents/:id/evidence',
      access: { permission: 'delivery.read' },
      summary: {
        vi: 'Gói chứng cứ của một văn bản đã gửi (ZIP), kiểm tra được không cần nút nào',
        en: 'The evidence of a sent document (ZIP), to be verified without any node',
      },
      tag: 'deliveries',
      params: uuidParams,
      response: { raw: BUNDLE_CONTENT_TYPE },
      handle: async ({ params, actor, remoteAddress }) => ({
        contentType: BUNDLE_CONTENT_TYPE,
        body: Readable.from(await exportEvidence(deps, asUser(actor), params.id, remoteAddress)),
        headers: { 'content-disposition': `attachment; filename="${params.id}-evidence.zip"` },
      }),
    }),
    route({
      method: 'get',
      path: '/deliveries/:id',
      access: { permission: 'delivery.read' },
      summary: { vi: 'Một lượt gửi và hành trình của nó', en: 'A delivery and its history' },
      tag: 'deliveries',
      params: uuidParams,
      response: delivery,
      handle: async ({ params, actor }) =>
        delivery.parse(await trackDelivery(context, asUser(actor), params.id)),
    }),
    route({
      method: 'get',
      path: '/deliveries/:id/messages/:sha256',
      access: { permission: 'delivery.read' },
      summary: { vi: 'Biên nhận hoặc trạng thái, nguyên bản XML', en: 'A receipt or status, its sealed XML' },
      tag: 'deliveries',
      params: z.strictObject({ id: z.uuid(), sha256 }),
      response: { raw: 'application/xml' },
      handle: async ({ params, actor }) => ({
        contentType: 'application/xml',
        body: await readEvidence(context, asUser(actor), params.id, params.sha256),
        headers: { 'content-disposition': `attachment; filename="${params.sha256}.xml"` },
      }),
    }),
  ]
}
