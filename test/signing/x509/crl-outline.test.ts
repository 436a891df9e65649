import { execFileSync } from 'node:child_process'
import { expect } from 'chai'
import { makeTestPki } from '../../../fixtures/pki/make-pki.ts'
import { crlOutline } from '../../../signing/index.ts'
import { requireProgram } from '../../support/programs.ts'

describe('the outline of a revocation list', () => {
  it('names its issuer and times as openssl prints them', async function () {
    requireProgram(this, 'openssl')
    const pki = await makeTestPki({ seedTime: new Date('2026-03-02T00:00:00Z') })
    const der = pki.governmentCrl()
    const { issuer, thisUpdate, nextUpdate } = crlOutline(der)
    const told = openssl(der)
    expect(issuer).to.equal(told.issuer)
    expect(thisUpdate).to.deep.equal(told.lastUpdate)
    expect(nextUpdate).to.deep.equal(told.nextUpdate)
  })

  it('is none of anything else', () => {
    expect(() => crlOutline(Buffer.from('no list')))
      .to.throw()
      .with.property('code', 'CRL_MALFORMED')
  })
})

function openssl(der: Uint8Array): { issuer: string; lastUpdate: Date; nextUpdate: Date } {
  const options = [
    '-inform',
    'DER',
    '-noout',
    '-issuer',
    '-lastupdate',
    '-nextupdate',
    '-nameopt',
    'RFC2253,utf8,-esc_msb',
  ]
  const text = execFileSync('openssl', ['crl', ...options], { input: der, encoding: 'utf8' })
  const value = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1] ?? ''
  return {
    issuer: value('issuer'),
    lastUpdate: new Date(value('lastUpdate')),
    nextUpdate: new Date(value('nextUpdate')),
  }
}
