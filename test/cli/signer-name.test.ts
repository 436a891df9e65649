import { expect } from 'chai'
import { adviceFor } from '../../cli/verify/advice.ts'
import { signerName } from '../../cli/verify/signer-name.ts'

describe('names of signers for people', () => {
  it('are who, in which office, of which agency', () => {
    const cases: [string, string][] = [
      [
        'CN=Người ký 1,title=Chủ tịch,organizationIdentifier=H40.1,O=Ủy ban,C=VN',
        'Người ký 1, Chủ tịch, Ủy ban',
      ],
      ['CN=Ủy ban,O=Ủy ban,C=VN', 'Ủy ban'],
      ['C=VN,O=Sở\\, ban ngành,CN=A \\"B\\" \\\\ C', 'A "B" \\ C, Sở, ban ngành'],
      ['CN=\\C3\\A9t\\C3\\A9', 'été'],
      ['CN=A\\,title=Chủ tịch,O=B', 'A,title=Chủ tịch, B'],
      ['CN=A+title=T,O=B', 'A, T, B'],
      ['CN=first,CN=second', 'first'],
      ['UID=5,C=VN', 'UID=5,C=VN'],
      ['', ''],
    ]
    for (const [subject, name] of cases) expect(signerName(subject), subject).to.equal(name)
  })

  it('take no long time over hostile names', () => {
    const hostile = `CN=${'\\,'.repeat(50_000)}${'a=,+'.repeat(50_000)}`
    expect(signerName(hostile)).to.be.a('string')
  })
})

describe('advice about verdicts', () => {
  it('is given for everything but a pass', () => {
    const errors: never[] = []
    expect(adviceFor({ indication: 'TOTAL_PASSED', subIndication: null, errors })).to.equal(undefined)
    expect(adviceFor({ indication: 'NO_SIGNATURE', subIndication: null, errors })?.vi).to.include(
      'chưa được ký',
    )
    const failed = adviceFor({ indication: 'TOTAL_FAILED', subIndication: 'HASH_FAILURE', errors })
    expect(failed?.en).to.include('do not use')
    const locked = { code: 'PDF_ENCRYPTED', message: '' }
    const advice = adviceFor({ indication: 'INDETERMINATE', subIndication: 'GENERIC', errors: [locked] })
    expect(advice?.vi).to.include('--password-file')
  })
})
