import { z } from 'zod'
import { agencyRoles } from '../actor.ts'
import { listOpenRightChanges, type RightChange, type UndoRightChange } from '../audit/right-change-store.ts'
import type { NodeContext } from '../context.ts'
import { CongvanError } from '../errors.ts'
import { asUser, type Route, route } from '../http/route.ts'
import { listMembers } from './list-users.ts'
import { settleChange } from './settle-right-change.ts'
import { undoAccountReset, undoRoleChange } from './undo-account-right.ts'

const tag = 'users'
const limit = z.coerce.number().int().min(1).max(200).default(50)
const instant = z.iso.datetime()

/**
 * The people of the agency, and changes of rights that wait for a person with authority.
 *
 * @param undoAccess undoes changes of rights to documents and dossiers
 */
export function rightRoutes(context: NodeContext, undoAccess: readonly UndoRightChange[]): Route[] {
  return [
    route({
      method: 'get',
      path: '/members',
      tag,
      access: { permission: 'member.read' },
      summary: {
        vi: 'Người dùng của cơ quan, để chọn người ký, người xử lý',
        en: 'The people of the agency, to choose signers and handlers from',
      },
      query: z.strictObject({
        q: z.string().trim().min(1).max(100).optional(),
        role: z.enum(agencyRoles).optional(),
        after: z.string().min(2).max(64).optional(),
        limit,
      }),
      response: z.strictObject({
        items: z
          .array(
            z.strictObject({
              id: z.uuid(),
              login: z.string(),
              displayName: z.string(),
              roles: z.array(z.string()).readonly(),
            }),
          )
          .readonly(),
        next: z.string().nullable(),
      }),
      handle: ({ actor, query: { q, ...query } }) =>
        listMembers(context, asUser(actor), { ...query, text: q }),
    }),
    route({
      method: 'get',
      path: '/right-changes',
      tag,
      access: { permission: 'right.confirm' },
      summary: {
        vi: 'Thay đổi về quyền chờ xác nhận',
        en: 'Changes of rights that wait for confirmation',
      },
      query: z.strictObject({ cursor: z.string().max(200).optional(), limit }),
      response: z.strictObject({
        items: z.array(
          z.strictObject({
            id: z.uuid(),
            kind: z.string(),
            subject: z.string(),
            userId: z.uuid().nullable(),
            right: z.string(),
            reason: z.string(),
            by: z.uuid().nullable(),
            at: instant,
          }),
        ),
        next: z.string().nullable(),
      }),
      handle: async ({ actor, query }) => {
        const after = query.cursor === undefined ? undefined : readCursor(query.cursor)
        const found = await context.db.asAgency({ agencyId: asUser(actor).agencyId }, (trx) =>
          listOpenRightChanges(trx, { after, limit: query.limit + 1 }),
        )
        const items = found.slice(0, query.limit)
        const last = items.at(-1)
        return {
          items: items.map(({ outcome: _o, settledBy: _b, settledAt: _a, before: _f, ...one }) => ({
            ...one,
            at: one.at.toISOString(),
          })),
          next: found.length > query.limit && last !== undefined ? writeCursor(last) : null,
        }
      },
    }),
    settling('confirmation', 'confirmed', {
      vi: 'Xác nhận một thay đổi về quyền',
      en: 'Confirm a change of rights',
    }),
    settling('reversal', 'reverted', {
      vi: 'Hoàn nguyên một thay đổi về quyền',
      en: 'Undo a change of rights',
    }),
  ]

  function settling(
    path: string,
    outcome: 'confirmed' | 'reverted',
    summary: { vi: string; en: string },
  ): Route {
    return route({
      method: 'post',
      path: `/right-changes/:id/${path}`,
      tag,
      access: { permission: 'right.confirm' },
      summary,
      params: z.strictObject({ id: z.uuid() }),
      response: z.strictObject({ id: z.uuid(), outcome: z.string() }),
      handle: ({ actor, params }) =>
        settleChange(context, asUser(actor), params.id, outcome, [
          undoRoleChange,
          undoAccountReset,
          ...undoAccess,
        ]),
    })
  }
}

const CURSOR = /^(\d{4}-\d{2}-\d{2}T[\d:.]{12}Z) ([0-9a-f-]{36})$/

function writeCursor({ at, id }: Pick<RightChange, 'at' | 'id'>): string {
  return Buffer.from(`${at.toISOString()} ${id}`).toString('base64url')
}

/** @throws CongvanError `INPUT_INVALID` for a text that `writeCursor` did not make */
function readCursor(cursor: string): { at: Date; id: string } {
  const [, at = '', id] = CURSOR.exec(Buffer.from(cursor, 'base64url').toString('latin1')) ?? []
  const time = new Date(at)
  if (id === undefined || Number.isNaN(time.getTime()) || !z.uuid().safeParse(id).success) {
    throw new CongvanError('INPUT_INVALID', { field: 'query.cursor', reason: 'no cursor of this list' })
  }
  return { at: time, id }
}
