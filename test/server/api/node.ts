/**
 * One whole node inside the test's process, as `congvan serve` runs it: real configuration, real PostgreSQL under the
 * application's role, workers, HTTP. It is the root of its directory and hosts every agency of the fixtures.
 */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ApiClient } from '../../../cli/client/api-client.ts'
import { agencyFiles } from '../../../fixtures/agencies/read.ts'
import { type IssuedCertificate, makeTestPki, type TestPki } from '../../../fixtures/pki/make-pki.ts'
import { readConfig } from '../../../server/config.ts'
import { openLog } from '../../../server/log.ts'
import { makeNodeKey, type RunningNode, startNode } from '../../../server/main.ts'
import type { Services } from '../../../server/services.ts'
import { cloneDatabase, type TestDatabase } from '../../support/database.ts'

export const NODE_ID = 'nut-thu'
export const PASSWORD = 'mật khẩu chỉ để thử'
const PASSWORD_LOG_COST = 10

/** The agencies whose people the tests know, by code and name of the fixtures. */
export const agencies = {
  commune: { code: 'H40.19.6', name: 'Ủy ban nhân dân xã Hải Minh' },
  district: { code: 'H40.19', name: 'Ủy ban nhân dân huyện Hải Hậu' },
} as const

/** An agency of the fixtures, added by the tests, that was closed on a day long past. */
export const closedAgency = { code: 'H40.99', name: 'Cơ quan thử nghiệm đã đóng', closedOn: '2024-07-01' }

const roles = ['clerk', 'leader', 'auditor', 'administrator'] as const
export type Login = 'operator' | 'both' | `${keyof typeof agencies}-${(typeof roles)[number]}`

/** Keys as people hold them: the commune's chairperson and both agencies. */
export interface Keys {
  readonly individual: IssuedCertificate
  readonly agency: IssuedCertificate
}

export interface ApiNode {
  readonly url: string
  readonly running: RunningNode
  readonly services: Services
  readonly database: TestDatabase
  readonly folder: string
  readonly pki: TestPki
  readonly communeKeys: Keys
  /** Moves the node's clock; without an argument it runs with the machine's again. */
  setClock(time?: Date): void
  /** Signs in over HTTP, once for a login; `both` for its commune. */
  client(login: Login): Promise<ApiClient>
  token(login: Login): Promise<string>
  close(): Promise<void>
}

export interface ApiNodeOptions {
  /** Settings beside the usual ones. */
  readonly environment?: Readonly<Record<string, string>>
  /** Logins to make; all by default. */
  readonly logins?: readonly Login[]
  /** Where the data folder and all else lies; a new folder by default. */
  readonly folder?: string
  /** Another way to the same database. */
  readonly databaseUrl?: (url: string) => Promise<string>
}

export const allLogins: readonly Login[] = [
  'operator',
  'both',
  ...(Object.keys(agencies) as (keyof typeof agencies)[]).flatMap((agency) =>
    roles.map((role): Login => `${agency}-${role}`),
  ),
]

export async function startApiNode(options: ApiNodeOptions = {}): Promise<ApiNode> {
  const database = await cloneDatabase()
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'congvan-api-'))
  chmodSync(folder, 0o711)
  const pki = await makeTestPki({ seedTime: new Date() })
  writeTrust(join(folder, 'trust'), pki)
  const environment = {
    CONGVAN_NODE_ID: NODE_ID,
    CONGVAN_DATA: join(folder, 'data'),
    CONGVAN_PORT: '0',
    CONGVAN_TRUST: join(folder, 'trust'),
    DATABASE_URL: (await options.databaseUrl?.(database.url)) ?? database.url,
    CONGVAN_OWNER_DATABASE_URL: database.ownerUrl,
    ...options.environment,
  }
  const { fingerprint } = await makeNodeKey(readConfig(environment), new Date(), 1)
  const read = readConfig({ ...environment, CONGVAN_DIRECTORY_ROOT: fingerprint })
  // What a password costs is for `password.test.ts` and `config.test.ts`; here hundreds are tried.
  const config = { ...read, limits: { ...read.limits, passwordLogCost: PASSWORD_LOG_COST } }
  let moved: Date | undefined
  const running = await startNode(config, {
    clock: () => moved ?? new Date(),
    log: openLog({ level: 'silent' }),
  })
  const { services, url } = running
  for (const content of directoryFiles()) {
    await services.console.importAgencies({ format: 'csv', content, dryRun: false })
  }
  for (const login of options.logins ?? allLogins) await addAccount(services, login)
  const tokens = new Map<Login, Promise<string>>()
  const token = (login: Login): Promise<string> => {
    const known = tokens.get(login) ?? signIn(url, login)
    tokens.set(login, known)
    return known
  }
  const { code, name } = agencies.commune
  return {
    url,
    running,
    services,
    database,
    folder,
    pki,
    communeKeys: {
      individual: pki.issueIndividual({
        commonName: 'Người ký 1',
        title: 'Chủ tịch',
        organization: name,
        agencyCode: code,
      }),
      agency: pki.issueAgency({ organization: name, agencyCode: code }),
    },
    setClock(time) {
      moved = time
    },
    token,
    client: async (login) => new ApiClient({ url, token: await token(login), retries: 0 }),
    async close() {
      await running.stop()
      await database.drop()
      if (options.folder === undefined) rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The fixtures, all of their agencies hosted by the one node here. */
export function directoryFiles(nodeId = NODE_ID): Buffer[] {
  const files = Object.values(agencyFiles).map((file) =>
    readFileSync(file, 'utf8').replaceAll(/,(tw|tinh|huyen|xa),/g, `,${nodeId},`),
  )
  const [header] = files[0]?.split('\n') ?? []
  const { code, name, closedOn } = closedAgency
  const closed = `3f0d3a52-5b63-4c5a-9b8a-0c9d1a8f4e77,${code},qd20,2020-09-15,${closedOn},${name},district,26c94e46-deba-4337-a384-44c413b2e401,${nodeId},synthetic`
  return [...files, `${header}\n${closed}\n`].map((text) => Buffer.from(text))
}

export function writeTrust(folder: string, pki: TestPki): void {
  mkdirSync(folder, { recursive: true })
  const files = { 'root.crt': pki.root, 'ca.crt': pki.governmentCa, 'ca.crl': pki.governmentCrl() }
  for (const [name, der] of Object.entries(files)) writeFileSync(join(folder, name), der)
  writeFileSync(join(folder, 'root.crl'), pki.rootCrl())
}

async function addAccount(services: Services, login: Login): Promise<void> {
  const codes = Object.values(agencies).map((one) => one.code)
  const grants =
    login === 'operator'
      ? []
      : login === 'both'
        ? codes.map((agencyCode) => ({ agencyCode, role: 'clerk' as const }))
        : [grantOf(login)]
  await services.console.addUser({
    login,
    // Who signs is named as in the certificate.
    displayName: login.endsWith('-leader') ? 'Người ký 1' : `Tài khoản ${login}`,
    password: PASSWORD,
    operator: login === 'operator',
    grants,
  })
}

function grantOf(login: string): { agencyCode: string; role: (typeof roles)[number] } {
  const [agency, role] = login.split('-')
  const known = roles.find((one) => one === role)
  if (known === undefined || (agency !== 'commune' && agency !== 'district')) throw new Error(login)
  return { agencyCode: agencies[agency].code, role: known }
}

async function signIn(url: string, login: Login): Promise<string> {
  const { status, body } = await send(url, 'POST', '/session', {
    json: { login, password: PASSWORD, ...(login === 'both' ? { agencyCode: agencies.commune.code } : {}) },
  })
  if (status !== 201) throw new Error(`${login}: ${JSON.stringify(body)}`)
  return String(body.token)
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The JSON of the answer, `{}` where it is none. */
  readonly body: Record<string, unknown>
}

export interface Sending {
  readonly token?: string | undefined
  /** A random key for POST unless given; `null` sends none. */
  readonly key?: string | null
  readonly json?: unknown
  readonly bytes?: Uint8Array
  readonly language?: string
}

/** One request below `/api/v1` by `fetch`, with nothing of our client in between. */
export async function send(
  url: string,
  method: string,
  path: string,
  options: Sending = {},
): Promise<Answer> {
  const { token, json, bytes, language } = options
  const key = options.key === undefined ? crypto.randomUUID() : options.key
  const body = json === undefined ? bytes : Buffer.from(JSON.stringify(json))
  const response = await fetch(`${url}/api/v1${path}`, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(method === 'POST' && key !== null ? { 'idempotency-key': key } : {}),
      ...(language === undefined ? {} : { 'accept-language': language }),
    },
    ...(body === undefined ? {} : { body: Buffer.from(body) }),
  })
  return readAnswer(response)
}

export async function readAnswer(response: Response): Promise<Answer> {
  const text = await response.text()
  const isJson = /json\b/.test(response.headers.get('content-type') ?? '') && !text.includes('\n')
  const body = isJson ? (JSON.parse(text) as Record<string, unknown>) : {}
  return { status: response.status, headers: response.headers, text, body }
}
