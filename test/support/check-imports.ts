/**
 * Checks that imports go one way (design 5, rules in `.dependency-cruiser.cjs`) and that the check itself can
 * fail: it must have looked at every source file, and must catch a violation planted in a copy of the tree.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { z } from 'zod'

const root = resolve(import.meta.dirname, '../..')
const folders = ['server', 'cli', 'signing', 'migrations', 'fixtures']

const report = z.object({
  modules: z.array(z.object({ source: z.string() })),
  summary: z.object({
    violations: z.array(z.object({ from: z.string(), to: z.string(), rule: z.object({ name: z.string() }) })),
  }),
})

function cruise(folder: string): z.output<typeof report> {
  const program = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs')
  const run = spawnSync(
    process.execPath,
    [program, '--config', '.dependency-cruiser.cjs', '--output-type', 'json', ...folders],
    { cwd: folder, encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 },
  )
  if (run.stdout === '') throw new Error(`dependency-cruiser said nothing: ${run.stderr}`)
  return report.parse(JSON.parse(run.stdout))
}

function sourceFiles(): string[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(ts|mjs)$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1)),
  )
}

function plantedIsCaught(): boolean {
  const copy = mkdtempSync(join(tmpdir(), 'congvan-imports-'))
  try {
    for (const name of [...folders, 'package.json', 'tsconfig.json', '.dependency-cruiser.cjs']) {
      cpSync(join(root, name), join(copy, name), { recursive: true })
    }
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
    writeFileSync(join(copy, 'server/audit/planted.ts'), "import '../auth/user-store.ts'\n")
    return cruise(copy).summary.violations.some((one) => one.from.endsWith('audit/planted.ts'))
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

const found = cruise(root)
const seen = new Set(found.modules.map((one) => one.source))
const unseen = sourceFiles().filter((file) => !seen.has(file))
const problems = [
  ...found.summary.violations.map((one) => `${one.rule.name}: ${one.from} → ${one.to}`),
  ...unseen.map((file) => `not looked at: ${file}`),
  ...(plantedIsCaught() ? [] : ['the planted violation was not caught']),
]
for (const problem of problems) process.stderr.write(`${problem}\n`)
process.stdout.write(`imports: ${seen.size} modules, ${problems.length} problems\n`)
process.exitCode = problems.length === 0 ? 0 : 1
