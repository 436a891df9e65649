import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { diskCache } from '../../cli/online/disk-cache.ts'
import { exchange } from '../../cli/online/http-exchange.ts'
import { cacheFolderOf } from '../../cli/verify/online-means.ts'
import type { VerifySettings } from '../../cli/verify/settings.ts'
import { verifyFile } from '../../cli/verify/verify-file.ts'
import { makeLetter } from '../../fixtures/documents/letter.ts'
import { communeLetter } from '../../fixtures/documents/sample-letters.ts'
import { type ServedPki, servePki } from '../../fixtures/pki/serve-pki.ts'
import { toPem } from '../../fixtures/pki/write-pki.ts'
import { loadPkcs12, signPdf } from '../../signing/index.ts'
import { jsonLines, runHere } from './run-congvan.ts'

describe('congvan verify --online', () => {
  const time = new Date('2025-01-06T01:00:00Z')
  let folder: string
  let served: ServedPki
  let signed: Uint8Array
  const at = (name: string): string => join(folder, name)

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'congvan-online-'))
    served = await servePki({ seedTime: time, clock: () => time })
    const key = loadPkcs12(served.pki.samples.individual.pkcs12('x'), 'x')
    // Without its chain: the issuer has to be fetched as well.
    signed = await signPdf(await makeLetter({ ...communeLetter, created: time }), {
      key: { ...key, chain: [], sign: (data) => key.sign(data) },
      field: 'congvan.signature.individual',
      signingTime: time,
    })
    writeFileSync(at('letter.pdf'), signed)
    writeFileSync(at('root.pem'), toPem('CERTIFICATE', served.pki.root))
  })
  beforeEach(() => {
    served.requests.length = 0
  })
  after(async () => {
    await served.close()
    rmSync(folder, { recursive: true })
  })

  const command = ['--trust', '', '--at', time.toISOString(), '--json']
  const here = (...args: string[]): ReturnType<typeof runHere> =>
    runHere(['verify', ...args, ...command.with(1, at('root.pem'))])

  const settings = (): VerifySettings => ({
    policy: {
      trustAnchors: [served.pki.root],
      untrusted: [],
      crls: [],
      ocspResponses: [],
      time,
      requireRevocation: true,
      legacy: false,
      profile: 'any',
    },
    language: 'vi',
    debug: false,
    password: null,
    online: { cacheFolder: at('cache') },
  })

  it('sends nothing unless asked to', async () => {
    await here(at('letter.pdf'))
    await verifyFile('letter', { ...settings(), online: null }, { read: async () => signed })
    expect(served.requests).to.deep.equal([])
  })

  it('sends nothing to an address that is not public, says so, and stays undecided', async () => {
    const { exit, stdout } = await here(at('letter.pdf'), '--online', '--untrusted', at('root.pem'))
    expect(exit).to.equal(2)
    expect(served.requests).to.deep.equal([])
    const [line] = jsonLines(stdout)
    expect(line).to.deep.include({ indication: 'INDETERMINATE', subIndication: 'NO_CERTIFICATE_CHAIN_FOUND' })
    expect(JSON.stringify(line))
      .to.include('ONLINE_ISSUER_NOT_FETCHED')
      .and.include('127.0.0.1 is not an address of the public network')
  })

  it('is undecided with TRY_LATER when revocation cannot be fetched, and names what and why', async () => {
    writeFileSync(at('ca.pem'), toPem('CERTIFICATE', served.pki.governmentCa))
    const { exit, stdout } = await here(at('letter.pdf'), '--online', '--untrusted', at('ca.pem'))
    expect(exit).to.equal(2)
    const [line] = jsonLines(stdout)
    expect(line).to.deep.include({ indication: 'INDETERMINATE', subIndication: 'TRY_LATER' })
    expect(JSON.stringify(line))
      .to.include('ONLINE_REVOCATION_NOT_FETCHED')
      .and.include(`OCSP ${served.url}/ocsp`)
      .and.include(`CRL ${served.url}/government.crl`)
  })

  it('passes with what it fetches, and keeps that for the next file', async () => {
    const means = {
      read: async () => signed,
      online: {
        transport: (request: Parameters<typeof exchange>[0]) => exchange(request, { allow: () => true }),
        cache: diskCache({ folder: at('cache') }),
      },
    }
    const first = await verifyFile('letter.pdf', settings(), means)
    expect(first.report.indication, JSON.stringify(first.report)).to.equal('TOTAL_PASSED')
    expect(served.requests).to.deep.equal(['GET /government.cer', 'POST /ocsp', 'GET /root.crl'])
    const second = await verifyFile('letter.pdf', settings(), means)
    expect(second.report.indication).to.equal('TOTAL_PASSED')
    expect(served.requests).to.have.length(3)
    expect(readdirSync(at('cache'))).to.have.length(3)
  })

  it('keeps answers where the user keeps caches', () => {
    expect(cacheFolderOf({ XDG_CACHE_HOME: '/c', HOME: '/h' })).to.equal('/c/congvan/online')
    expect(cacheFolderOf({ HOME: '/h' })).to.equal('/h/.cache/congvan/online')
    expect(cacheFolderOf({})).to.equal(null)
  })
})
