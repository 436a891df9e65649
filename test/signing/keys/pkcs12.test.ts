import { execFileSync } from 'node:child_process'
import { createPrivateKey, generateKeyPairSync, verify, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { type IssuedCertificate, makeTestPki, type TestPki } from '../../../fixtures/pki/make-pki.ts'
import { toPem } from '../../../fixtures/pki/write-pki.ts'
import { SigningError } from '../../../signing/errors.ts'
import type { KeyProvider } from '../../../signing/keys/key-provider.ts'
import { asKeyProvider, type KeyOptions } from '../../../signing/keys/pkcs8.ts'
import { loadPkcs12 } from '../../../signing/keys/pkcs12.ts'
import { parseDer } from '../../../signing/x509/der.ts'
import { integer, sequence } from '../../../signing/x509/der-write.ts'
import { requireProgram } from '../../support/programs.ts'

/** Vietnamese, once composed (NFC) and once decomposed (NFD). */
const vietnamese = 'Mật khẩu số 1'.normalize('NFC')

function codeOf(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    if (error instanceof SigningError) return error.code
    throw error
  }
  return 'none'
}

async function expectToSign(key: KeyProvider): Promise<void> {
  const data = Buffer.from('văn bản')
  const { publicKey } = new X509Certificate(key.certificate)
  expect(verify('sha256', data, publicKey, await key.sign(data))).to.equal(true)
}

describe('PKCS#12', () => {
  let ec: TestPki
  let rsa: TestPki
  let folder: string

  before(async () => {
    ec = await makeTestPki({ seedTime: new Date() })
    rsa = await makeTestPki({ seedTime: new Date(), algorithm: 'RSA-2048' })
    folder = mkdtempSync(join(tmpdir(), 'congvan-p12-'))
  })

  after(() => {
    rmSync(folder, { recursive: true })
  })

  /** A file made by `openssl pkcs12 -export`. */
  function exported(issued: IssuedCertificate, password: string, ...flags: string[]): Uint8Array {
    writeFileSync(
      join(folder, 'key.pem'),
      createPrivateKey(asPkcs8(issued)).export({ type: 'pkcs8', format: 'pem' }),
    )
    writeFileSync(join(folder, 'cert.pem'), toPem('CERTIFICATE', issued.certificate))
    // The root first: the order in the file must not matter.
    writeFileSync(
      join(folder, 'chain.pem'),
      issued.chain
        .map((der) => toPem('CERTIFICATE', der))
        .toReversed()
        .join(''),
    )
    const files = ['-inkey', 'key.pem', '-in', 'cert.pem', '-certfile', 'chain.pem', '-out', 'out.p12']
    execFileSync('openssl', ['pkcs12', '-export', ...files, '-passout', `pass:${password}`, ...flags], {
      cwd: folder,
    })
    return readFileSync(join(folder, 'out.p12'))
  }

  const writers: readonly (readonly [string, readonly string[]])[] = [
    ['PBES2, as OpenSSL 3 does', []],
    ['RC2 and 3DES, as OpenSSL 1 and Windows did', ['-legacy']],
    ['3DES with a SHA-1 MAC', ['-legacy', '-certpbe', 'PBE-SHA1-3DES', '-keypbe', 'PBE-SHA1-3DES']],
    ['128-bit RC2', ['-legacy', '-certpbe', 'PBE-SHA1-RC2-128']],
    [
      'AES-128 with a SHA-512 MAC',
      ['-certpbe', 'AES-128-CBC', '-keypbe', 'AES-128-CBC', '-macalg', 'sha512'],
    ],
    ['no MAC', ['-nomac']],
    ['plain certificates', ['-certpbe', 'NONE']],
  ]
  for (const [name, flags] of writers) {
    for (const password of ['secret', vietnamese]) {
      it(`opens files of openssl: ${name}, password "${password}"`, async function () {
        requireProgram(this, 'openssl')
        for (const pki of [ec, rsa]) {
          const issued = pki.samples.individual
          const key = loadPkcs12(exported(issued, password, ...flags), password, { rsaPadding: 'pkcs1' })
          expect(hex(key.certificate)).to.equal(hex(issued.certificate))
          expect(key.chain.map(hex)).to.deep.equal(issued.chain.map(hex))
          await expectToSign(key)
        }
      })
    }
  }

  it('opens a file of NSS, which writes BER', async function () {
    requireProgram(this, 'pk12util')
    requireProgram(this, 'certutil')
    writeFileSync(join(folder, 'in.p12'), ec.samples.agency.pkcs12('secret'))
    execFileSync('certutil', ['-N', '-d', `sql:${folder}`, '--empty-password'])
    const database = ['-d', `sql:${folder}`, '-W', 'secret']
    execFileSync('pk12util', ['-i', join(folder, 'in.p12'), ...database], { stdio: 'pipe' })
    const name = 'Ủy ban nhân dân xã thử nghiệm'
    const out = join(folder, 'nss.p12')
    execFileSync('pk12util', ['-o', out, '-n', name, ...database], { stdio: 'pipe' })
    const bytes = readFileSync(out)
    expect(bytes.subarray(0, 2).toString('hex'), 'indefinite length').to.equal('3080')
    await expectToSign(loadPkcs12(bytes, 'secret'))
  })

  it('opens what was typed in another Unicode form', async () => {
    const bytes = ec.samples.individual.pkcs12(vietnamese)
    await expectToSign(loadPkcs12(bytes, vietnamese.normalize('NFD')))
    await expectToSign(loadPkcs12(ec.samples.individual.pkcs12(vietnamese.normalize('NFD')), vietnamese))
  })

  it('opens a file with an empty password', async function () {
    requireProgram(this, 'openssl')
    await expectToSign(loadPkcs12(exported(ec.samples.individual, ''), ''))
    await expectToSign(loadPkcs12(exported(ec.samples.individual, '', '-legacy'), ''))
  })

  it('names a wrong password', function () {
    requireProgram(this, 'openssl')
    for (const flags of [[], ['-legacy'], ['-nomac'], ['-nomac', '-legacy']]) {
      const bytes = exported(ec.samples.individual, 'secret', ...flags)
      expect(codeOf(() => loadPkcs12(bytes, 'Secret'))).to.equal('KEY_WRONG_PASSWORD')
      expect(codeOf(() => loadPkcs12(bytes, ''))).to.equal('KEY_WRONG_PASSWORD')
    }
  })

  it('names a key and certificate that do not belong together', () => {
    const { samples } = ec
    const held = { ...samples.individual, privateKeyPkcs8: samples.agency.privateKeyPkcs8 }
    expect(codeOf(() => asKeyProvider(held))).to.equal('KEY_CERTIFICATE_MISMATCH')
  })

  it('takes PSS for RSA by default and PKCS #1 v1.5 or another digest on demand', () => {
    const name = (pki: TestPki, options?: KeyOptions) =>
      asKeyProvider(pki.samples.agency, options).algorithm.name
    expect(name(rsa)).to.equal('RSASSA-PSS with SHA-256')
    expect(name(rsa, { rsaPadding: 'pkcs1', digest: 'SHA-512' })).to.equal('RSASSA-PKCS1-v1_5 with SHA-512')
    expect(name(ec)).to.equal('ECDSA with SHA-256')
  })

  it('refuses keys that are too short or of another kind', () => {
    const pairs = [
      generateKeyPairSync('rsa', { modulusLength: 1024 }),
      generateKeyPairSync('ec', { namedCurve: 'secp256k1' }),
      generateKeyPairSync('x25519'),
    ]
    for (const { privateKey } of pairs) {
      const privateKeyPkcs8 = privateKey.export({ type: 'pkcs8', format: 'der' })
      expect(codeOf(() => asKeyProvider({ ...ec.samples.agency, privateKeyPkcs8 }))).to.equal(
        'KEY_UNSUPPORTED',
      )
    }
  })

  it('leaves out of the chain what does not link up', () => {
    const foreign = rsa.samples.agency
    const key = asKeyProvider({
      ...ec.samples.agency,
      chain: [ec.root, foreign.certificate, ec.governmentCa],
    })
    expect(key.chain.map(hex)).to.deep.equal([ec.governmentCa, ec.root].map(hex))
  })

  it('answers every mutilated file with an error of its own', () => {
    const bytes = ec.samples.individual.pkcs12('secret')
    const allowed = [
      'none',
      'KEY_FILE_MALFORMED',
      'KEY_WRONG_PASSWORD',
      'KEY_UNSUPPORTED',
      'KEY_CERTIFICATE_MISMATCH',
    ]
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (position, change) => {
        const broken = Uint8Array.from(bytes)
        broken[position] = (broken[position] ?? 0) ^ change
        expect(allowed).to.include(codeOf(() => loadPkcs12(broken, 'secret')))
        expect(codeOf(() => loadPkcs12(bytes.subarray(0, position), 'secret'))).to.equal('KEY_FILE_MALFORMED')
      }),
      { numRuns: 150 },
    )
  })

  it('does not spend minutes on a hostile iteration count', () => {
    const pfx = parseDer(ec.samples.individual.pkcs12('secret'))
    const [version, safe, mac] = pfx.children.map(({ raw }) => raw)
    const [digest, salt] = parseDer(mac ?? new Uint8Array()).children.map(({ raw }) => raw)
    const parts = [version, safe, digest, salt].map((part) => part ?? new Uint8Array())
    const hostile = sequence(...parts.slice(0, 2), sequence(...parts.slice(2), integer(0x7fffffff)))
    expect(codeOf(() => loadPkcs12(hostile, 'secret'))).to.equal('KEY_FILE_MALFORMED')
  })
})

function asPkcs8(issued: IssuedCertificate) {
  return { key: Buffer.from(issued.privateKeyPkcs8), format: 'der', type: 'pkcs8' } as const
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
