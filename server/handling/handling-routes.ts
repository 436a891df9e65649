/** Who handles an accepted document: assigning, directing, doing; below `/documents/:id`. */
import { z } from 'zod'
import type { NodeContext } from '../context.ts'
import { documentStates } from '../documents/document.ts'
import type { DocumentServices } from '../documents/document-services.ts'
import { uuidParams } from '../http/mount.ts'
import { asUser, type Route, route } from '../http/route.ts'
import { type AssignmentOrder, assignDocument, reassignDocument } from './assign-document.ts'
import { extendDeadline, instructHandling, remindHandling } from './direct-handling.ts'
import { noteKinds } from './handling-store.ts'
import { completeDocument, contributeToDocument, startProcessing } from './process-document.ts'
import { readHandling } from './read-handling.ts'

const tag = 'documents'
const words = (max: number) => z.string().trim().min(1).max(max)
const date = z.iso.date()
const time = z.iso.datetime()

const processed = z.strictObject({ id: z.uuid(), state: z.enum(documentStates) })
/** 0 leads, from 1 those who co-operate. */
const position = z.int().min(0).max(100)

/** A unit by its name, alone or with a deadline; or a person by login or id. */
const party = z.union([
  words(200),
  z.strictObject({ unit: words(200), dueDate: date.nullable().optional() }),
  z.strictObject({ user: words(64), dueDate: date.nullable().optional() }),
])
const order = z.strictObject({
  lead: party,
  cooperating: z.array(party).max(50).default([]),
  instruction: z.string().trim().max(1000).default(''),
  /** Of the lead; the others have it too where they have none of their own. */
  dueDate: date.nullable().default(null),
  awaitsMoreAnswers: z.boolean().default(false),
})
const assigned = processed.extend({
  assignment: z.uuid(),
  dueDate: date.nullable(),
  dueDateSource: z.enum(['given', 'message', 'default']).nullable(),
})

const handlingView = z.strictObject({
  id: z.uuid(),
  state: z.enum(documentStates),
  dueDate: date.nullable(),
  awaitsMoreAnswers: z.boolean(),
  parties: z.array(
    z.strictObject({
      assignment: z.uuid(),
      position,
      userId: z.uuid().nullable(),
      name: z.string(),
      dueDate: date.nullable(),
      ended: z
        .strictObject({ at: time, as: z.enum(['contributed', 'replaced', 'completed', 'recalled']) })
        .nullable(),
    }),
  ),
  notes: z.array(
    z.strictObject({
      kind: z.enum(noteKinds),
      text: z.string(),
      authorName: z.string(),
      at: time,
      party: z.string().nullable(),
      oldDue: date.nullable(),
      newDue: date.nullable(),
      answer: z.uuid().nullable(),
    }),
  ),
})

function orderOf(id: string, body: z.output<typeof order>): AssignmentOrder {
  const { lead, cooperating, dueDate, ...rest } = body
  const named = (one: z.output<typeof party>) => (typeof one === 'string' ? { unit: one } : one)
  return {
    id,
    ...rest,
    lead: { dueDate, ...named(lead) },
    cooperating: cooperating.map(named),
  }
}

export function handlingRoutes(context: NodeContext, services: DocumentServices): Route[] {
  return [
    ...assigningRoutes(context, services),
    ...directingRoutes(context),
    ...doingRoutes(context, services),
  ]
}

function assigningRoutes(context: NodeContext, services: DocumentServices): Route[] {
  const access = { permission: 'document.assign' } as const
  return [
    route({
      method: 'post',
      path: '/documents/:id/assign',
      access,
      summary: {
        vi: 'Phân công: một chủ trì, các đơn vị và người phối hợp, thời hạn (04)',
        en: 'Assign: one lead, those who co-operate, deadlines (04)',
      },
      tag,
      precondition: 'optional',
      params: uuidParams,
      body: order,
      response: assigned,
      handle: ({ actor, params, body, ifMatch }) =>
        assignDocument(context, services, asUser(actor), { ...orderOf(params.id, body), ifMatch }),
    }),
    route({
      method: 'post',
      path: '/documents/:id/reassign',
      access,
      summary: { vi: 'Phân công lại, có lý do', en: 'Assign to others, with a reason' },
      tag,
      precondition: 'optional',
      params: uuidParams,
      body: order.extend({ reason: words(500) }),
      response: assigned,
      handle: ({ actor, params, body: { reason, ...body }, ifMatch }) =>
        reassignDocument(context, asUser(actor), { ...orderOf(params.id, body), reason, ifMatch }),
    }),
    route({
      method: 'get',
      path: '/documents/:id/handling',
      access: { permission: 'document.read' },
      summary: {
        vi: 'Quá trình giải quyết: ai chủ trì, phối hợp, thời hạn, ý kiến chỉ đạo, đôn đốc, trả lời',
        en: 'The handling: who leads, who co-operates, deadlines, instructions, reminders, answers',
      },
      tag,
      params: uuidParams,
      response: handlingView,
      async handle({ actor, params }) {
        const handling = await readHandling(context, asUser(actor), params.id)
        const parties = handling.parties.map(({ assignmentId, ...one }) => ({
          assignment: assignmentId,
          ...one,
        }))
        return { ...handling, parties, notes: [...handling.notes] }
      },
    }),
  ]
}

function directingRoutes(context: NodeContext): Route[] {
  const access = { permission: 'document.assign' } as const
  return [
    route({
      method: 'post',
      path: '/documents/:id/instructions',
      access,
      summary: {
        vi: 'Thêm ý kiến chỉ đạo (không sửa được)',
        en: 'Add an instruction (it cannot be changed)',
      },
      tag,
      params: uuidParams,
      body: z.strictObject({ text: words(1000) }),
      response: processed,
      handle: ({ actor, params, body }) =>
        instructHandling(context, asUser(actor), { id: params.id, ...body }),
    }),
    route({
      method: 'post',
      path: '/documents/:id/deadline',
      access,
      summary: { vi: 'Gia hạn giải quyết, có lý do', en: 'Extend a deadline, with a reason' },
      tag,
      params: uuidParams,
      body: z.strictObject({ position: position.default(0), dueDate: date, reason: words(500) }),
      response: processed.extend({ dueDate: date }),
      handle: ({ actor, params, body }) => extendDeadline(context, asUser(actor), { id: params.id, ...body }),
    }),
    route({
      method: 'post',
      path: '/documents/:id/reminders',
      access,
      summary: { vi: 'Đôn đốc', en: 'Remind' },
      tag,
      params: uuidParams,
      body: z.strictObject({
        position: position.optional(),
        text: z.string().trim().max(1000).default(''),
      }),
      response: processed.extend({ reminded: z.int() }),
      handle: ({ actor, params, body }) => remindHandling(context, asUser(actor), { id: params.id, ...body }),
    }),
  ]
}

function doingRoutes(context: NodeContext, services: DocumentServices): Route[] {
  const access = { permission: 'document.process' } as const
  return [
    route({
      method: 'post',
      path: '/documents/:id/processing',
      access,
      summary: { vi: 'Bắt đầu xử lý (05)', en: 'Start processing (05)' },
      tag,
      params: uuidParams,
      body: z.strictObject({}),
      response: processed,
      handle: ({ actor, params }) => startProcessing(context, services, asUser(actor), params.id),
    }),
    route({
      method: 'post',
      path: '/documents/:id/contribution',
      access,
      summary: { vi: 'Người phối hợp báo đã xong phần mình', en: 'One who co-operates has done their part' },
      tag,
      params: uuidParams,
      body: z.strictObject({ text: words(2000) }),
      response: processed,
      handle: ({ actor, params, body }) =>
        contributeToDocument(context, asUser(actor), { id: params.id, ...body }),
    }),
    route({
      method: 'post',
      path: '/documents/:id/complete',
      access,
      summary: {
        vi: 'Hoàn thành: nêu văn bản trả lời, hoặc lý do không cần trả lời (06)',
        en: 'Complete, with the document that answers or the reason why none is needed (06)',
      },
      tag,
      params: uuidParams,
      body: z.strictObject({ answer: z.uuid().optional(), noAnswerReason: words(500).optional() }),
      response: processed,
      handle: ({ actor, params, body }) =>
        completeDocument(context, services, asUser(actor), { id: params.id, ...body }),
    }),
  ]
}
