/** Labelled XML signatures of other makers, where the folder with them stands beside the project. */
import { createPublicKey, createSecretKey, type KeyObject, X509Certificate } from 'node:crypto'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { VerificationPolicy } from '../../../signing/policy.ts'
import { verifyXml } from '../../../signing/xml/verify-xml.ts'

const corpora = join(import.meta.dirname, '../../../../shared/corpora')

function policy(trustAnchors: Uint8Array[], untrusted: Uint8Array[] = []): VerificationPolicy {
  return {
    trustAnchors,
    untrusted,
    crls: [],
    ocspResponses: [],
    time: new Date('2026-01-01T00:00:00Z'),
    requireRevocation: false,
    legacy: true,
    profile: 'any',
  }
}

/** Rows of a CSV file whose quoted cells may span lines. */
function readCsv(file: string): Record<string, string>[] {
  const cells = [...readFileSync(file, 'utf8').matchAll(/("(?:[^"]|"")*"|[^,\n]*)(,|\r?\n|$)/g)]
  const rows: string[][] = [[]]
  for (const [, cell = '', end] of cells) {
    rows.at(-1)?.push(cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell)
    if (end !== ',') rows.push([])
  }
  const [header = [], ...body] = rows
  return body
    .filter((row) => row.length === header.length)
    .map((row) => Object.fromEntries(header.map((key, i) => [key, row[i] ?? ''])))
}

function skipWithout(test: Mocha.Context, folder: string): void {
  if (existsSync(join(corpora, folder))) return
  process.stderr.write(`      skipped: the labelled files are not at ${join(corpora, folder)}\n`)
  test.skip()
}

describe('labelled XML attacks', () => {
  const folder = join(corpora, 'xml-attacks-synth')
  before(function () {
    skipWithout(this, 'xml-attacks-synth')
  })

  it('lets nothing pass whose shown payment is not signed, and passes every control', () => {
    const ca = new X509Certificate(readFileSync(join(folder, 'ca.pem'))).raw
    const rows = readCsv(join(folder, 'index.csv'))
    expect(rows).to.have.length(21)
    for (const { file = '', verdict, crypto_intact: intact } of rows) {
      const xml = readFileSync(join(folder, file))
      const report = verifyXml(xml, policy([ca]))
      const [signature] = report.signatures
      if (verdict === 'VALID') expect(report.indication, file).to.equal('TOTAL_PASSED')
      if (verdict === 'INVALID') expect(report.indication, file).not.to.equal('TOTAL_PASSED')
      if (verdict === 'INDETERMINATE') expect(report.indication, file).to.equal('INDETERMINATE')
      const cryptoIntact = signature?.cryptoIntact ?? null
      if (cryptoIntact !== null && intact !== 'n/a') expect(String(cryptoIntact), file).to.equal(intact)
      if (report.indication !== 'TOTAL_PASSED') continue
      // What must be covered is the first Payment of the file; here it is, in the octets that are handed out.
      const shown = /<Payment[\s\S]*?<\/Payment>/.exec(xml.toString())?.[0] ?? 'none'
      const amount =
        /<Amount>.*?<\/Amount>/.exec(shown.replace(/<!\[CDATA\[(.*?)\]\]>/g, '$1'))?.[0] ?? 'none'
      const covered = signature?.covered?.map(({ octets }) => Buffer.from(octets).toString()).join() ?? ''
      expect(covered, file).to.include(amount)
      if (verdict === 'WARN') {
        expect(signature?.coverage, file).to.equal('partial')
        expect(
          signature?.warnings.map(({ code }) => code),
          file,
        ).to.include('XML_PARTLY_COVERED')
      }
    }
  })
})

/** Valid by their label, yet not found intact here, each for its reason. */
const differences: readonly (readonly [RegExp, string])[] = [
  [/xpointer-hmac|twenty-three\/signature\.xml/, 'a DOCTYPE is refused before anything is parsed'],
  [
    /hmac-sha1-truncated40|hmac-sha(224|256|384|512)-64/,
    'an HMAC cut below half of the digest (XMLDSig 1.1, 6.3.1)',
  ],
  [/defCan-[12]|c14n-three|signature-big/, 'free XPath filters and XSLT are refused'],
  [/relationship/, 'the relationship transform of OPC is refused'],
  [/java-bug|sha256_padded|with-asn1/, 'ECDSA values that are not r‖s of the right length (RFC 9231, 2.3.6)'],
  [/mldsa|slhdsa|ed25519ph|ed25519ctx|ed448ph|gost/, 'algorithms that have no place in the table'],
  [
    /two-keynames|external-(b64-)?dsa|signature-keyname|signature-x509-(crt|sn|is|ski)|rawx509crt/,
    'the signed data is not part of the corpus',
  ],
]

describe('interoperability files of XMLDSig', () => {
  const folder = join(corpora, 'xmldsig-xmlsec')
  before(function () {
    skipWithout(this, 'xmldsig-xmlsec')
  })

  it('finds every valid file intact whose algorithms are known, and passes no invalid one', function () {
    this.timeout(60_000)
    const rows = readCsv(join(folder, 'index.csv'))
    expect(rows.length).to.be.greaterThan(200)
    const unexplained: string[] = []
    let intact = 0
    for (const row of rows) {
      const { file = '', verdict, cwd = '.', verify_args: args = '' } = row
      const given = readArguments(args, join(folder, cwd), folder)
      const path = [join(folder, file), join(folder, cwd, file)].find(existsSync) ?? file
      const xml = readFileSync(path)
      for (const [, uri = ''] of xml.toString('latin1').matchAll(/URI="([^"#:]+)"/g)) {
        const beside = [join(path, '..', uri), join(folder, cwd, uri), join(folder, uri)].find(existsSync)
        if (beside !== undefined) given.attachments.set(uri, readFileSync(beside))
      }
      const report = verifyXml(xml, policy([], given.certificates), given)
      // Without an anchor nothing passes, and an untrusted signature is not an invalid one.
      expect(report.indication, file).not.to.equal('TOTAL_PASSED')
      if (verdict !== 'VALID') continue
      const isIntact = report.signatures.length > 0 && report.signatures.every((one) => one.cryptoIntact)
      const reason = differences.find(([pattern]) => pattern.test(file))?.[1]
      if (isIntact) intact += 1
      if (isIntact !== (reason === undefined))
        unexplained.push(`${file}: ${isIntact}, ${reason ?? 'no reason'}`)
      if (isIntact) expect(report.indication, file).to.equal('INDETERMINATE')
    }
    expect(unexplained).to.deep.equal([])
    expect(intact).to.be.greaterThan(150)
  })

  it('passes no file labelled invalid, whatever certificates of the suite are trusted', () => {
    for (const { file = '', verdict, cwd = '.', verify_args: args = '' } of readCsv(
      join(folder, 'index.csv'),
    )) {
      if (verdict !== 'INVALID') continue
      const given = readArguments(args, join(folder, cwd), folder)
      const path = [join(folder, file), join(folder, cwd, file)].find(existsSync) ?? file
      const report = verifyXml(readFileSync(path), policy(given.trusted, given.certificates), given)
      expect(report.indication, file).not.to.equal('TOTAL_PASSED')
    }
  })
})

/** The keys, certificates and files that the suite's own checker is given, from its command line. */
function readArguments(args: string, cwd: string, folder: string) {
  const words = args.split(/\s+/)
  const attachments = new Map<string, Uint8Array>()
  const trusted: Uint8Array[] = []
  const certificates: Uint8Array[] = []
  const keys: KeyObject[] = []
  for (const [at, word] of words.entries()) {
    const value = words.slice(at + 1).find((one) => one !== '') ?? ''
    const path = [join(cwd, value), join(folder, value)].find(existsSync)
    const mapped = /^--url-map:(.*)$/.exec(word)?.[1]
    if (path === undefined) continue
    if (mapped !== undefined) attachments.set(mapped, readFileSync(path))
    switch (word.replace(/:.*/, '')) {
      case '--trusted-der':
      case '--trusted-pem':
        trusted.push(new X509Certificate(readFileSync(path)).raw)
        break
      case '--untrusted-der':
      case '--untrusted-pem':
        certificates.push(new X509Certificate(readFileSync(path)).raw)
        break
      case '--pubkey-cert-der':
      case '--pubkey-cert-pem': {
        const certificate = new X509Certificate(readFileSync(path))
        certificates.push(certificate.raw)
        keys.push(certificate.publicKey)
        break
      }
      case '--hmackey':
        keys.push(createSecretKey(readFileSync(path)))
        break
      case '--pubkey-der':
        keys.push(createPublicKey({ key: readFileSync(path), format: 'der', type: 'spki' }))
        break
    }
  }
  return { attachments, trusted, certificates: [...certificates, ...trusted], keys }
}

describe('XML that is signed by nobody or by the European Commission', () => {
  before(function () {
    skipWithout(this, 'pyhanko-static')
  })

  it('refuses bombs and external entities as malformed, at once', () => {
    const files = globSync(join(corpora, 'pyhanko-static/xml/bad-xml/*.xml'))
    expect(files.length).to.be.greaterThan(8)
    for (const file of files) {
      const report = verifyXml(readFileSync(file), policy([]))
      expect(report.indication, file).to.be.oneOf(['TOTAL_FAILED', 'NO_SIGNATURE', 'INDETERMINATE'])
      expect(report.signatures, file).to.deep.equal([])
    }
  })

  it('finds trusted lists intact, and levels as they are', function () {
    this.timeout(20_000)
    const files = globSync(join(corpora, 'pyhanko-static/tl/*.xml'))
    expect(files.length).to.be.greaterThan(5)
    for (const file of files) {
      const report = verifyXml(readFileSync(file), policy([]))
      expect(report.signatures.length, file).to.be.greaterThan(0)
      for (const signature of report.signatures) {
        expect(signature.cryptoIntact, `${file} ${signature.warnings[0]?.message}`).to.equal(true)
        expect(signature.coverage, file).to.equal('whole-file')
        expect(signature.level, file).to.match(/^XAdES-B-/)
      }
    }
  })
})
