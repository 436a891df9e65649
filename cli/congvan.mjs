#!/usr/bin/env node
// The launcher: plain JavaScript, so that any Node version can at least read it and say what is wrong.
// The product is TypeScript that Node 24 runs as it stands; under another version this file runs itself
// again with the Node that came as a dependency (design 2, "Language, runtime").
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import module, { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const MAJOR = 24

if (Number(process.versions.node.split('.')[0]) === MAJOR) {
  // Compiled code is kept inside the installation, where only its owner writes; elsewhere Node goes without.
  module.enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/congvan', import.meta.url)))
  const { run } = await import('./main.ts')
  process.exitCode = await run(process.argv.slice(2))
} else {
  reexecute()
}

function reexecute() {
  const runtime = bundledNode()
  if (runtime === undefined) {
    process.stderr.write(
      `congvan: cần Node ${MAJOR}, đang chạy ${process.version}, và gói "node" chưa được cài: hãy chạy "npm ci".\n` +
        `congvan: needs Node ${MAJOR}, this is ${process.version}, and the "node" package is not installed: run "npm ci".\n`,
    )
    process.exitCode = 70
    return
  }
  const child = spawn(
    runtime,
    [...process.execArgv, fileURLToPath(import.meta.url), ...process.argv.slice(2)],
    {
      stdio: 'inherit',
    },
  )
  // A terminal sends Ctrl-C to both processes; the child decides what it means, this one only waits for it.
  process.on('SIGINT', () => {})
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'])
    process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    process.stderr.write(`congvan: ${error.message}\n`)
    process.exitCode = 70
  })
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (signal === 'SIGINT' ? 2 : 15)
  })
}

function bundledNode() {
  try {
    const packageFile = createRequire(import.meta.url).resolve('node/package.json')
    const runtime = join(dirname(packageFile), 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
    return existsSync(runtime) ? runtime : undefined
  } catch {
    return undefined
  }
}
