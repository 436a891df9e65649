import { execFileSync } from 'node:child_process'
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { toPem } from '../../../fixtures/pki/write-pki.ts'
import { parseCertificate } from '../../../signing/x509/certificate.ts'
import { ATTRIBUTE } from '../../../signing/x509/name.ts'
import { type PathJudgement, validateCertificatePath } from '../../../signing/x509/path.ts'
import { newSerial, writeCertificate, writeCrl } from '../../../signing/x509/write-certificate.ts'
import { requireProgram } from '../../support/programs.ts'

const DAY = 86_400_000
const OCSP_SIGNING = '1.3.6.1.5.5.7.3.9'

const caName = [[ATTRIBUTE.commonName, 'CA thử nghiệm']] as const

interface Entity {
  readonly certificate: Uint8Array
  readonly privateKey: KeyObject
}

/** One CA below itself, a signer, and responders; answers are made by `openssl ocsp`. */
describe('OCSP (RFC 6960)', () => {
  const now = new Date()
  let folder: string
  let ca: Entity
  let signer: Entity
  let serial: Uint8Array
  let delegate: Entity
  let impostor: Entity

  before(function () {
    requireProgram(this as unknown as Mocha.Context, 'openssl')
    folder = mkdtempSync(join(tmpdir(), 'congvan-ocsp-'))
    const validity = {
      notBefore: new Date(now.getTime() - DAY),
      notAfter: new Date(now.getTime() + 30 * DAY),
    }
    const caKey = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const issuer = { name: caName, ...caKey }
    serial = newSerial()
    const issue = (
      commonName: string,
      usage: { keyUsage: readonly number[]; extendedKeyUsage?: readonly string[] },
      own = newSerial(),
    ) => {
      const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const subject = [[ATTRIBUTE.commonName, commonName]] as const
      return {
        certificate: writeCertificate({ subject, publicKey, ...validity, ...usage }, issuer, own),
        privateKey,
      }
    }
    const caTemplate = {
      subject: caName,
      publicKey: caKey.publicKey,
      ...validity,
      authority: {},
      keyUsage: [0, 5, 6],
    }
    ca = { certificate: writeCertificate(caTemplate, issuer, newSerial()), privateKey: caKey.privateKey }
    signer = issue('Người ký 1', { keyUsage: [0, 1] }, serial)
    delegate = issue('Máy trả lời OCSP', { keyUsage: [0], extendedKeyUsage: [OCSP_SIGNING] })
    impostor = issue('Không phải máy trả lời', { keyUsage: [0] })
    for (const [name, entity] of Object.entries({ ca, signer, delegate, impostor })) save(name, entity)
  })

  after(() => {
    rmSync(folder, { recursive: true, force: true })
  })

  function save(name: string, { certificate, privateKey }: Entity): void {
    writeFileSync(join(folder, `${name}.pem`), toPem('CERTIFICATE', certificate))
    writeFileSync(join(folder, `${name}.key`), privateKey.export({ type: 'pkcs8', format: 'pem' }))
  }

  /** The answer of a responder about the signer. `status` is a line of OpenSSL's index without the serial. */
  function answer(
    responder: string,
    status: string,
    flags: readonly string[] = ['-ndays', '7'],
    listed: Uint8Array = serial,
  ): Uint8Array {
    const number = Buffer.from(listed).toString('hex').toUpperCase()
    writeFileSync(join(folder, 'index.txt'), `${status}\t${number}\tunknown\t/CN=x\n`)
    const run = (...args: string[]) =>
      execFileSync('openssl', ['ocsp', ...args], { cwd: folder, stdio: 'pipe' })
    run('-issuer', 'ca.pem', '-cert', 'signer.pem', '-no_nonce', '-reqout', 'request.der')
    const own = ['-rsigner', `${responder}.pem`, '-rkey', `${responder}.key`, '-rmd', 'sha256']
    const files = [
      '-index',
      'index.txt',
      '-CA',
      'ca.pem',
      '-reqin',
      'request.der',
      '-respout',
      'response.der',
    ]
    run(...files, ...own, ...flags)
    return readFileSync(join(folder, 'response.der'))
  }

  function verdict(
    ocspResponses: readonly Uint8Array[],
    time = now,
    crls: readonly Uint8Array[] = [],
  ): string {
    const { indication, subIndication } = judge(ocspResponses, time, crls)
    return subIndication ?? indication
  }

  function judge(
    ocspResponses: readonly Uint8Array[],
    time: Date,
    crls: readonly Uint8Array[],
    ocspNonce?: Uint8Array,
  ): PathJudgement {
    return validateCertificatePath({
      certificate: signer.certificate,
      intermediates: [],
      trustAnchors: [ca.certificate],
      crls,
      ocspResponses,
      time,
      requireRevocation: true,
      purpose: 'document-signing',
      ...(ocspNonce !== undefined && { ocspNonce }),
    })
  }

  const good = 'V\t491231235959Z\t'

  it('passes on a good answer of the CA itself', () => {
    expect(verdict([answer('ca', good)])).to.equal('TOTAL_PASSED')
    expect(verdict([answer('ca', good, ['-ndays', '7', '-resp_key_id'])]), 'by key').to.equal('TOTAL_PASSED')
    expect(verdict([answer('ca', good, ['-ndays', '7', '-resp_no_certs'])])).to.equal('TOTAL_PASSED')
  })

  it('finds a revocation, from its moment on', () => {
    const before = new Date(now.getTime() - DAY / 2)
    const stamp = before.toISOString().replace(/[-:T]/g, '').slice(2, 14)
    const revoked = answer('ca', `R\t491231235959Z\t${stamp}Z,keyCompromise`)
    expect(verdict([revoked])).to.equal('REVOKED_NO_POE')
    expect(verdict([answer('ca', good), revoked]), 'against a good one').to.equal('REVOKED_NO_POE')
    expect(verdict([revoked], new Date(before.getTime() - 60_000)), 'a moment before').to.equal(
      'TOTAL_PASSED',
    )
  })

  it('is not satisfied by "unknown", by an old answer, or by one without an end', () => {
    expect(verdict([answer('ca', good, ['-ndays', '7'], newSerial())])).to.equal('TRY_LATER')
    expect(verdict([answer('ca', good)], new Date(now.getTime() + 8 * DAY))).to.equal('TRY_LATER')
    expect(verdict([answer('ca', good, [])], new Date(now.getTime() + DAY))).to.equal('TRY_LATER')
  })

  it('takes a delegate only with the purpose and a status of its own', () => {
    const answers = [answer('delegate', good)]
    const issuer = { name: caName, privateKey: ca.privateKey, publicKey: createPublicKey(ca.privateKey) }
    const list = {
      number: 1,
      thisUpdate: new Date(now.getTime() - 60_000),
      nextUpdate: new Date(now.getTime() + DAY),
    }
    expect(verdict(answers), 'status of the delegate unknown').to.equal('TRY_LATER')
    const revokedDelegate = {
      serial: parseCertificate(delegate.certificate).serial,
      revokedAt: list.thisUpdate,
      reason: 1,
    }
    const clean = writeCrl(issuer, { ...list, revoked: [] })
    const withDelegate = writeCrl(issuer, { ...list, revoked: [revokedDelegate] })
    expect(ocspAlone(answers, [clean])).to.equal('good')
    expect(ocspAlone(answers, [withDelegate])).to.equal('unknown')
    expect(ocspAlone([answer('impostor', good)], [clean])).to.equal('unknown')
  })

  it('takes no answer of which any byte was changed', () => {
    const right = answer('ca', good, ['-ndays', '7', '-resp_no_certs'])
    expect(verdict([right])).to.equal('TOTAL_PASSED')
    for (let position = 0; position < right.length; position += 1) {
      const broken = Uint8Array.from(right)
      broken[position] = (broken[position] ?? 0) ^ (1 << (position % 8))
      expect(verdict([broken]), `byte ${position}`).to.equal('TRY_LATER')
    }
    expect(verdict([Buffer.from('rác')])).to.equal('TRY_LATER')
  })

  /** What the OCSP answer says by itself; the lists only tell the status of its responder. */
  function ocspAlone(ocspResponses: readonly Uint8Array[], crls: readonly Uint8Array[]): string {
    const { revocation } = judge(ocspResponses, now, crls)
    const [fact] = revocation ?? []
    return fact?.source === 'ocsp' ? fact.status : 'unknown'
  }
})
