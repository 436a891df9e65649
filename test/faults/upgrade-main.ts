/**
 * `npm run test:upgrade -- [REV]`: four levels of nodes of an earlier version, by default the one before the last change
 * of the schema, are upgraded to this one under load. Exits 1 when anything was lost, doubled or refused. Wants the
 * history of the repository.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')
const git = (...args: string[]) =>
  execFileSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 30 }).trim()
const revision = process.argv[2] ?? `${git('log', '-1', '--format=%H', '--', 'migrations')}~1`
const folder = mkdtempSync(join(tmpdir(), 'congvan-before-'))
try {
  const before = join(folder, 'before')
  mkdirSync(before)
  const archive = execFileSync('git', ['archive', revision], { cwd: root, maxBuffer: 2 ** 30 })
  execFileSync('tar', ['-x', '-C', before], { input: archive })
  symlinkSync(join(root, 'node_modules'), join(before, 'node_modules'))
  for (const part of ['test/faults', 'test/support/plant']) {
    rmSync(join(before, part), { recursive: true, force: true })
    cpSync(join(root, part), join(before, part), { recursive: true })
  }
  process.stderr.write(`from ${git('log', '-1', '--format=%h %s', revision)}\n`)
  const run = spawnSync(process.execPath, [join(before, 'test/faults/upgrade.ts')], {
    cwd: before,
    stdio: 'inherit',
    env: { ...process.env, CONGVAN_UPGRADE_TO: join(root, 'test/support/plant/node-process.ts') },
  })
  process.exitCode = run.status ?? 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
