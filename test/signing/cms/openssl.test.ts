import { execFileSync, spawnSync } from 'node:child_process'
import { createPrivateKey } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { makeTestPki, type TestPki } from '../../../fixtures/pki/make-pki.ts'
import { toPem } from '../../../fixtures/pki/write-pki.ts'
import { verifyCms } from '../../../signing/cms/verify-cms.ts'
import { asKeyProvider, type KeyOptions } from '../../../signing/keys/pkcs8.ts'
import { requireProgram } from '../../support/programs.ts'
import { content, policyOf, sign } from './signatures.ts'

describe('CMS against openssl', () => {
  let ec: TestPki
  let rsa: TestPki
  let folder: string

  before(async function () {
    requireProgram(this as unknown as Mocha.Context, 'openssl')
    ec = await makeTestPki({ seedTime: new Date() })
    rsa = await makeTestPki({ seedTime: new Date(), algorithm: 'RSA-2048' })
    folder = mkdtempSync(join(tmpdir(), 'congvan-cms-'))
    writeFileSync(join(folder, 'content'), content)
  })

  after(() => {
    rmSync(folder, { recursive: true, force: true })
  })

  const kinds: readonly (readonly [string, () => TestPki, KeyOptions])[] = [
    ['ECDSA P-256', () => ec, {}],
    ['ECDSA P-256 with SHA-384', () => ec, { digest: 'SHA-384' }],
    ['RSA-PSS', () => rsa, {}],
    ['RSA-PSS with SHA-512', () => rsa, { digest: 'SHA-512' }],
    ['RSA PKCS #1 v1.5', () => rsa, { rsaPadding: 'pkcs1' }],
  ]
  for (const [name, pkiOf, options] of kinds) {
    it(`openssl cms -verify -cades takes what is made here: ${name}`, async () => {
      const pki = pkiOf()
      const { samples } = pki
      for (const issued of [samples.individual, samples.agency]) {
        const cms = await sign(asKeyProvider(issued, options))
        expect(opensslVerify(pki, cms)).to.equal('CAdES Verification successful')
        const changed = Buffer.from(cms)
        changed[changed.length - 5] = (changed.at(-5) ?? 0) ^ 1
        expect(opensslVerify(pki, changed)).not.to.equal('CAdES Verification successful')
      }
    })
  }

  function opensslVerify(pki: TestPki, cms: Uint8Array): string {
    writeFileSync(join(folder, 'root.pem'), toPem('CERTIFICATE', pki.root))
    writeFileSync(join(folder, 'sig.p7s'), cms)
    const input = ['-inform', 'DER', '-in', 'sig.p7s', '-content', 'content', '-out', 'out']
    const args = ['cms', '-verify', '-binary', '-cades', ...input, '-CAfile', 'root.pem']
    return spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' }).stderr.trim()
  }

  const made: readonly (readonly [string, () => TestPki, readonly string[], string])[] = [
    ['CAdES, ECDSA', () => ec, ['-cades'], 'CAdES-B-B'],
    ['CAdES, RSA', () => rsa, ['-cades'], 'CAdES-B-B'],
    ['RSA-PSS', () => rsa, ['-cades', '-keyopt', 'rsa_padding_mode:pss'], 'CAdES-B-B'],
    [
      'RSA-PSS, salt of 20 bytes',
      () => rsa,
      ['-keyopt', 'rsa_padding_mode:pss', '-keyopt', 'rsa_pss_saltlen:20'],
      'CMS',
    ],
    ['SHA-512, key identifier', () => rsa, ['-cades', '-keyid', '-md', 'sha512'], 'CAdES-B-B'],
    ['no signing certificate attribute', () => ec, [], 'CMS'],
    ['content enclosed', () => ec, ['-cades', '-nodetach'], 'CAdES-B-B'],
    ['content enclosed, BER', () => ec, ['-cades', '-nodetach', '-stream'], 'CAdES-B-B'],
  ]
  for (const [name, pkiOf, flags, level] of made) {
    it(`takes what openssl cms -sign makes: ${name}`, () => {
      const pki = pkiOf()
      const { certificate, privateKeyPkcs8 } = pki.samples.individual
      const key = createPrivateKey({ key: Buffer.from(privateKeyPkcs8), format: 'der', type: 'pkcs8' })
      writeFileSync(join(folder, 'key.pem'), key.export({ type: 'pkcs8', format: 'pem' }))
      writeFileSync(join(folder, 'cert.pem'), toPem('CERTIFICATE', certificate))
      writeFileSync(join(folder, 'chain.pem'), toPem('CERTIFICATE', pki.governmentCa))
      const files = ['-in', 'content', '-signer', 'cert.pem', '-inkey', 'key.pem', '-certfile', 'chain.pem']
      const out = ['-outform', 'DER', '-out', 'made.p7s']
      execFileSync('openssl', ['cms', '-sign', '-binary', '-nosmimecap', ...files, ...flags, ...out], {
        cwd: folder,
      })
      const cms = readFileSync(join(folder, 'made.p7s'))
      const enclosed = flags.includes('-nodetach')
      const policy = policyOf(pki, { time: new Date() })
      const report = verifyCms(cms, enclosed ? null : content, policy)
      expect(report.indication, JSON.stringify(report)).to.equal('TOTAL_PASSED')
      const [signature] = report.signatures
      expect(signature?.cryptoIntact).to.equal(true)
      expect(signature?.level).to.equal(level)
      expect(signature?.claimedTime).to.match(/^20\d\d-/)
      const other = verifyCms(cms, Buffer.from('khác'), policy)
      expect(`${other.indication}/${other.subIndication}`).to.equal('TOTAL_FAILED/HASH_FAILURE')
      if (!enclosed) {
        const without = verifyCms(cms, null, policy)
        expect(`${without.indication}/${without.subIndication}`).to.equal(
          'INDETERMINATE/SIGNED_DATA_NOT_FOUND',
        )
      }
    })
  }
})
