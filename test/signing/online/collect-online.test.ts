import { expect } from 'chai'
import type { IssuedCertificate } from '../../../fixtures/pki/make-pki.ts'
import { makeOcspResponder } from '../../../fixtures/pki/ocsp-responder.ts'
import { type ServedPki, type ServePkiOptions, servePki } from '../../../fixtures/pki/serve-pki.ts'
import { collectOnline, type OnlineOptions } from '../../../signing/online/collect-online.ts'
import type { OnlineCache, OnlineRequest } from '../../../signing/online/fetcher.ts'
import type { VerificationPolicy } from '../../../signing/policy.ts'
import { validateCertificatePath } from '../../../signing/x509/path.ts'

const time = new Date('2025-01-06T02:00:00Z')

/** The transport of these tests is `fetch` on the loopback interface; that of the product has its own tests. */
async function transport(request: OnlineRequest): Promise<Uint8Array> {
  const answer = await fetch(request.url, {
    ...(request.body === undefined ? {} : { method: 'POST', body: Buffer.from(request.body) }),
    headers: {
      accept: request.accept,
      ...(request.contentType ? { 'content-type': request.contentType } : {}),
    },
  })
  if (!answer.ok) throw new Error(`status ${answer.status}`)
  return new Uint8Array(await answer.arrayBuffer())
}

function memoryCache(): OnlineCache & { readonly kept: Map<string, Uint8Array> } {
  const kept = new Map<string, Uint8Array>()
  return {
    kept,
    get: async (key) => kept.get(key),
    put: async (key, value) => {
      kept.set(key, value)
    },
  }
}

describe('collecting online', () => {
  let served: ServedPki | undefined

  async function start(options: Partial<ServePkiOptions> = {}): Promise<ServedPki> {
    served = await servePki({ seedTime: time, clock: () => time, ...options })
    return served
  }
  afterEach(async () => {
    await served?.close()
    served = undefined
  })

  const policyOf = ({ pki }: ServedPki): VerificationPolicy => ({
    trustAnchors: [pki.root],
    untrusted: [],
    crls: [],
    ocspResponses: [],
    time,
    requireRevocation: true,
    legacy: false,
    profile: 'any',
  })
  const carriedBy = (certificates: readonly Uint8Array[]) => ({ certificates, crls: [], ocspResponses: [] })

  async function judge(
    { pki }: ServedPki,
    issued: IssuedCertificate,
    carried: readonly Uint8Array[],
    options: Partial<OnlineOptions> = {},
  ) {
    const policy = policyOf({ pki } as ServedPki)
    const material = await collectOnline(carriedBy(carried), policy, { transport, ...options })
    const judgement = validateCertificatePath({
      ...policy,
      certificate: issued.certificate,
      purpose: 'document-signing',
      intermediates: [...carried, ...material.untrusted],
      crls: material.crls,
      ocspResponses: material.ocspResponses,
    })
    return { material, judgement }
  }

  it('fetches the issuer, the OCSP response and the CRL of the root, so that the path passes', async () => {
    const here = await start()
    const { individual } = here.pki.samples
    const { material, judgement } = await judge(here, individual, [individual.certificate])
    expect(judgement.indication, JSON.stringify(judgement)).to.equal('TOTAL_PASSED')
    expect(material.problems).to.deep.equal([])
    expect(here.requests).to.deep.equal(['GET /government.cer', 'POST /ocsp', 'GET /root.crl'])
  })

  it('takes issuers from a p7c, and a CRL where there is no OCSP', async () => {
    const here = await start({ p7c: true, name: { ocsp: false } })
    const { agency } = here.pki.samples
    const { judgement } = await judge(here, agency, [agency.certificate])
    expect(judgement.indication).to.equal('TOTAL_PASSED')
    expect(here.requests).to.deep.equal(['GET /government.p7c', 'GET /government.crl', 'GET /root.crl'])
  })

  it('learns of a revocation', async () => {
    for (const name of [{}, { ocsp: false }]) {
      const here = await start({ name })
      const { revoked } = here.pki.samples
      const { judgement } = await judge(here, revoked, [revoked.certificate, ...revoked.chain])
      expect(judgement.subIndication, JSON.stringify(name)).to.match(/^REVOKED/)
      await here.close()
    }
  })

  it('asks for nothing that is there already, and for nothing of a certificate that leads to no anchor', async () => {
    const here = await start()
    const { individual } = here.pki.samples
    const policy = { ...policyOf(here), crls: here.pki.crls() }
    const carried = [individual.certificate, ...individual.chain]
    await collectOnline(carriedBy(carried), policy, { transport })
    await collectOnline({ ...carriedBy(carried), crls: here.pki.crls() }, policyOf(here), { transport })
    expect(here.requests).to.deep.equal([])

    const material = await collectOnline(
      carriedBy(carried),
      { ...policyOf(here), trustAnchors: [] },
      { transport },
    )
    expect(here.requests).to.deep.equal([])
    expect(material.problems).to.deep.equal([])
  })

  it('goes on to the CRL when the responder fails, and names what could not be had', async () => {
    const here = await start()
    const { individual } = here.pki.samples
    const carried = [individual.certificate, ...individual.chain]
    here.answer('/ocsp', () => ({ status: 503 }))
    const second = await judge(here, individual, carried)
    expect(second.judgement.indication).to.equal('TOTAL_PASSED')
    expect(second.material.problems).to.deep.equal([])

    here.answer('/government.crl', () => ({ status: 404 }))
    const { material, judgement } = await judge(here, individual, carried)
    expect(judgement.subIndication).to.equal('TRY_LATER')
    const [problem, ...others] = material.problems
    expect(others).to.deep.equal([])
    expect(problem?.finding.code).to.equal('ONLINE_REVOCATION_NOT_FETCHED')
    expect(problem?.finding.message)
      .to.include('Người ký 1')
      .and.include(`OCSP ${here.url}/ocsp: status 503`)
      .and.include(`CRL ${here.url}/government.crl: status 404`)
    expect(problem?.signer.subject).to.include('Người ký 1')
  })

  it('names the issuer that could not be had, and asks each address once', async () => {
    const here = await start()
    const { individual } = here.pki.samples
    for (const body of [
      Buffer.from('<html>'),
      here.pki.governmentCrl(),
      here.pki.samples.agency.certificate,
    ]) {
      here.answer('/government.cer', () => ({ body }))
      const { material, judgement } = await judge(here, individual, [individual.certificate])
      expect(judgement.subIndication).to.equal('NO_CERTIFICATE_CHAIN_FOUND')
      expect(material.crls.length + material.ocspResponses.length).to.equal(0)
      if (body === here.pki.samples.agency.certificate) continue
      expect(material.problems.map(({ finding }) => finding.code)).to.deep.equal([
        'ONLINE_ISSUER_NOT_FETCHED',
      ])
    }
    expect(here.requests.filter((one) => one === 'GET /government.cer')).to.have.length(3)
  })

  it('says so when a certificate names neither responder nor list', async () => {
    const here = await start({ name: { ocsp: false, crl: false } })
    const { individual } = here.pki.samples
    const { material, judgement } = await judge(here, individual, [individual.certificate])
    expect(judgement.subIndication).to.equal('TRY_LATER')
    expect(material.problems.map(({ finding }) => finding.code)).to.deep.equal([
      'ONLINE_REVOCATION_NOT_PUBLISHED',
      'ONLINE_REVOCATION_NOT_PUBLISHED',
    ])
  })

  it('refuses answers that prove nothing: of another CA, out of date, with another nonce, broken', async () => {
    const here = await start()
    const foreign = await servePki({ seedTime: time, clock: () => time })
    try {
      const { individual } = here.pki.samples
      const carried = [individual.certificate, ...individual.chain]
      here.answer('/government.crl', () => ({ status: 404 }))
      const stale = makeOcspResponder({
        issuer: here.pki.authorities.government,
        stateOf: () => 'good',
        clock: () => new Date(time.getTime() - 30 * 24 * 3600_000),
      })
      const asked = (url: string) => async (body: Uint8Array) => {
        const answer = await fetch(url, { method: 'POST', body: Buffer.from(body) })
        return { body: new Uint8Array(await answer.arrayBuffer()) }
      }
      const cases: [string, (body: Uint8Array) => Promise<{ body: Uint8Array }>][] = [
        ['another CA', asked(`${foreign.url}/ocsp`)],
        ['out of date', async (body) => ({ body: stale.respond(body) })],
        ['broken', async () => ({ body: Buffer.from('30030a0100', 'hex') })],
        ['nothing', async () => ({ body: new Uint8Array() })],
      ]
      for (const [name, answer] of cases) {
        here.answer('/ocsp', answer)
        const { judgement, material } = await judge(here, individual, carried)
        expect(judgement.subIndication, name).to.equal('TRY_LATER')
        expect(material.ocspResponses, name).to.deep.equal([])
      }
      const replayed = await start()
      const own = replayed.pki.samples.individual
      let kept: Uint8Array | undefined
      const { judgement } = await judge(replayed, own, [own.certificate, ...own.chain], {
        transport: async (request) => {
          const answer = await transport(request)
          if (!request.url.endsWith('/ocsp')) return answer
          kept ??= answer
          return kept
        },
      })
      expect(judgement.indication).to.equal('TOTAL_PASSED')
      replayed.answer('/government.crl', () => ({ status: 404 }))
      replayed.answer('/ocsp', () => ({ body: kept ?? new Uint8Array() }))
      const again = await judge(replayed, own, [own.certificate, ...own.chain])
      expect(again.judgement.subIndication).to.equal('TRY_LATER')
      expect(again.material.problems[0]?.finding.message).to.include('another nonce')
      await replayed.close()
    } finally {
      served = here
      await foreign.close()
    }
  })

  it('asks the cache first; what is broken there is asked for again', async () => {
    const here = await start()
    const { individual } = here.pki.samples
    const cache = memoryCache()
    await judge(here, individual, [individual.certificate], { cache })
    expect(here.requests).to.have.length(3)
    const { judgement } = await judge(here, individual, [individual.certificate], { cache })
    expect(judgement.indication).to.equal('TOTAL_PASSED')
    expect(here.requests).to.have.length(3)
    for (const key of cache.kept.keys()) cache.kept.set(key, Buffer.from('hostile'))
    const repaired = await judge(here, individual, [individual.certificate], { cache })
    expect(repaired.judgement.indication).to.equal('TOTAL_PASSED')
    expect(here.requests).to.have.length(6)
  })

  it('stops at its budget of requests and of bytes', async () => {
    const here = await start()
    const { individual } = here.pki.samples
    const few = await judge(here, individual, [individual.certificate], { mostRequests: 2 })
    expect(here.requests).to.have.length(2)
    expect(few.judgement.subIndication).to.equal('TRY_LATER')
    expect(few.material.problems[0]?.finding.message).to.include('too many requests')
    const small = await judge(here, individual, [individual.certificate], { mostBytes: 100 })
    expect(small.judgement.subIndication).to.equal('NO_CERTIFICATE_CHAIN_FOUND')
    expect(small.material.problems[0]?.finding.message).to.include('more than 100 bytes')
  })
})
