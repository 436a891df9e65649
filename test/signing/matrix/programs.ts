/** Programs that we did not write, each asked in its own words whether it takes a signature. */
import { spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { toPem } from '../../../fixtures/pki/write-pki.ts'
import type { SignatureAlgorithm } from '../../../signing/algorithms.ts'

/** A folder with the anchor as `ca.pem` and as an NSS database; files that are checked are put beside. */
export interface Bench {
  readonly folder: string
}

/** @param folder empty; the caller removes it */
export function prepareBench(folder: string, root: Uint8Array): Bench {
  writeFileSync(join(folder, 'ca.pem'), toPem('CERTIFICATE', root))
  const run = (...args: string[]) => spawnSync('certutil', args, { cwd: folder })
  run('-N', '-d', `sql:${folder}`, '--empty-password')
  run('-A', '-d', `sql:${folder}`, '-n', 'ca', '-t', 'CT,CT,CT', '-i', 'ca.pem')
  return { folder }
}

/** Null when the program accepts, otherwise the gist of what it said. */
export type Verdict = string | null

function said(
  bench: Bench,
  program: string,
  args: readonly string[],
): { status: number | null; text: string } {
  const run = spawnSync(program, args, { cwd: bench.folder, encoding: 'utf8' })
  return { status: run.status, text: `${run.stdout}${run.stderr}` }
}

function put(bench: Bench, files: Readonly<Record<string, Uint8Array>>): void {
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(bench.folder, name), bytes)
}

function gist(text: string, pattern: RegExp): string {
  return (pattern.exec(text)?.[0] ?? text).trim().replaceAll(/\s+/g, ' ').slice(0, 160)
}

/** Signature and certificate, against the NSS database. */
export function pdfsig(bench: Bench, pdf: Uint8Array): Verdict {
  put(bench, { 'file.pdf': pdf })
  const { text } = said(bench, 'pdfsig', ['-nssdir', `sql:${bench.folder}`, 'file.pdf'])
  const isValid = /Signature Validation: Signature is Valid\./.test(text)
  const isTrusted = /Certificate Validation: Certificate is Trusted\./.test(text)
  const isWhole = /Total document signed/.test(text)
  return isValid && isTrusted && isWhole
    ? null
    : gist(text, /(Signature|Certificate) Validation: .*[^.]$|Signature Validation.*/m)
}

/** The structure of the file. */
export function qpdf(bench: Bench, pdf: Uint8Array): Verdict {
  put(bench, { 'file.pdf': pdf })
  const { status, text } = said(bench, 'qpdf', ['--check', 'file.pdf'])
  return status === 0 ? null : gist(text, /WARNING.*|ERROR.*/)
}

/** Digest and signature value; `mutool` has no way to be given an anchor. */
export function mutool(bench: Bench, pdf: Uint8Array): Verdict {
  put(bench, { 'file.pdf': pdf })
  const { text } = said(bench, 'mutool', ['sign', '-v', 'file.pdf'])
  return /^\s*The document is unchanged since signing\.$/m.test(text)
    ? null
    : gist(text, /Digest error.*|error.*/i)
}

/** Signature, certificate path and, by `-cades`, the signing-certificate attribute. */
export function opensslCms(bench: Bench, cms: Uint8Array, content: Uint8Array | null): Verdict {
  put(bench, { 'sig.p7s': cms, ...(content === null ? {} : { content }) })
  const input = ['-inform', 'DER', '-in', 'sig.p7s', ...(content === null ? [] : ['-content', 'content'])]
  const { text } = said(bench, 'openssl', [
    ...['cms', '-verify', '-binary', '-cades', ...input, '-out', 'out', '-CAfile', 'ca.pem'],
  ])
  return /CAdES Verification successful/.test(text) ? null : gist(text, /error:.*/)
}

/** What the raw check of a signature value needs. */
export interface RawValue {
  readonly algorithm: SignatureAlgorithm
  /** DER of the certificate. */
  readonly certificate: Uint8Array
  readonly data: Uint8Array
  /** ECDSA as DER. */
  readonly value: Uint8Array
}

/** The signature value alone: what is left to ask where no program knows format and algorithm together. */
export function opensslDgst(bench: Bench, { algorithm, certificate, data, value }: RawValue): Verdict {
  const key = new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'pem' })
  put(bench, { 'key.pem': Buffer.from(key), data, value })
  const pss = ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:digest']
  const { status, text } =
    algorithm.scheme === 'EdDSA'
      ? said(bench, 'openssl', [
          'pkeyutl',
          '-verify',
          '-pubin',
          '-inkey',
          'key.pem',
          '-rawin',
          '-in',
          'data',
          '-sigfile',
          'value',
        ])
      : said(bench, 'openssl', [
          ...['dgst', `-${algorithm.digest.node}`, '-verify', 'key.pem', '-signature', 'value'],
          ...(algorithm.scheme === 'RSASSA-PSS' ? pss : []),
          'data',
        ])
  return status === 0 && /Verified OK|Verified Successfully/.test(text) ? null : gist(text, /.*/)
}

/** A time-stamp token over `data`. */
export function opensslTs(bench: Bench, token: Uint8Array, data: Uint8Array): Verdict {
  put(bench, { token, data })
  const args = ['ts', '-verify', '-in', 'token', '-token_in', '-data', 'data', '-CAfile', 'ca.pem']
  const { text } = said(bench, 'openssl', args)
  return /Verification: OK/.test(text) ? null : gist(text, /error:.*/)
}

const DS = 'http://www.w3.org/2000/09/xmldsig#'
const XADES = 'http://uri.etsi.org/01903/v1.3.2#'

/** References, signature value and certificate path; `external` are the octets behind `cid:external`. */
export function xmlsec1(bench: Bench, xml: Uint8Array, external: Uint8Array): Verdict {
  put(bench, { 'file.xml': xml, external })
  const ids = [`${DS}:Object`, `${XADES}:SignedProperties`].flatMap((name) => ['--id-attr:Id', name])
  const { status, text } = said(bench, 'xmlsec1', [
    ...['--verify', '--enabled-key-data', 'x509', '--trusted-pem', 'ca.pem', ...ids],
    ...['--url-map:cid:external', 'external', 'file.xml'],
  ])
  return status === 0 && /^OK$/m.test(text) ? null : gist(text, /error=\d+:.*|href=.*|FAIL/)
}

const versions: Readonly<Record<string, readonly [string, ...string[]]>> = {
  pdfsig: ['pdfsig', '-v'],
  qpdf: ['qpdf', '--version'],
  mutool: ['mutool', '-v'],
  'openssl cms': ['openssl', 'version'],
  'openssl ts': ['openssl', 'version'],
  'openssl dgst': ['openssl', 'version'],
  xmlsec1: ['xmlsec1', '--version'],
}

/** As the program itself says it; empty where it is not installed. */
export function versionOf(program: string): string {
  const [command, ...args] = versions[program] ?? ['true']
  const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  return /\d+\.\d+(?:\.\d+)?/.exec(`${stdout}${stderr}`)?.[0] ?? ''
}

/** What a caller of `requireProgram` names. */
export function commandOf(program: string): string {
  return versions[program]?.[0] ?? program
}

/** A version number of xml-crypto, which is no command. */
export function packageVersion(name: string): string {
  const path = join(import.meta.dirname, '../../../node_modules', name, 'package.json')
  return String(JSON.parse(readFileSync(path, 'utf8')).version)
}
