import { z } from 'zod'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import { vietnamDay } from '../directory/agency-entry.ts'
import { asUser, type Route, route } from '../http/route.ts'
import type { BookFonts } from './book-pdf.ts'
import { readSeriesOf } from './book-store.ts'
import { closeRegister } from './close-register.ts'
import { readClosure } from './closure-store.ts'
import { correctEntry } from './correction-store.ts'
import { exportFormats, exportRegister, exportTypes } from './export-register.ts'
import type { HiddenAmong } from './mask.ts'
import { readBookPage, readCorrectionsFor } from './read-book.ts'
import { books } from './register.ts'
import {
  book,
  closureView,
  correctionBody,
  correctionView,
  entryPage,
  overview,
  readEntryCursor,
  rulesBody,
  rulesView,
  series,
  viewEntry,
  writeEntryCursor,
  year,
} from './register-view.ts'
import { readRuleHistory, readSeriesRules } from './series-store.ts'
import { setSeries } from './set-series.ts'
import { yearOf } from './vietnam-date.ts'

const words = (max: number) => z.string().trim().normalize('NFC').min(1).max(max)

const bookQuery = z.strictObject({
  year: year.optional(),
  series: series.optional(),
  kind: words(400).optional(),
  unit: words(800).optional(),
  from: z.iso.date().optional(),
  to: z.iso.date().optional(),
  q: words(500).optional(),
  cursor: z.string().max(300).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
})

/** @param hiddenAmong which documents are restricted to others than who asks */
export function registerRoutes(context: NodeContext, fonts: BookFonts, hiddenAmong: HiddenAmong): Route[] {
  return [
    ...seriesRoutes(context),
    ...correctionRoutes(context, hiddenAmong),
    ...bookRoutes(context, hiddenAmong),
    ...exportRoutes(context, fonts, hiddenAmong),
  ]
}

function bookRoutes(context: NodeContext, hiddenAmong: HiddenAmong): Route[] {
  return [
    route({
      method: 'get',
      path: '/registers',
      tag: 'register',
      access: { permission: 'register.read' },
      summary: { vi: 'Các sổ của một năm', en: 'The registers of a year' },
      query: z.strictObject({ year: year.optional() }),
      response: overview,
      handle: ({ actor, query, now }) =>
        context.db.asAgency(asUser(actor), async (trx) => {
          const of = query.year ?? yearOf(vietnamDay(now))
          const items: z.input<typeof overview>['items'] = []
          for (const one of books) {
            const closure = await readClosure(trx, of, one)
            const series = await readSeriesOf(trx, one, of)
            items.push({ book: one, year: of, closedAt: closure?.closedAt ?? null, series })
          }
          return { items }
        }),
    }),
    route({
      method: 'get',
      path: '/registers/:book',
      tag: 'register',
      access: { permission: 'register.read' },
      summary: { vi: 'Xem, lọc, tìm trong sổ đăng ký', en: 'Browse, filter and search a register' },
      params: z.strictObject({ book }),
      query: bookQuery,
      response: entryPage,
      handle: async ({ actor, params, query, now }) => {
        const { q, cursor, limit, year: of, ...filter } = query
        const given = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined))
        const user = asUser(actor)
        const { items, next } = await context.db.asAgency(user, (trx) =>
          readBookPage(trx, user, hiddenAmong, {
            ...given,
            book: params.book,
            year: of ?? yearOf(vietnamDay(now)),
            ...(q === undefined ? {} : { text: q }),
            ...(cursor === undefined ? {} : { before: readEntryCursor(cursor) }),
            limit,
          }),
        )
        return { items: items.map(viewEntry), next: next && writeEntryCursor(next) }
      },
    }),
    route({
      method: 'post',
      path: '/registers/:book/:year/close',
      tag: 'register',
      access: { permission: 'register.manage' },
      summary: { vi: 'Đóng sổ của một năm', en: 'Close the register of a year' },
      params: z.strictObject({ book, year }),
      response: closureView,
      handle: ({ actor, params }) => closeRegister(context, asUser(actor), params),
    }),
  ]
}

function correctionRoutes(context: NodeContext, hiddenAmong: HiddenAmong): Route[] {
  return [
    route({
      method: 'post',
      path: '/registers/corrections',
      tag: 'register',
      access: { permission: 'register.manage' },
      summary: {
        vi: 'Sửa một ô của sổ, giữ lại nội dung cũ',
        en: 'Correct a field of an entry; the old value stays',
      },
      body: correctionBody,
      response: correctionView,
      status: 201,
      handle: async ({ actor, body }) => {
        const user = asUser(actor)
        const { agencyId, userId } = user
        const now = context.clock()
        return context.db.asAgency(user, async (trx) => {
          const made = await correctEntry(trx, { ...body, agencyId, by: userId, at: now })
          await appendLogEntry(trx, { nodeId: context.nodeId, actor: user, now }, agencyId, {
            kind: 'register.corrected',
            subject: `register:${body.series}/${body.year}/${body.number}`,
            facts: { field: body.field, correction: made.id },
          })
          return made
        })
      },
    }),
    route({
      method: 'get',
      path: '/registers/corrections',
      tag: 'register',
      access: { permission: 'register.read' },
      summary: { vi: 'Các lần sửa một dòng của sổ', en: 'The corrections of an entry' },
      query: z.strictObject({ year, series, number: z.coerce.number().int().min(1).max(2_000_000_000) }),
      response: z.strictObject({ items: z.array(correctionView) }),
      handle: async ({ actor, query }) => {
        const user = asUser(actor)
        const items = await context.db.asAgency(user, (trx) =>
          readCorrectionsFor(trx, user, hiddenAmong, query),
        )
        return { items }
      },
    }),
  ]
}

function seriesRoutes(context: NodeContext): Route[] {
  return [
    route({
      method: 'get',
      path: '/registers/series',
      tag: 'register',
      access: { permission: 'register.read' },
      summary: {
        vi: 'Cách chia hệ thống số của một năm và các lần quyết định',
        en: 'How the series of a year are cut, and every decision on it',
      },
      query: z.strictObject({ year: year.optional() }),
      response: rulesView.extend({ history: z.array(rulesView) }),
      handle: ({ actor, query, now }) =>
        context.db.asAgency(asUser(actor), async (trx) => {
          const of = query.year ?? yearOf(vietnamDay(now))
          return { ...(await readSeriesRules(trx, of)), history: await readRuleHistory(trx, of) }
        }),
    }),
    route({
      method: 'put',
      path: '/registers/series',
      tag: 'register',
      access: { permission: 'agency.settings' },
      precondition: 'required',
      summary: {
        vi: 'Người đứng đầu quyết định cách chia hệ thống số của một năm',
        en: 'The head of the agency decides how the series of a year are cut',
      },
      body: rulesBody,
      response: rulesView,
      handle: ({ actor, body, ifMatch }) => {
        const { year: of, rules, decision, changeReason } = body
        const reason = changeReason === undefined ? {} : { changeReason }
        return setSeries(context, asUser(actor), { year: of, rules, decision, ...reason, ifMatch })
      },
    }),
  ]
}

function exportRoutes(context: NodeContext, fonts: BookFonts, hiddenAmong: HiddenAmong): Route[] {
  return exportFormats.map((format) =>
    route({
      method: 'get',
      path: `/registers/:book/:year/${format}`,
      tag: 'register',
      access: { permission: 'register.read' },
      summary: {
        vi: `Xuất sổ của một năm dạng ${format.toUpperCase()}`,
        en: `Export the register of a year as ${format.toUpperCase()}`,
      },
      params: z.strictObject({ book, year }),
      query: z.strictObject({ series: series.optional() }),
      response: { raw: exportTypes[format] },
      handle: ({ actor, params, query }) => {
        const only = query.series === undefined ? {} : { series: query.series }
        return exportRegister(context, { fonts, hiddenAmong }, asUser(actor), { ...params, ...only, format })
      },
    }),
  )
}
