import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import fc from 'fast-check'
import { BoundedCache } from '../../../signing/x509/bounded-cache.ts'
import { describeSigner, parseCertificate } from '../../../signing/x509/certificate.ts'
import { parseCrl } from '../../../signing/x509/crl.ts'
import { parseOnce } from '../../../signing/x509/parse-once.ts'
import { type PathInput, validateCertificatePath } from '../../../signing/x509/path.ts'
import { isCa, issue, keyUsage, now } from './make-certificates.ts'
import { entry, writeList } from './make-revocation.ts'

const DAY = 86_400_000
const current = { thisUpdate: new Date(now.getTime() - DAY), nextUpdate: new Date(now.getTime() + DAY) }

describe('caches of the path validation', () => {
  const ca = issue('CA', [isCa(), keyUsage(5, 6)])
  const signer = issue('Người ký 1', [keyUsage(0)], ca)

  function verdict(changes: Partial<PathInput>): string {
    const { indication, subIndication } = validateCertificatePath({
      certificate: signer.certificate,
      intermediates: [],
      trustAnchors: [ca.certificate],
      crls: [],
      ocspResponses: [],
      time: now,
      requireRevocation: true,
      purpose: 'document-signing',
      ...changes,
    })
    return subIndication ?? indication
  }

  it('never hold more than their size, and drop what was used least recently', () => {
    const operations = fc.array(
      fc.tuple(fc.integer({ min: 0, max: 12 }), fc.boolean(), fc.integer({ min: 1, max: 9 })),
    )
    fc.assert(
      fc.property(operations, (steps) => {
        const cache = new BoundedCache<number, number>(5, 20)
        // The model: newest last.
        let model: { key: number; weight: number }[] = []
        for (const [key, write, weight] of steps) {
          const known = model.find((one) => one.key === key)
          const rest = model.filter((one) => one.key !== key)
          if (write) {
            cache.set(key, key, weight)
            model = [...rest, { key, weight }]
            while (model.length > 5 || model.reduce((sum, one) => sum + one.weight, 0) > 20) model.shift()
          } else {
            expect(cache.get(key)).to.equal(known?.key)
            if (known !== undefined) model = [...rest, known]
          }
          expect(cache.size).to.equal(model.length)
        }
      }),
    )
  })

  it('read the same bytes once, in whatever array they come, and changed ones anew', () => {
    let reads = 0
    const read = parseOnce((bytes) => ({ first: bytes[0], reads: ++reads }), { maxEntries: 2, maxBytes: 100 })
    const bytes = Uint8Array.of(1, 2, 3)
    const first = read(bytes)
    expect(read(bytes)).to.equal(first)
    expect(read(Uint8Array.from(bytes))).to.equal(first)
    bytes[0] = 9
    expect(read(bytes)).to.deep.equal({ first: 9, reads: 2 })
    expect(read(Uint8Array.of(1, 2, 3)), 'what was read is not what was changed').to.equal(first)
    read(Uint8Array.of(5))
    read(Uint8Array.of(6))
    expect(read(Uint8Array.of(1, 2, 3)).reads, 'pushed out').to.be.above(2)
  })

  it('are not misled by arrays that change after they were seen', () => {
    const good = writeList(ca, current)
    const bad = writeList(ca, { ...current, entries: [entry(signer.serial, current.thisUpdate)] })
    const shared = new Uint8Array(Math.max(good.length, bad.length))
    const certificate = Uint8Array.from(signer.certificate)
    expect(verdict({ certificate, crls: [good] })).to.equal('TOTAL_PASSED')
    certificate.fill(certificate.at(-1) ?? 0, -1)
    certificate[certificate.length - 1] = (certificate.at(-1) ?? 0) ^ 1
    expect(verdict({ certificate, crls: [good] }), 'signature changed').to.equal('NO_CERTIFICATE_CHAIN_FOUND')
    shared.set(good)
    expect(verdict({ crls: [shared.subarray(0, good.length)] })).to.equal('TOTAL_PASSED')
    shared.set(bad)
    expect(verdict({ crls: [shared.subarray(0, bad.length)] })).to.equal('REVOKED_NO_POE')
  })

  it('are not poisoned by what is handed out', () => {
    const judged = () =>
      validateCertificatePath({
        certificate: signer.certificate,
        intermediates: [],
        trustAnchors: [ca.certificate],
        crls: [],
        ocspResponses: [],
        time: now,
        requireRevocation: false,
        purpose: 'any',
      })
    for (const der of judged().path) der.fill(0)
    expect(judged().path.map((der) => Buffer.from(der).toString('hex'))).to.deep.equal(
      [signer, ca].map(({ certificate }) => Buffer.from(certificate).toString('hex')),
    )
  })

  it('are not poisoned by dates and names that are changed in a report', () => {
    const list = writeList(ca, current)
    const stale = new Date(current.nextUpdate.getTime() + 1000)
    const judged = (time: Date) =>
      validateCertificatePath({
        certificate: signer.certificate,
        intermediates: [],
        trustAnchors: [ca.certificate],
        crls: [list],
        ocspResponses: [],
        time,
        requireRevocation: true,
        purpose: 'any',
      })
    const [fact] = judged(now).revocation ?? []
    expect(fact?.status).to.equal('good')
    fact?.nextUpdate?.setUTCFullYear(2099)
    expect(judged(stale).subIndication).to.equal('TRY_LATER')
    const described = describeSigner(parseCertificate(signer.certificate))
    const { subject } = described
    described.subject = 'CN=khác'
    expect(describeSigner(parseCertificate(signer.certificate)).subject).to.equal(subject)
  })

  it('keep a signature that holds apart from the same one under another key or over other bytes', () => {
    const namesake = issue('CA', [isCa(), keyUsage(5, 6)])
    const list = writeList(ca, current)
    for (let round = 0; round < 2; round += 1) {
      expect(verdict({ crls: [list] })).to.equal('TOTAL_PASSED')
      expect(verdict({ crls: [list], trustAnchors: [namesake.certificate] })).to.equal(
        'NO_CERTIFICATE_CHAIN_FOUND',
      )
      expect(verdict({ crls: [writeList(namesake, current)] })).to.equal('TRY_LATER')
    }
  })
})

describe('long revocation lists', () => {
  it('are read once and asked by serial number', () => {
    const ca = issue('CA', [isCa(), keyUsage(5, 6)])
    const count = 100_000
    const serials = Array.from({ length: count }, (_, i) => {
      const serial = Buffer.alloc(1 + (i % 3) * 8 + 4)
      serial.writeUInt32BE(i, serial.length - 4)
      serial[0] = 0x41
      return serial
    })
    const list = writeList(ca, {
      ...current,
      entries: serials.map((serial) => entry(serial, current.thisUpdate, 1)),
    })
    const crl = parseCrl(list)
    const { subjectKey } = parseCertificate(ca.certificate)
    for (let i = 0; i < count; i += 997) {
      expect(crl.find(subjectKey, serials[i] ?? randomBytes(1)), String(i)).to.deep.include({ reason: 1 })
    }
    expect(crl.find(subjectKey, randomBytes(20))).to.equal(undefined)
    expect(crl.find('another issuer', serials[0] ?? randomBytes(1))).to.equal(undefined)
    expect(parseCrl(Uint8Array.from(list)), 'the same object again').to.equal(crl)
  })
})
