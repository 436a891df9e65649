/**
 * The only reader of the environment. Settings come from `CONGVAN_*` and `DATABASE_URL`, or from one file of
 * `NAME=value` lines named by `CONGVAN_CONFIG`; the environment wins. All problems are reported together, and a
 * name that is not known is a problem.
 */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { z } from 'zod'
import { roles } from './actor.ts'
import type { AccountSettings, Limits, RateLimits } from './context.ts'
import { CongvanError } from './errors.ts'
import { issueWords } from './issue-words.ts'
import type { LogLevel } from './log.ts'

export interface Config {
  readonly dataFolder: string
  /** The application's role. Without it the embedded PostgreSQL is used. */
  readonly databaseUrl: string | undefined
  /** Migrates when given; otherwise the start only checks the schema's version. */
  readonly ownerDatabaseUrl: string | undefined
  readonly postgresUser: string
  readonly databasePoolSize: number
  readonly nodeId: string
  readonly publicUrl: string | undefined
  readonly host: string
  readonly port: number
  readonly behindProxy: string | undefined
  readonly nodeKeyFile: string
  readonly nodeCertificateFile: string
  readonly trustPaths: readonly string[]
  /** SHA-256 of the SPKI of the directory's root node, hexadecimal. */
  readonly directoryRoot: string | undefined
  /** Seals what accounts keep secret; made when it is missing. */
  readonly accountKeyFile: string
  readonly accounts: AccountSettings
  readonly rates: RateLimits
  /** Who shows the token in this file may read `/metrics`; see `operations/metrics-access.ts`. */
  readonly metricsTokenFile: string | undefined
  readonly logLevel: LogLevel
  readonly limits: Limits
}

const whole = (from: number, to: number, byDefault: number) =>
  z.coerce.number().int().min(from).max(to).default(byDefault)

const postgresUrl = z
  .string()
  .refine(
    (value) => /^postgres(ql)?:\/\/[^/@:]+(:[^@]*)?@[^/]+\/[^/?]+/.test(value),
    'cần dạng / the form is postgres://USER:PASSWORD@HOST:PORT/DATABASE',
  )
  // The driver knows no list of hosts; a server that may move has one address.
  .refine((value) => !/@[^/]*,/.test(value), 'chỉ một máy / one host only')

const settings = z.object({
  CONGVAN_DATA: z.string().min(1).default('./.congvan'),
  DATABASE_URL: postgresUrl.optional(),
  CONGVAN_OWNER_DATABASE_URL: postgresUrl.optional(),
  CONGVAN_PG_USER: z.string().min(1).default('nobody'),
  CONGVAN_DATABASE_POOL: whole(2, 200, 10),
  CONGVAN_NODE_ID: z
    .string()
    .regex(
      /^[a-z0-9][a-z0-9-]{0,62}$/,
      'cần chữ thường, chữ số và - / lower-case letters, digits and - are wanted',
    ),
  CONGVAN_PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  CONGVAN_HOST: z.string().min(1).default('127.0.0.1'),
  CONGVAN_PORT: whole(0, 65_535, 8080),
  CONGVAN_BEHIND_PROXY: z.string().min(1).optional(),
  CONGVAN_NODE_KEY_FILE: z.string().min(1).optional(),
  CONGVAN_NODE_CERTIFICATE_FILE: z.string().min(1).optional(),
  CONGVAN_TRUST: z.string().default(''),
  CONGVAN_DIRECTORY_ROOT: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'cần 64 chữ số hệ 16 / 64 hexadecimal digits are wanted')
    .optional(),
  CONGVAN_SESSION_HOURS: whole(1, 24 * 30, 12),
  CONGVAN_SESSION_IDLE_MINUTES: whole(1, 24 * 60 * 30, 120),
  CONGVAN_ACCOUNT_KEY_FILE: z.string().min(1).optional(),
  CONGVAN_SIGN_IN_ATTEMPTS: whole(2, 100, 5),
  CONGVAN_SIGN_IN_ATTEMPTS_PER_ADDRESS: whole(5, 100_000, 100),
  CONGVAN_SIGN_IN_LOCK_SECONDS: whole(1, 86_400, 60),
  CONGVAN_SIGN_IN_LONGEST_LOCK_SECONDS: whole(1, 86_400, 3_600),
  CONGVAN_SECOND_FACTOR_ROLES: z
    .string()
    .default('')
    .transform((text) => text.split(/[\s,]+/).filter((one) => one !== ''))
    .pipe(z.array(z.enum(roles))),
  CONGVAN_REQUESTS_PER_MINUTE: whole(0, 10_000_000, 6_000),
  CONGVAN_REQUESTS_PER_MINUTE_PER_ADDRESS: whole(0, 10_000_000, 30_000),
  CONGVAN_METRICS_TOKEN_FILE: z.string().min(1).optional(),
  CONGVAN_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  CONGVAN_MAX_FILE_BYTES: whole(1_000, 2_000_000_000, 50_000_000),
  // A file as large as it may be has to fit: base64 makes 66,666,668 bytes of 50,000,000.
  CONGVAN_MAX_MESSAGE_BYTES: whole(10_000, 4_000_000_000, 70_000_000),
  CONGVAN_MAX_JSON_BYTES: whole(1_000, 50_000_000, 1_000_000),
  CONGVAN_MAX_ENVELOPE_BYTES: whole(10_000, 50_000_000, 4_000_000),
  CONGVAN_MAX_RECIPIENTS: whole(1, 5_000, 1_000),
  CONGVAN_MAX_HOPS: whole(2, 32, 16),
  CONGVAN_CLOCK_SKEW_SECONDS: whole(1, 3_600, 120),
  CONGVAN_DELIVERY_HOURS: whole(1, 24 * 90, 24 * 7),
  // A node that is away over a weekend, Friday evening to Monday morning, can still answer.
  CONGVAN_STATUS_QUERY_HOURS: whole(1, 24 * 30, 72),
})

/** No setting: a guess takes 32 MiB. */
const PASSWORD_LOG_COST = 15

/** Names that other parts of this project read for themselves: the client's, and the tests'. */
const foreign = new Set(['CONGVAN_CONFIG', 'CONGVAN_NODE', 'CONGVAN_TOKEN_FILE', 'CONGVAN_LANG'])

/** @throws CongvanError `CONFIGURATION_INVALID` with every problem on a line of its own. */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const problems: string[] = []
  const own = definedOnly(environment)
  const given = { ...definedOnly(readFile(own.CONGVAN_CONFIG, problems)), ...own }
  const known = new Set(Object.keys(settings.shape))
  for (const name of Object.keys(given)) {
    if (name.startsWith('CONGVAN_') && !known.has(name) && !foreign.has(name)) {
      problems.push(`${name}: ${nearest(name, known)}`)
    }
  }
  const parsed = settings.safeParse(given, { error: bilingual })
  for (const issue of parsed.error?.issues ?? []) problems.push(`${issue.path.join('.')}: ${issue.message}`)
  if (given.CONGVAN_OWNER_DATABASE_URL !== undefined && given.DATABASE_URL === undefined) {
    problems.push('CONGVAN_OWNER_DATABASE_URL: cần DATABASE_URL đi cùng / wants DATABASE_URL beside it')
  }
  const host = given.CONGVAN_HOST ?? '127.0.0.1'
  if (!/^(127\.|::1$|localhost$)/.test(host) && !given.CONGVAN_BEHIND_PROXY) {
    problems.push(
      `CONGVAN_HOST: ${host} không phải địa chỉ nội bộ của máy; muốn mở HTTP ở đó phải đặt CONGVAN_BEHIND_PROXY là tên proxy TLS phía trước / is not a loopback address; plain HTTP there needs CONGVAN_BEHIND_PROXY, the name of the TLS proxy in front`,
    )
  }
  if (problems.length > 0 || !parsed.success) {
    throw new CongvanError('CONFIGURATION_INVALID', {
      problems: problems.map((one) => `  - ${one}`).join('\n'),
    })
  }
  return shape(parsed.data)
}

function shape(value: z.output<typeof settings>): Config {
  const dataFolder = resolve(value.CONGVAN_DATA)
  return {
    dataFolder,
    databaseUrl: value.DATABASE_URL,
    ownerDatabaseUrl: value.CONGVAN_OWNER_DATABASE_URL,
    postgresUser: value.CONGVAN_PG_USER,
    databasePoolSize: value.CONGVAN_DATABASE_POOL,
    nodeId: value.CONGVAN_NODE_ID,
    publicUrl: value.CONGVAN_PUBLIC_URL,
    host: value.CONGVAN_HOST,
    port: value.CONGVAN_PORT,
    behindProxy: value.CONGVAN_BEHIND_PROXY,
    nodeKeyFile: value.CONGVAN_NODE_KEY_FILE ?? join(dataFolder, 'node-key.pem'),
    nodeCertificateFile: value.CONGVAN_NODE_CERTIFICATE_FILE ?? join(dataFolder, 'node-certificate.pem'),
    trustPaths: value.CONGVAN_TRUST === '' ? [join(dataFolder, 'trust')] : value.CONGVAN_TRUST.split(':'),
    directoryRoot: value.CONGVAN_DIRECTORY_ROOT,
    accountKeyFile: value.CONGVAN_ACCOUNT_KEY_FILE ?? join(dataFolder, 'account-key'),
    accounts: {
      sessionHours: value.CONGVAN_SESSION_HOURS,
      idleMinutes: value.CONGVAN_SESSION_IDLE_MINUTES,
      attempts: value.CONGVAN_SIGN_IN_ATTEMPTS,
      addressAttempts: value.CONGVAN_SIGN_IN_ATTEMPTS_PER_ADDRESS,
      lockSeconds: value.CONGVAN_SIGN_IN_LOCK_SECONDS,
      longestLockSeconds: value.CONGVAN_SIGN_IN_LONGEST_LOCK_SECONDS,
      secondFactorRoles: value.CONGVAN_SECOND_FACTOR_ROLES,
    },
    rates: {
      perUser: value.CONGVAN_REQUESTS_PER_MINUTE,
      perAddress: value.CONGVAN_REQUESTS_PER_MINUTE_PER_ADDRESS,
    },
    metricsTokenFile: value.CONGVAN_METRICS_TOKEN_FILE,
    logLevel: value.CONGVAN_LOG_LEVEL,
    limits: {
      fileBytes: value.CONGVAN_MAX_FILE_BYTES,
      messageBytes: value.CONGVAN_MAX_MESSAGE_BYTES,
      jsonBytes: value.CONGVAN_MAX_JSON_BYTES,
      envelopeBytes: value.CONGVAN_MAX_ENVELOPE_BYTES,
      recipients: value.CONGVAN_MAX_RECIPIENTS,
      hops: value.CONGVAN_MAX_HOPS,
      clockSkewSeconds: value.CONGVAN_CLOCK_SKEW_SECONDS,
      deliveryHours: value.CONGVAN_DELIVERY_HOURS,
      statusQueryHours: value.CONGVAN_STATUS_QUERY_HOURS,
      passwordLogCost: PASSWORD_LOG_COST,
    },
  }
}

function readFile(path: string | undefined, problems: string[]): Record<string, string | undefined> {
  if (path === undefined) return {}
  try {
    return { ...parseEnv(readFileSync(path, 'utf8')) }
  } catch (error) {
    problems.push(`CONGVAN_CONFIG: ${error instanceof Error ? error.message : String(error)}`)
    return {}
  }
}

function definedOnly(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  )
}

/** A known name that differs in one word only, if there is one. */
function nearest(name: string, known: ReadonlySet<string>): string {
  const words = name.split('_')
  const close = [...known].find((one) => {
    const shared = words.filter((word) => one.split('_').includes(word)).length
    return shared >= words.length - 1 && shared > 1
  })
  return `tên không có / unknown name${close === undefined ? '' : `; ${close}?`}`
}

/** Read before a language is known. */
function bilingual(issue: z.core.$ZodRawIssue): string {
  return `${issueWords('vi')(issue)} / ${issueWords('en')(issue)}`
}

export { issueWords } from './issue-words.ts'
