import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { makeTestPki, type TestPki } from '../../../fixtures/pki/make-pki.ts'
import type { Logger } from '../../../server/log.ts'
import { openTrustStore } from '../../../server/trust-store.ts'

describe('trust store', () => {
  let pki: TestPki
  let folder: string
  let now: Date
  let told: object[]
  before(async () => {
    pki = await makeTestPki({ seedTime: new Date() })
  })
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'congvan-trust-'))
    now = new Date('2026-03-02T01:00:00Z')
    told = []
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const log = {
    warn: (fields: object) => void told.push(fields),
  } as unknown as Logger
  const open = (...paths: string[]) => openTrustStore(paths.length === 0 ? [folder] : paths, () => now, log)
  const put = (name: string, content: Uint8Array | string) => writeFileSync(join(folder, name), content)
  const later = (seconds: number) => {
    now = new Date(now.getTime() + seconds * 1_000)
  }
  const pem = (der: Uint8Array, label: string) =>
    `-----BEGIN ${label}-----\n${Buffer.from(der).toString('base64')}\n-----END ${label}-----\n`

  it('takes DER and PEM, several in a file, and tells anchors from what completes a path', () => {
    put('root.crt', pki.root)
    put('all.pem', pem(pki.governmentCa, 'CERTIFICATE') + pem(pki.governmentCrl(), 'X509 CRL'))
    put('GHI-CHU.txt', 'một tệp khác')
    put('.hidden.crt', 'rác')
    mkdirSync(join(folder, 'other.crt'))
    const store = open()
    expect(store.anchors.map((one) => Buffer.compare(one, pki.root))).to.deep.equal([0])
    expect(store.untrusted.map((one) => Buffer.compare(one, pki.governmentCa))).to.deep.equal([0])
    expect(store.crls).to.have.length(1)
    expect(told).to.deep.equal([])
  })

  it('believes nobody where there is nothing, and does not mind', () => {
    const store = open(join(folder, 'not-there'))
    expect([store.anchors, store.untrusted, store.crls]).to.deep.equal([[], [], []])
    expect(told).to.deep.equal([])
  })

  it('reads again after a minute and not before', () => {
    const store = open()
    expect(store.anchors).to.have.length(0)
    put('root.crt', pki.root)
    later(59)
    expect(store.anchors).to.have.length(0)
    later(1)
    expect(store.anchors).to.have.length(1)
  })

  it('keeps the list it had while the new one is half-written, and names the file', () => {
    put('ca.crl', pki.governmentCrl())
    const store = open()
    expect(store.crls).to.have.length(1)
    for (const half of [pki.governmentCrl().subarray(0, 100), new Uint8Array()]) {
      put('ca.crl', half)
      later(60)
      expect(store.crls).to.have.length(1)
    }
    expect(told).to.deep.equal(Array(2).fill({ files: [join(folder, 'ca.crl')] }))
    put('ca.crl', pki.governmentCrl())
    put('root.crl', pki.rootCrl())
    later(60)
    expect(store.crls).to.have.length(2)
    expect(told).to.have.length(2)
  })

  it('begins with what can be read, and names what cannot', () => {
    put('root.crt', pki.root)
    put('broken.cer', pki.governmentCa.subarray(0, 200))
    const store = open()
    expect(store.anchors).to.have.length(1)
    expect(told).to.deep.equal([{ files: [join(folder, 'broken.cer')] }])
  })
})
