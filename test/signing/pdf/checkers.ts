/** Independent programs that look at what we write. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toPem } from '../../../fixtures/pki/write-pki.ts'

/** Runs something in a folder of its own, which is removed afterwards. */
export function inFolder<T>(
  files: Readonly<Record<string, Uint8Array | string>>,
  run: (folder: string) => T,
): T {
  const folder = mkdtempSync(join(tmpdir(), 'congvan-pdf-'))
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
    return run(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What `qpdf --check` has to complain about; empty when nothing. */
export function qpdfComplaints(pdf: Uint8Array): string {
  return inFolder({ 'file.pdf': pdf }, (cwd) => {
    const { status, stdout, stderr } = spawnSync('qpdf', ['--check', 'file.pdf'], { cwd, encoding: 'utf8' })
    return status === 0 ? '' : stdout + stderr
  })
}

/** The report of `pdfsig` with the PKI's root as anchor. */
export function pdfsigReport(pdf: Uint8Array, root: Uint8Array): string {
  return inFolder({ 'file.pdf': pdf, 'ca.pem': toPem('CERTIFICATE', root) }, (cwd) => {
    execFileSync('certutil', ['-N', '-d', `sql:${cwd}`, '--empty-password'], { cwd })
    execFileSync('certutil', ['-A', '-d', `sql:${cwd}`, '-n', 'ca', '-t', 'CT,CT,CT', '-i', 'ca.pem'], {
      cwd,
    })
    const { stdout, stderr } = spawnSync('pdfsig', ['-nssdir', `sql:${cwd}`, 'file.pdf'], {
      cwd,
      encoding: 'utf8',
    })
    return stdout + stderr
  })
}

/** Whether `openssl cms -verify -cades` takes a detached CMS over the content; its words otherwise. */
export function opensslVerdict(cms: Uint8Array, content: Uint8Array, root: Uint8Array, time: Date): string {
  const files = { 'sig.p7s': cms, content, 'ca.pem': toPem('CERTIFICATE', root) }
  return inFolder(files, (cwd) => {
    const input = [
      '-inform',
      'DER',
      '-in',
      'sig.p7s',
      '-content',
      'content',
      '-out',
      'out',
      '-CAfile',
      'ca.pem',
    ]
    const at = ['-attime', String(Math.floor(time.getTime() / 1000))]
    const run = spawnSync('openssl', ['cms', '-verify', '-binary', '-cades', ...at, ...input], {
      cwd,
      encoding: 'utf8',
    })
    return run.stderr.trim()
  })
}

/** The text of a page as `mutool` reads it off the page, form fields included. */
export function pageText(pdf: Uint8Array, page = 1): string {
  return inFolder({ 'file.pdf': pdf }, (cwd) => {
    const args = ['draw', '-q', '-F', 'txt', 'file.pdf', String(page)]
    return execFileSync('mutool', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  })
}
