import { expect } from 'chai'
import { makeTestPki } from '../../../fixtures/pki/make-pki.ts'
import { signCms } from '../../../signing/cms/sign-cms.ts'
import { verifyCms } from '../../../signing/cms/verify-cms.ts'
import { asKeyProvider } from '../../../signing/keys/pkcs8.ts'
import { content, policyOf, seedTime } from './signatures.ts'

describe('signature files', () => {
  it('carry the time that the signer says, and verify', async () => {
    const pki = await makeTestPki({ seedTime })
    const cms = await signCms(content, {
      key: asKeyProvider(pki.samples.agency),
      signingTime: seedTime,
    })
    const report = verifyCms(cms, content, policyOf(pki))
    expect(report).to.deep.include({
      format: 'cms',
      indication: 'TOTAL_PASSED',
      subIndication: null,
      errors: [],
    })
    const [signature] = report.signatures
    expect(signature).to.deep.include({
      id: 'sig-1',
      level: 'CAdES-B-B',
      role: 'agency',
      claimedTime: '2026-03-02T08:00:00.000Z',
      coverage: 'whole-file',
      changesAfter: 'none',
    })
    expect(Object.keys(signature ?? {})).not.to.include('certificate')
  })

  it('meet the profile of a scanned copy by an agency alone, and never that of an issued document', async () => {
    const pki = await makeTestPki({ seedTime })
    const verdicts = async (issued: typeof pki.samples.agency) => {
      const cms = await signCms(content, { key: asKeyProvider(issued), signingTime: seedTime })
      return (['any', 'scanned-copy', 'issued'] as const).map(
        (profile) => verifyCms(cms, content, policyOf(pki, { profile })).indication,
      )
    }
    expect(await verdicts(pki.samples.agency)).to.deep.equal([
      'TOTAL_PASSED',
      'TOTAL_PASSED',
      'INDETERMINATE',
    ])
    expect(await verdicts(pki.samples.individual)).to.deep.equal([
      'TOTAL_PASSED',
      'INDETERMINATE',
      'INDETERMINATE',
    ])
  })
})
