import { execFileSync } from 'node:child_process'
import { createHash, generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { toPem } from '../../../fixtures/pki/write-pki.ts'
import { judgeSignedData } from '../../../signing/cms/judge-signed-data.ts'
import { parseDer } from '../../../signing/x509/der.ts'
import { ATTRIBUTE } from '../../../signing/x509/name.ts'
import { newSerial, writeCertificate } from '../../../signing/x509/write-certificate.ts'
import { requireProgram } from '../../support/programs.ts'
import { content, verdict } from './signatures.ts'

const DAY = 86_400_000
const TIME_STAMPING = '1.3.6.1.5.5.7.3.8'

const settings = `[tsa]
default_tsa = here
[here]
serial = serial
default_policy = 1.2.3.4
digests = sha1, sha256
accuracy = secs:1
ess_cert_id_alg = sha256
`

describe('document time-stamps (RFC 3161, ETSI EN 319 142-1 clause 5.4.3)', () => {
  let folder: string
  let authority: Uint8Array

  before(function () {
    requireProgram(this as unknown as Mocha.Context, 'openssl')
    folder = mkdtempSync(join(tmpdir(), 'congvan-tsa-'))
    const caKey = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const name = [[ATTRIBUTE.commonName, 'CA thử nghiệm']] as const
    const issuer = { name, ...caKey }
    const now = Date.now()
    const validity = { notBefore: new Date(now - DAY), notAfter: new Date(now + DAY) }
    const ca = { subject: name, publicKey: caKey.publicKey, ...validity, authority: {}, keyUsage: [5, 6] }
    authority = writeCertificate(ca, issuer, newSerial())
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const subject = [[ATTRIBUTE.commonName, 'Máy cấp dấu thời gian']] as const
    const usage = { keyUsage: [0], extendedKeyUsage: [TIME_STAMPING] }
    const certificate = writeCertificate({ subject, publicKey, ...validity, ...usage }, issuer, newSerial())
    writeFileSync(join(folder, 'tsa.pem'), toPem('CERTIFICATE', certificate))
    writeFileSync(join(folder, 'tsa.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }))
    writeFileSync(join(folder, 'tsa.cnf'), settings)
    writeFileSync(join(folder, 'serial'), '01\n')
    writeFileSync(join(folder, 'content'), content)
  })

  after(() => {
    rmSync(folder, { recursive: true, force: true })
  })

  /** The token that `openssl ts` makes over the content. */
  function stamp(digest: 'sha1' | 'sha256'): Uint8Array {
    const run = (...args: string[]) =>
      execFileSync('openssl', ['ts', ...args], { cwd: folder, stdio: 'pipe' })
    run('-query', '-data', 'content', `-${digest}`, '-cert', '-out', 'query')
    const signer = ['-signer', 'tsa.pem', '-inkey', 'tsa.key', '-sha256']
    run('-reply', '-config', 'tsa.cnf', '-queryfile', 'query', ...signer, '-token_out', '-out', 'token')
    return readFileSync(join(folder, 'token'))
  }

  function judge(cms: Uint8Array, changes: { data?: Uint8Array; subFilter?: string; time?: Date } = {}) {
    const { data = content, subFilter = 'ETSI.RFC3161', time = new Date() } = changes
    return judgeSignedData({
      cms,
      contentDigest: (digest) => createHash(digest.node).update(data).digest(),
      policy: {
        trustAnchors: [authority],
        untrusted: [],
        crls: [],
        ocspResponses: [],
        time,
        requireRevocation: false,
        legacy: false,
        profile: 'any',
      },
      context: 'pdf',
      subFilter,
    })
  }

  it('prove a time over the bytes that they cover', () => {
    const judged = judge(stamp('sha256'))
    expect(verdict(judged)).to.equal('TOTAL_PASSED')
    expect(judged).to.deep.include({ cryptoIntact: true, role: 'timestamp' })
    expect(Math.abs(Date.now() - Date.parse(judged.provenTime ?? ''))).to.be.lessThan(60_000)
  })

  it('fail over other bytes and prove nothing then', () => {
    const judged = judge(stamp('sha256'), { data: Buffer.from('khác') })
    expect(verdict(judged)).to.equal('TOTAL_FAILED/HASH_FAILURE')
    expect([judged.cryptoIntact, judged.provenTime]).to.deep.equal([false, null])
  })

  it('with a SHA-1 imprint pass with a warning up to the date of the table', () => {
    const judged = judge(stamp('sha1'))
    expect(verdict(judged)).to.equal('TOTAL_PASSED')
    expect(judged.warnings.map(({ code }) => code)).to.include('WEAK_TIMESTAMP_IMPRINT')
    const later = judge(stamp('sha1'), { time: new Date('2030-03-06T00:00:00Z') })
    expect(later.indication).to.equal('INDETERMINATE')
  })

  it('are not taken for signatures, nor signatures for them', () => {
    expect(verdict(judge(stamp('sha256'), { subFilter: 'ETSI.CAdES.detached' }))).to.equal(
      'TOTAL_FAILED/FORMAT_FAILURE',
    )
  })

  it('never pass after a change of any byte', () => {
    const token = stamp('sha256')
    expect(parseDer(token).end).to.equal(token.length)
    for (let position = 0; position < token.length; position += 1) {
      const broken = Uint8Array.from(token)
      broken[position] = (broken[position] ?? 0) ^ (1 << (position % 8))
      expect(judge(broken).indication, `byte ${position}`).not.to.equal('TOTAL_PASSED')
    }
  })
})
