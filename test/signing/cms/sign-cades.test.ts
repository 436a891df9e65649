import { spawnSync } from 'node:child_process'
import { expect } from 'chai'
import { makeTestPki, type TestPki } from '../../../fixtures/pki/make-pki.ts'
import { makeTimestampAuthority } from '../../../fixtures/pki/timestamp-authority.ts'
import { toPem } from '../../../fixtures/pki/write-pki.ts'
import { signatureAlgorithm } from '../../../signing/algorithms.ts'
import { ATTRIBUTE_OID } from '../../../signing/cms/oids.ts'
import { parseSignedData } from '../../../signing/cms/parse-signed-data.ts'
import { type SignCmsOptions, signCms } from '../../../signing/cms/sign-cms.ts'
import { completeCms } from '../../../signing/cms/sign-complete.ts'
import { type PreparedCms, prepareCms } from '../../../signing/cms/sign-prepare.ts'
import { loadPreparedCms, storePreparedCms } from '../../../signing/cms/sign-store.ts'
import { verifyCms } from '../../../signing/cms/verify-cms.ts'
import { SigningError, type SigningErrorCode } from '../../../signing/errors.ts'
import type { KeyProvider } from '../../../signing/keys/key-provider.ts'
import { asKeyProvider } from '../../../signing/keys/pkcs8.ts'
import { requireProgram } from '../../support/programs.ts'
import { inFolder } from '../pdf/checkers.ts'
import { content, policyOf } from './signatures.ts'

describe('CAdES signing', () => {
  const now = new Date()
  let pki: TestPki
  let key: KeyProvider

  before(async () => {
    pki = await makeTestPki({ seedTime: now })
    key = asKeyProvider(pki.samples.agency)
  })

  const sign = (options: Partial<SignCmsOptions> = {}) =>
    signCms(content, { key, signingTime: now, ...options })
  const attributesOf = (cms: Uint8Array) => {
    const [signer] = parseSignedData(cms).signers
    if (signer === undefined) throw new Error('no signer')
    const named = (type: string) => signer.signedAttributes.find((one) => one.type === type)?.values[0]
    return { signer, named }
  }

  it('encloses the content when it is not to be detached', async () => {
    const enclosed = await sign({ detached: false })
    expect(parseSignedData(enclosed).content).to.deep.equal(Uint8Array.from(content))
    const policy = policyOf(pki, { time: now })
    expect(verifyCms(enclosed, null, policy).indication).to.equal('TOTAL_PASSED')
    const detached = await sign()
    expect(parseSignedData(detached).content).to.equal(undefined)
    expect(verifyCms(detached, null, policy).subIndication).to.equal('SIGNED_DATA_NOT_FOUND')
  })

  it('tells what the content is, where asked to', async () => {
    const cms = await sign({ mimeType: 'application/pdf', contentDescription: 'Công văn' })
    const { named } = attributesOf(cms)
    // DER by hand: UTF8String; SEQUENCE { UTF8String, id-data }.
    const utf8 = (text: string) => [0x0c, Buffer.byteLength(text), ...Buffer.from(text)]
    const idData = [0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1]
    const hints = [...utf8('Công văn'), ...idData]
    expect([...(named(ATTRIBUTE_OID.mimeType)?.raw ?? [])]).to.deep.equal(utf8('application/pdf'))
    expect([...(named(ATTRIBUTE_OID.contentHints)?.raw ?? [])]).to.deep.equal([0x30, hints.length, ...hints])
    expect(verifyCms(cms, content, policyOf(pki, { time: now })).indication).to.equal('TOTAL_PASSED')
    expect(attributesOf(await sign()).named(ATTRIBUTE_OID.mimeType)).to.equal(undefined)
  })

  it('adds a time-stamp over the signature value, which openssl takes', async function () {
    requireProgram(this, 'openssl')
    const { provider: timestamp } = makeTimestampAuthority({ pki, clock: () => now })
    const cms = await sign({ timestamp })
    const { signer } = attributesOf(cms)
    const token = signer.unsignedAttributes.find(({ type }) => type === ATTRIBUTE_OID.signatureTimestamp)
    const [value, ...others] = token?.values ?? []
    if (value === undefined || others.length > 0) throw new Error('no token')
    const check = (data: Uint8Array) => {
      const files = { token: value.raw, data, 'ca.pem': toPem('CERTIFICATE', pki.root) }
      return inFolder(files, (cwd) => {
        const args = ['ts', '-verify', '-in', 'token', '-token_in', '-data', 'data', '-CAfile', 'ca.pem']
        return spawnSync('openssl', args, { cwd, encoding: 'utf8' }).stdout.trim()
      })
    }
    expect(check(signer.signature)).to.contain('Verification: OK')
    expect(check(content)).not.to.contain('Verification: OK')
  })

  it('can be completed later from what was stored, and only with what belongs to it', async () => {
    const options = { signer: key, signingTime: now, detached: false }
    const prepared = loadPreparedCms(storePreparedCms(prepareCms(content, options)))
    const cms = await completeCms(prepared, await key.sign(prepared.signedAttributes))
    for (const beside of [null, content]) {
      expect(verifyCms(cms, beside, policyOf(pki, { time: now })).indication).to.equal('TOTAL_PASSED')
    }
    const other = prepareCms(Buffer.from('khác'), options)
    const stranger = asKeyProvider(pki.samples.individual)
    const wrong: [PreparedCms, Uint8Array][] = [
      [prepared, await key.sign(other.signedAttributes)],
      [prepared, await stranger.sign(prepared.signedAttributes)],
      [{ ...prepared, content: other.content }, await key.sign(prepared.signedAttributes)],
      [{ ...prepared, certificate: stranger.certificate }, await stranger.sign(prepared.signedAttributes)],
      [{ ...prepared, signedAttributes: other.signedAttributes }, await key.sign(other.signedAttributes)],
    ]
    for (const [index, [one, value]] of wrong.entries()) {
      const code = await rejection(completeCms(one, value))
      expect(code, String(index)).to.equal(index === 3 ? 'CMS_MALFORMED' : 'PREPARED_SIGNATURE_MISMATCH')
    }
  })

  it('reads no stored preparation that is broken', () => {
    const stored = storePreparedCms(prepareCms(content, { signer: key, signingTime: now }))
    const record = JSON.parse(stored)
    const broken = ['', '1', '{}', stored.replace('/1"', '/2"')]
    for (const field of Object.keys(record)) {
      const values = field === 'content' ? [undefined, 7, '='] : [undefined, null, 7, '=', ['=']]
      for (const value of values) broken.push(JSON.stringify({ ...record, [field]: value }))
    }
    for (const one of broken) {
      expect(() => loadPreparedCms(one), one.slice(0, 80))
        .to.throw(SigningError)
        .with.property('code', 'PREPARED_SIGNATURE_MALFORMED')
    }
  })

  it('signs with no weak digest', async () => {
    const weak = { ...key, algorithm: signatureAlgorithm('ECDSA', 'SHA-1') }
    expect(await rejection(sign({ key: weak }))).to.equal('ALGORITHM_UNSUPPORTED')
  })
})

async function rejection(promise: Promise<unknown>): Promise<SigningErrorCode | null> {
  try {
    await promise
  } catch (error) {
    if (error instanceof SigningError) return error.code
    throw error
  }
  return null
}
