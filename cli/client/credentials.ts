/**
 * Who the person at the keyboard is to which node. A session's token lies in one file of the person's own
 * (mode 600), by node URL; scripts name a token file instead. No token is ever taken from a flag.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { CongvanError } from '../../server/errors.ts'
import type { Io } from '../io.ts'

const sessionForm = z.object({ token: z.string(), expiresAt: z.string(), login: z.string() })
const fileForm = z.object({ current: z.string().optional(), sessions: z.record(z.string(), sessionForm) })

type Sessions = z.output<typeof fileForm>

function fileOf(io: Io): string {
  const base = io.env.XDG_CONFIG_HOME || join(io.env.HOME || homedir(), '.config')
  return join(base, 'congvan', 'sessions.json')
}

function read(io: Io): Sessions {
  try {
    return fileForm.parse(JSON.parse(readFileSync(fileOf(io), 'utf8')))
  } catch {
    // No file yet, or one that is no use: the person signs in again.
    return { sessions: {} }
  }
}

/** Keeps a session and makes its node the one that later commands speak to. Replaced as a whole, never half. */
export function storeSession(io: Io, url: string, session: z.output<typeof sessionForm>): string {
  return write(io, { current: url, sessions: { ...read(io).sessions, [url]: session } })
}

function write(io: Io, content: Sessions): string {
  const file = fileOf(io)
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const fresh = `${file}.${process.pid}`
  writeFileSync(fresh, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 })
  renameSync(fresh, file)
  return file
}

/** Forgets the session at a node; the node itself ends it. */
export function forgetSession(io: Io, url: string): void {
  const known = read(io)
  if (known.sessions[url] === undefined) return
  const { [url]: _, ...sessions } = known.sessions
  write(io, { ...known, sessions })
}

export interface Credentials {
  readonly url: string
  readonly token: string
}

/** The node a command speaks to. @throws CongvanError `USAGE` when none is named and none was signed in to */
export function findNode(io: Io, node: string | undefined): string {
  const named = node ?? (io.env.CONGVAN_NODE || undefined) ?? read(io).current
  const url = named === undefined || !URL.canParse(named) ? undefined : new URL(named)
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.search !== '') {
    throw new CongvanError('USAGE', {
      reason: `--node http(s)://…${named === undefined ? '' : ` ≠ ${named}`}`,
    })
  }
  return url.href.replace(/\/+$/, '')
}

/**
 * The node and token for a command: `--node`/`CONGVAN_NODE` or the node last signed in to; `--token-file`/
 * `CONGVAN_TOKEN_FILE` or the session kept for that node.
 *
 * @throws CongvanError `NOT_AUTHENTICATED`, `FILE_UNREADABLE`, `USAGE`
 */
export function findCredentials(io: Io, options: { node?: string; tokenFile?: string }): Credentials {
  const url = findNode(io, options.node)
  const file = options.tokenFile ?? (io.env.CONGVAN_TOKEN_FILE || undefined)
  if (file !== undefined) return { url, token: readTokenFile(file) }
  const session = read(io).sessions[url]
  if (session === undefined || new Date(session.expiresAt) <= io.now())
    throw new CongvanError('NOT_AUTHENTICATED')
  return { url, token: session.token }
}

function readTokenFile(file: string): string {
  let token: string
  try {
    token = readFileSync(file, 'utf8').trim()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new CongvanError('FILE_UNREADABLE', { file, reason }, { cause: error })
  }
  // Anything else than one token would come back in the words of an error about the header it stood in.
  if (/^[\x21-\x7e]{1,200}$/.test(token)) return token
  throw new CongvanError('FILE_UNREADABLE', {
    file,
    reason: 'cần đúng một mã truy cập / one token is wanted',
  })
}
