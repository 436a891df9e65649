import { z } from 'zod'
import type { NodeContext } from '../context.ts'
import { documentSummary, viewSummary } from '../documents/document-view.ts'
import { CongvanError } from '../errors.ts'
import { asUser, type Route, route } from '../http/route.ts'
import { listTasks, taskLists } from './list-tasks.ts'
import type { Task, TaskPosition } from './task-store.ts'
import { urgencyWords } from './urgency-words.ts'

const date = z.iso.date()
const words = z.strictObject({ vi: z.string(), en: z.string() })

const taskView = z.strictObject({
  document: documentSummary,
  /** Mức độ khẩn in words (Phụ lục VI, III.1d). */
  urgency: words,
  /** Of the list's user where it is `mine`, else of who leads. */
  dueDate: date.nullable(),
  overdue: z.boolean(),
  /** Only in `mine`: 0 leads, from 1 co-operates. */
  position: z.int().nullable(),
})

const taskPage = z.strictObject({
  items: z.array(taskView),
  next: z.string().nullable(),
  today: date,
  /** The calendar of these years was not imported: the list may be wrong. */
  warning: z.strictObject({ code: z.literal('CALENDAR_INCOMPLETE'), years: z.array(z.int()) }).nullable(),
})

/** Mounted before `/documents/:id`, which its path would match. */
export function taskRoutes(context: NodeContext): Route[] {
  return [
    route({
      method: 'get',
      path: '/documents/tasks',
      access: { permission: 'document.read' },
      summary: {
        vi: 'Văn bản đến quá hạn, sắp đến hạn, chậm đăng ký, chậm chuyển giao, phải gửi lại bản giấy; việc của tôi. Khẩn trước',
        en: 'Incoming documents overdue, due soon, late to register or to hand over, paper to send back; my tasks. Urgent first',
      },
      tag: 'documents',
      query: z.strictObject({
        list: z.enum(taskLists),
        cursor: z.string().max(200).optional(),
        limit: z.coerce.number().int().min(1).max(200).default(50),
      }),
      response: taskPage,
      async handle({ actor, query }) {
        const after = query.cursor === undefined ? undefined : readTaskCursor(query.cursor)
        const page = await listTasks(context, asUser(actor), query.list, { after, limit: query.limit })
        const { warning } = page
        return {
          items: page.items.map((task) => viewTask(task, page.today)),
          next: page.next === null ? null : writeTaskCursor(page.next),
          today: page.today,
          warning: warning === undefined ? null : { ...warning, years: [...warning.years] },
        }
      },
    }),
  ]
}

function viewTask({ document, own }: Task, today: string): z.input<typeof taskView> {
  const dueDate = own === null ? (document.incoming?.handlingDue ?? null) : own.dueDate
  return {
    document: viewSummary(document),
    urgency: urgencyWords(document.urgency),
    dueDate,
    overdue: dueDate !== null && dueDate < today,
    position: own?.position ?? null,
  }
}

function writeTaskCursor({ rank, at, id }: TaskPosition): string {
  return Buffer.from(`${rank} ${at} ${id}`).toString('base64url')
}

const CURSOR =
  /^(-?\d) (\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}:\d{2}\.\d{3}Z)?) ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/

/** @throws CongvanError `INPUT_INVALID` for a text that no list of tasks gave */
function readTaskCursor(cursor: string): TaskPosition {
  const [, rank, at, id] = CURSOR.exec(Buffer.from(cursor, 'base64url').toString('latin1')) ?? []
  if (rank === undefined || at === undefined || id === undefined || Number.isNaN(Date.parse(at))) {
    throw new CongvanError('INPUT_INVALID', { field: 'query.cursor', reason: 'no cursor of this list' })
  }
  return { rank: Number(rank), at, id }
}
