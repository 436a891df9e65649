import { z } from 'zod'
import type { NodeContext } from '../context.ts'
import { CongvanError } from '../errors.ts'
import { uuidParams } from '../http/mount.ts'
import { asOperator, bytesBody, type Route, route } from '../http/route.ts'
import { nodeIdSchema, vietnamDay } from './agency-entry.ts'
import { type Agency, findAgencyByCode, findAgencyById, listAgencies } from './agency-store.ts'
import type { DirectoryFeed } from './directory-feed.ts'
import { addPeerAndPublish, importAndPublish, registerNodeKeyAndPublish } from './operator-acts.ts'
import { listPeers } from './peer-store.ts'

const tag = 'directory'
const MAX_IMPORT_BYTES = 32_000_000
const day = z.iso.date()
const level = z.enum(['central', 'province', 'district', 'commune'])
const fingerprint = z.string().regex(/^[0-9a-f]{64}$/, '64 hexadecimal digits')

const agencySchema = z.strictObject({
  id: z.uuid(),
  code: z.string(),
  codes: z.array(
    z.strictObject({
      code: z.string(),
      generation: z.enum(['qcvn102', 'qd20']),
      validFrom: day,
      validTo: day.nullable(),
      provenance: z.string().nullable(),
    }),
  ),
  name: z.string(),
  level,
  parentId: z.uuid().nullable(),
  hostingNode: z.string(),
  closedOn: day.nullable(),
  successors: z.array(z.strictObject({ id: z.uuid(), code: z.string(), name: z.string() })),
})

const peerSchema = z.strictObject({
  nodeId: z.string(),
  url: z.string(),
  relation: z.enum(['parent', 'child']),
  enabled: z.boolean(),
  keyFingerprints: z.array(z.string()),
})

/** Agencies and peers, below `/api/v1`. */
export function directoryRoutes(feed: DirectoryFeed): Route[] {
  return [...lookupRoutes(feed.context), importRoute(feed), ...peerRoutes(feed)]
}

function lookupRoutes(context: NodeContext): Route[] {
  return [
    route({
      method: 'get',
      path: '/agencies',
      tag,
      access: { permission: 'agency.read' },
      summary: { vi: 'Tra cứu cơ quan theo mã, tên và ngày', en: 'Look agencies up by code, name and day' },
      query: z.strictObject({
        code: z.string().max(50).optional(),
        q: z.string().max(100).optional(),
        date: day.optional(),
        parentId: z.uuid().optional(),
        hostingNode: nodeIdSchema.optional(),
        cursor: z.string().max(200).optional(),
        limit: z.coerce.number().int().min(1).max(500).default(100),
      }),
      response: z.strictObject({ agencies: z.array(agencySchema), next: z.string().nullable() }),
      handle: async ({ query, now }) => {
        const { code, q, parentId, hostingNode, cursor, limit } = query
        const date = query.date ?? vietnamDay(now)
        if (code !== undefined) {
          const found = await context.db.asNode((trx) => findAgencyByCode(trx, code, date))
          return { agencies: found === undefined ? [] : [asJson(found)], next: null }
        }
        const filter = {
          date,
          limit: limit + 1,
          ...(q === undefined ? {} : { q }),
          ...(parentId === undefined ? {} : { parentId }),
          ...(hostingNode === undefined ? {} : { hostingNode }),
          ...(cursor === undefined ? {} : { after: readCursor(cursor) }),
        }
        const found = await context.db.asNode((trx) => listAgencies(trx, filter))
        const page = found.slice(0, limit)
        const last = page.at(-1)
        const next = found.length > limit && last !== undefined ? writeCursor(last.id) : null
        return { agencies: page.map(asJson), next }
      },
    }),
    route({
      method: 'get',
      path: '/agencies/:id',
      tag,
      access: { permission: 'agency.read' },
      summary: { vi: 'Một cơ quan vào một ngày', en: 'One agency on one day' },
      params: uuidParams,
      query: z.strictObject({ date: day.optional() }),
      response: agencySchema,
      handle: async ({ params, query, now }) => {
        const date = query.date ?? vietnamDay(now)
        const found = await context.db.asNode((trx) => findAgencyById(trx, params.id, date))
        if (found === undefined)
          throw new CongvanError('NOT_FOUND', { what: `agency ${params.id} (${date})` })
        return asJson(found)
      },
    }),
  ]
}

/** The place in the list as an opaque text for clients. */
function writeCursor(id: string): string {
  return Buffer.from(`agency ${id}`).toString('base64url')
}

/** @throws CongvanError `INPUT_INVALID` for a text that `writeCursor` did not make */
function readCursor(cursor: string): string {
  const text = Buffer.from(cursor, 'base64url').toString('latin1')
  const [, id] = /^agency ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(text) ?? []
  if (id === undefined) {
    throw new CongvanError('INPUT_INVALID', { field: 'query.cursor', reason: 'no cursor of this list' })
  }
  return id
}

function importRoute(feed: DirectoryFeed): Route {
  return route({
    method: 'post',
    path: '/agencies/import',
    tag,
    access: { permission: 'agency.import' },
    summary: {
      vi: 'Nhập cơ quan từ CSV hoặc JSON; dryRun chỉ xem trước',
      en: 'Import agencies from CSV or JSON; dryRun only previews',
    },
    query: z.strictObject({
      format: z.enum(['csv', 'json']),
      dryRun: z.stringbool().default(false),
      skipOtherNodes: z.stringbool().default(false),
    }),
    body: bytesBody('application/octet-stream', MAX_IMPORT_BYTES),
    response: z.strictObject({
      dryRun: z.boolean(),
      changes: z.array(
        z.strictObject({
          id: z.uuid(),
          code: z.string(),
          name: z.string(),
          change: z.enum(['created', 'changed', 'removed']),
        }),
      ),
      unchanged: z.int(),
      skipped: z.int(),
    }),
    handle: async ({ actor, query, body }) => {
      const report = await importAndPublish(feed, asOperator(actor), { ...query, content: body })
      return { ...report, changes: [...report.changes] }
    },
  })
}

function peerRoutes(feed: DirectoryFeed): Route[] {
  const { context } = feed
  return [
    route({
      method: 'get',
      path: '/peers',
      tag,
      access: { permission: 'peer.manage' },
      summary: { vi: 'Các nút liền kề', en: 'The neighbouring nodes' },
      response: z.strictObject({ peers: z.array(peerSchema) }),
      handle: async ({ now }) => {
        const peers = await context.db.asNode((trx) => listPeers(trx, now))
        return {
          peers: peers.map(({ nodeId, url, relation, enabled, keyFingerprints }) => ({
            nodeId,
            url,
            relation,
            enabled,
            keyFingerprints: [...keyFingerprints],
          })),
        }
      },
    }),
    route({
      method: 'post',
      path: '/peers',
      tag,
      access: { permission: 'peer.manage' },
      summary: { vi: 'Thêm hoặc sửa một nút liền kề', en: 'Enter or change a neighbouring node' },
      body: z.strictObject({
        nodeId: nodeIdSchema,
        url: z.string().max(300),
        relation: z.enum(['parent', 'child']),
        keyFingerprint: fingerprint,
        enabled: z.boolean().default(true),
      }),
      response: z.strictObject({ nodeId: z.string() }),
      status: 201,
      handle: ({ actor, body }) => addPeerAndPublish(feed, asOperator(actor), body),
    }),
    route({
      method: 'post',
      path: '/peers/:nodeId/keys',
      tag,
      access: { permission: 'peer.manage' },
      summary: {
        vi: 'Ghi khóa mới của một nút, hoặc thời điểm khóa cũ hết hiệu lực',
        en: 'Enter the next key of a node, or the end of an old one',
      },
      params: z.strictObject({ nodeId: nodeIdSchema }),
      body: z.strictObject({
        fingerprint,
        validFrom: z.iso.datetime().optional(),
        validTo: z.iso.datetime().nullable().default(null),
      }),
      response: z.strictObject({ nodeId: z.string(), fingerprint: z.string() }),
      status: 201,
      handle: ({ actor, params, body, now }) =>
        registerNodeKeyAndPublish(feed, asOperator(actor), {
          ...body,
          nodeId: params.nodeId,
          validFrom: body.validFrom ?? now.toISOString(),
        }),
    }),
  ]
}

function asJson(agency: Agency): z.input<typeof agencySchema> {
  return { ...agency, codes: [...agency.codes], successors: [...agency.successors] }
}
