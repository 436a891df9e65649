/**
 * What the walk (`walk.test.ts`) walks in: a node with two agencies that it hosts. The commune owns one of everything,
 * each with a mark in it; the people of the district may not so much as learn that it exists.
 */
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { ApiClient } from '../../../cli/client/api-client.ts'
import { dispatchDocument, trackDocument } from '../../../cli/client/deliveries.ts'
import { draftDocument } from '../../../cli/client/draft-document.ts'
import { issueDocument, signDocument } from '../../../cli/client/sign-revision.ts'
import { makeLetter } from '../../../fixtures/documents/letter.ts'
import { communeLetter } from '../../../fixtures/documents/sample-letters.ts'
import { asKeyProvider } from '../../../signing/index.ts'
import { type ApiNode, agencies, PASSWORD, send, startApiNode } from '../api/node.ts'
import { letterDraft, until } from '../api/steps.ts'
import { agencyRoles, type Who } from './walk-table.ts'

/** A third agency of the node: the letter of the commune goes there, and arrives. */
const THIRD = 'H40.4'

export type Place = 'commune' | 'district'

export interface World {
  readonly node: ApiNode
  /** Stands in every text that only the commune and whom it wrote to may see. */
  readonly mark: string
  readonly tokens: Readonly<Record<Place, Readonly<Record<Who, string>>>>
  readonly userIds: Readonly<Record<Place, Readonly<Record<Who, string>>>>
  /** What the commune, or the third agency, owns, by the first part of a route that takes its id. */
  readonly owned: Readonly<Record<string, readonly string[]>>
  /** The SHA-256 of a receipt of the commune's delivery. */
  readonly receipt: string
  /** A digest of every row that an agency other than the district owns. */
  readonly digestOfOthers: () => Promise<Record<string, string>>
  readonly sql: <T>(text: string, values?: unknown[]) => Promise<T[]>
  close(): Promise<void>
}

export async function makeWorld(): Promise<World> {
  const node = await startApiNode({ logins: ['operator'] })
  try {
    return await furnish(node)
  } catch (error) {
    await node.close()
    throw error
  }
}

async function furnish(node: ApiNode): Promise<World> {
  const mark = `dau-${randomBytes(6).toString('hex')}`
  const sql = async <T>(text: string, values: unknown[] = []): Promise<T[]> => {
    const client = new pg.Client({ connectionString: node.database.superuserUrl })
    await client.connect()
    try {
      return (await client.query(text, values)).rows as T[]
    } finally {
      await client.end()
    }
  }
  const { tokens, userIds } = await makePeople(node, mark)
  const documents = await makeDocuments(node, mark, tokens.commune)
  const post = async (who: Who, path: string, json: object): Promise<string> => {
    const { status, body, text } = await send(node.url, 'POST', path, { token: tokens.commune[who], json })
    if (status >= 300) throw new Error(`${path}: ${text}`)
    return String(body.id)
  }
  const dossier = await post('clerk', '/dossiers', {
    year: 2026,
    notation: '01.VP',
    title: `Hồ sơ ${mark}`,
    retentionYears: 10,
  })
  await post('clerk', `/dossiers/${dossier}/documents`, { documentId: documents.issued })
  const authority = await post('leader', '/copy-authorities', {
    name: `Người ký ${mark}`,
    position: 'Chánh Văn phòng',
    validFrom: '2026-01-01',
  })
  const authorisation = await post('leader', '/authorisations', {
    prefix: 'KT.',
    holder: 'commune.signer',
    basis: `Quy chế ${mark}`,
    scope: 'Văn bản hành chính',
    validFrom: '2026-01-01',
  })
  const ids = async (query: string) => (await sql<{ id: string }>(query)).map((one) => one.id)
  const { receipt } = await firstDelivery(node, tokens.commune.clerk, documents.issued)
  const district = (
    await sql<{ agency_id: string }>('select agency_id from memberships where user_id = $1 limit 1', [
      userIds.district.clerk,
    ])
  )[0]?.agency_id
  return {
    node,
    mark,
    tokens,
    userIds,
    receipt,
    owned: {
      documents: Object.values(documents),
      deliveries: await ids('select id from deliveries'),
      dossiers: [dossier],
      users: [userIds.commune.clerk, userIds.commune.administrator],
      tokens: await ids(`select id from tokens where user_id = '${userIds.commune.clerk}'`),
      'right-changes': (await ids('select id from right_changes')).slice(0, 2),
      'copy-authorities': [authority],
      authorisations: [authorisation],
    },
    digestOfOthers: () => digestOfOthers(sql, district ?? ''),
    sql,
    close: () => node.close(),
  }
}

type ByPlace<T> = Record<Place, Record<Who, T>>

async function makePeople(
  node: ApiNode,
  mark: string,
): Promise<{ tokens: ByPlace<string>; userIds: ByPlace<string> }> {
  const operator = await node.token('operator')
  const tokens = { commune: { operator }, district: { operator } } as ByPlace<string>
  const userIds = { commune: {}, district: {} } as ByPlace<string>
  for (const place of ['commune', 'district'] as const) {
    for (const role of agencyRoles) {
      const login = `${place}.${role}`
      const { id } = await node.services.console.addUser({
        login,
        displayName: displayNameOf(place, role, mark),
        password: PASSWORD,
        operator: false,
        grants: [{ agencyCode: agencies[place].code, role }],
      })
      const { body } = await send(node.url, 'POST', '/session', { json: { login, password: PASSWORD } })
      tokens[place][role] = String(body.token)
      userIds[place][role] = id
    }
  }
  return { tokens, userIds }
}

/** Who signs bears the name in the certificate; everybody else of the commune bears the mark. */
function displayNameOf(place: Place, role: Who, mark: string): string {
  if (role === 'leader') return 'Người ký 1'
  return place === 'commune' ? `Người ${mark}` : 'Người của huyện'
}

/** A letter that was issued and sent, its copy that arrived, and a draft. */
async function makeDocuments(
  node: ApiNode,
  mark: string,
  tokens: Record<Who, string>,
): Promise<{ issued: string; draft: string; arrived: string }> {
  const as = (who: Who) => new ApiClient({ url: node.url, token: tokens[who], retries: 0 })
  const subject = `Về việc ${mark}`
  const draft = { ...letterDraft, subject, recipients: [THIRD] }
  const letter = async (minutes: number) =>
    makeLetter({ ...communeLetter, subject, created: new Date(Date.now() - minutes * 60_000) })
  const { id: issued } = await draftDocument(as('clerk'), await letter(0), draft)
  await signDocument(as('leader'), issued, asKeyProvider(node.communeKeys.individual), new Date())
  await issueDocument(as('clerk'), issued, asKeyProvider(node.communeKeys.agency), new Date())
  await dispatchDocument(as('clerk'), issued, [THIRD])
  const { id: second } = await draftDocument(as('clerk'), await letter(1), draft)
  const arrived = await until('the letter at the third agency', async () => {
    const rows = await node.services.context.db.asNode((trx) =>
      trx.raw<{ rows: { agency_id: string }[] }>('select agency_id from agency_codes where code = ?', [
        THIRD,
      ]),
    )
    const agencyId = rows.rows[0]?.agency_id ?? ''
    const found = await node.database.db.asAgency({ agencyId }, (trx) =>
      trx('documents').where({ direction: 'incoming', state: 'verified' }).select<{ id: string }[]>('id'),
    )
    return found[0]?.id
  })
  return { issued, draft: second, arrived }
}

/** Waits until the third agency's status is there, so that nothing is on its way any more. */
async function firstDelivery(node: ApiNode, token: string, id: string): Promise<{ receipt: string }> {
  const client = new ApiClient({ url: node.url, token, retries: 0 })
  return until('the consignment', async () => {
    const [one] = await trackDocument(client, id)
    const receipt = one?.receipts[0]?.receipt
    return one !== undefined && one.statuses.length > 0 && receipt !== undefined ? { receipt } : undefined
  })
}

async function digestOfOthers(sql: World['sql'], district: string): Promise<Record<string, string>> {
  const tables = await sql<{ name: string }>(
    `select c.table_name as name from information_schema.columns c
     join information_schema.tables t using (table_schema, table_name)
     where c.table_schema = 'public' and c.column_name = 'agency_id' and t.table_type = 'BASE TABLE' order by 1`,
  )
  const digests: Record<string, string> = {}
  for (const { name } of tables) {
    const [row] = await sql<{ digest: string }>(
      `select count(*) || ' ' || coalesce(md5(string_agg(md5(t::text), '' order by md5(t::text))), '') as digest
       from ${pg.escapeIdentifier(name)} t where agency_id is distinct from $1`,
      [district],
    )
    digests[name] = row?.digest ?? ''
  }
  return digests
}
