import { z } from 'zod'
import type { NodeContext } from '../context.ts'
import { agencySettings } from '../documents/agency-settings.ts'
import { uuidParams } from '../http/mount.ts'
import { asUser, type Route, route } from '../http/route.ts'
import { changeSettings, readAgencySettings } from './change-settings.ts'
import {
  endAuthorisation,
  grantAuthorisation,
  newAuthorisation,
  readAuthorisations,
} from './grant-authorisation.ts'
import { authorisationView, viewAuthorisation } from './outgoing-view.ts'

const access = { permission: 'agency.settings' } as const
const tag = 'settings'
const settingsView = z.strictObject({ settings: agencySettings, version: z.int() })

/** What an agency decides for itself: its settings, and who signs by what authorisation. */
export function settingsRoutes(context: NodeContext): Route[] {
  return [
    route({
      method: 'get',
      path: '/settings',
      access,
      summary: { vi: 'Thiết lập của cơ quan', en: 'Settings of the agency' },
      tag,
      response: settingsView,
      handle: ({ actor }) => readAgencySettings(context, asUser(actor)),
    }),
    route({
      method: 'put',
      path: '/settings',
      access,
      summary: { vi: 'Thay đổi thiết lập của cơ quan', en: 'Change the settings of the agency' },
      tag,
      precondition: 'required',
      body: agencySettings,
      response: settingsView,
      handle: ({ actor, body, ifMatch }) => changeSettings(context, asUser(actor), body, ifMatch),
    }),
    route({
      method: 'get',
      path: '/authorisations',
      access,
      summary: {
        vi: 'Danh sách quyền ký thay, ký thừa lệnh, ký thừa ủy quyền, mới nhất trước',
        en: 'Who signs KT., TL. or TUQ., by what and until when, the newest first',
      },
      tag,
      response: z.strictObject({ items: z.array(authorisationView) }),
      handle: async ({ actor }) => ({
        items: (await readAuthorisations(context, asUser(actor))).map(viewAuthorisation),
      }),
    }),
    route({
      method: 'post',
      path: '/authorisations',
      access,
      summary: {
        vi: 'Ghi văn bản ủy quyền hoặc quy định giao ký',
        en: 'Record a written authorisation or rule to sign by',
      },
      tag,
      body: newAuthorisation,
      response: z.strictObject({ id: z.uuid() }),
      status: 201,
      handle: ({ actor, body }) => grantAuthorisation(context, asUser(actor), body),
    }),
    route({
      method: 'post',
      path: '/authorisations/:id/revoke',
      access,
      summary: { vi: 'Thu hồi quyền ký', en: 'Revoke an authorisation' },
      tag,
      params: uuidParams,
      body: z.strictObject({}),
      response: z.strictObject({ id: z.uuid() }),
      handle: ({ actor, params }) => endAuthorisation(context, asUser(actor), params.id),
    }),
  ]
}
