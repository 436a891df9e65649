import { expect } from 'chai'
import { contextPrimitive, sequence } from '../../../signing/x509/der-write.ts'
import { type PathInput, type PathJudgement, validateCertificatePath } from '../../../signing/x509/path.ts'
import {
  type Entity,
  extendedKeyUsage,
  isCa,
  issue,
  keyUsage,
  newKeys,
  notAfter,
  now,
} from './make-certificates.ts'
import {
  type Answer,
  distributionPoint,
  entry,
  noCheck,
  type ResponseOptions,
  type Scope,
  scopeOf,
  unknownCriticalExtension,
  writeList,
  writeResponse,
} from './make-revocation.ts'

const DAY = 86_400_000
const OCSP = '1.3.6.1.5.5.7.3.9'
const day = (days: number) => new Date(now.getTime() + days * DAY)
const current = { thisUpdate: day(-1), nextUpdate: day(6) }
const [keyCompromise, hold, removed] = [1, 6, 8]

const passed = 'TOTAL_PASSED'
const revoked = 'REVOKED_NO_POE'
const later = 'TRY_LATER'

/** The anchor issues, so that only one status is asked. */
const ca = issue('CA', [isCa(), keyUsage(5, 6)])
const signer = issue('Người ký 1', [keyUsage(0)], ca)

function judge(changes: Partial<PathInput>, target: Entity = signer, anchor: Entity = ca): PathJudgement {
  return validateCertificatePath({
    certificate: target.certificate,
    intermediates: [],
    trustAnchors: [anchor.certificate],
    crls: [],
    ocspResponses: [],
    time: now,
    requireRevocation: true,
    purpose: 'any',
    ...changes,
  })
}

function verdict(changes: Partial<PathInput>, target: Entity = signer, anchor: Entity = ca): string {
  const { indication, subIndication } = judge(changes, target, anchor)
  return subIndication ?? indication
}

describe('revocation lists (RFC 5280 section 6.3.3)', () => {
  const full = writeList(ca, { ...current, number: 5 })

  it('tells where the answer came from', () => {
    expect(judge({ crls: [full] }).revocation).to.deep.equal([
      { status: 'good', source: 'crl', thisUpdate: current.thisUpdate, nextUpdate: current.nextUpdate },
    ])
    const list = writeList(ca, { ...current, entries: [entry(signer.serial, day(-3), keyCompromise)] })
    const [fact] = judge({ crls: [full, list] }).revocation ?? []
    expect(fact).to.include({ status: 'revoked', source: 'crl', reason: keyCompromise })
    expect(fact?.revokedAt).to.deep.equal(day(-3))
    expect(judge({ crls: [] }).revocation).to.deep.equal([{ status: 'unknown' }])
    expect(judge({ requireRevocation: false })).not.to.have.property('revocation')
  })

  it('combines a list with the delta to it', () => {
    const base = writeList(ca, { ...current, number: 5, entries: [entry(signer.serial, day(-9), hold)] })
    const delta = (number: number, to: number, ...entries: Uint8Array[]) =>
      writeList(ca, { ...current, number, base: to, entries })
    expect(verdict({ crls: [base] }), 'on hold, which may end').to.equal(later)
    const lifted = delta(7, 5, entry(signer.serial, day(-2), removed))
    expect(verdict({ crls: [base, lifted] })).to.equal(passed)
    expect(
      verdict({ crls: [base, delta(7, 6, entry(signer.serial, day(-2), removed))] }),
      'to another base',
    ).to.equal(later)
    expect(verdict({ crls: [base, delta(4, 3, entry(signer.serial, day(-2), removed))] }), 'older').to.equal(
      later,
    )
    expect(verdict({ crls: [full, delta(7, 5, entry(signer.serial, day(-2), keyCompromise))] })).to.equal(
      revoked,
    )
    expect(verdict({ crls: [delta(7, 5, entry(signer.serial, day(-2), keyCompromise))] }), 'alone').to.equal(
      revoked,
    )
    expect(verdict({ crls: [delta(7, 5)] }), 'an empty delta alone proves nothing').to.equal(later)
    const stale = writeList(ca, { thisUpdate: day(-20), nextUpdate: day(-10), number: 5 })
    expect(verdict({ crls: [stale] })).to.equal(later)
    expect(verdict({ crls: [stale, delta(7, 5)] }), 'a delta renews its base').to.equal(passed)
    const foreign = issue('CA', [isCa(), keyUsage(5, 6)])
    const forged = writeList(foreign, {
      ...current,
      number: 7,
      base: 5,
      entries: [entry(signer.serial, day(-2), removed)],
    })
    expect(verdict({ crls: [base, forged] }), 'by another key').to.equal(later)
  })

  it('lets a delta end a hold only, and not for a certificate that expired meanwhile', () => {
    const short = issue('Người ký 1', [keyUsage(0)], ca, undefined, day(1))
    const lists = (reason: number, deltaAt: number, extensions: Uint8Array[] = []) => [
      writeList(ca, { ...current, number: 5, entries: [entry(short.serial, day(-9), reason)] }),
      writeList(ca, {
        thisUpdate: day(deltaAt),
        nextUpdate: day(6),
        number: 7,
        base: 5,
        entries: [entry(short.serial, day(deltaAt), removed)],
        extensions,
      }),
    ]
    expect(verdict({ crls: lists(hold, -0.5) }, short), 'lifted').to.equal(passed)
    expect(verdict({ crls: lists(keyCompromise, -0.5) }, short), 'revoked for good').to.equal(revoked)
    expect(verdict({ crls: lists(keyCompromise, 2) }, short), 'taken off after its end').to.equal(revoked)
    expect(verdict({ crls: lists(hold, 2) }, short), 'on hold to its end').to.equal(later)
    const unread = lists(hold, -0.5, [unknownCriticalExtension])
    expect(verdict({ crls: unread }, short), 'by a delta that is not understood').to.equal(later)
  })

  it('refuses a scope whose limits are no BOOLEAN of DER', () => {
    const lax = sequence(contextPrimitive(1, Uint8Array.of(1)))
    const list = writeList(ca, { ...current, scope: lax })
    const { subIndication, warnings } = judge({ crls: [list] })
    expect(subIndication).to.equal(later)
    expect(warnings.map(({ code }) => code)).to.include('REVOCATION_DATA_UNREADABLE')
  })

  it('takes a hold for ended only by a newer list', () => {
    const held = (thisUpdate: Date) =>
      writeList(ca, { ...current, thisUpdate, entries: [entry(signer.serial, day(-9), hold)] })
    expect(verdict({ crls: [held(day(-5)), full] })).to.equal(passed)
    expect(verdict({ crls: [held(day(-0.5)), full] })).to.equal(later)
  })

  it('adds up lists of some reasons, and never takes a part for the whole', () => {
    const url = 'http://crl.test/a.crl'
    const target = issue('Người ký 2', [distributionPoint({ url })], ca)
    const list = (scope: Scope) => writeList(ca, { ...current, scope: scopeOf(scope) })
    expect(verdict({ crls: [list({ point: url })] }, target)).to.equal(passed)
    expect(verdict({ crls: [list({ point: 'http://crl.test/b.crl' })] }, target)).to.equal(later)
    expect(verdict({ crls: [list({ onlyCas: true })] }, target)).to.equal(later)
    expect(verdict({ crls: [list({ onlyUsers: true })] }, target)).to.equal(passed)
    const some = list({ point: url, reasons: [1, 2] })
    const others = list({ point: url, reasons: [3, 4, 5, 6, 7, 8] })
    expect(verdict({ crls: [some] }, target)).to.equal(later)
    expect(verdict({ crls: [some, others] }, target)).to.equal(passed)
    const partly = issue('Người ký 3', [distributionPoint({ url, reasons: [1, 2] })], ca)
    expect(verdict({ crls: [list({ point: url })] }, partly), 'the point is for some reasons').to.equal(later)
  })

  it('believes an indirect list only where the certificate names its issuer', () => {
    const publisher = issue('Nơi công bố', [keyUsage(6)], ca)
    const target = issue('Người ký 4', [distributionPoint({ crlIssuer: 'Nơi công bố' })], ca)
    const list = (entries: Uint8Array[], indirect = true) =>
      writeList(publisher, { ...current, scope: scopeOf({ indirect }), entries })
    const offered = { intermediates: [publisher.certificate] }
    const own = writeList(ca, { ...current, scope: scopeOf({ onlyUsers: true }) })
    // `own` also tells that the publisher itself is not revoked.
    const alone = (crls: Uint8Array[], one = target) => judge({ ...offered, crls: [...crls, own] }, one)
    expect(alone([list([])]).indication).to.equal(passed)
    const listed = list([entry(target.serial, day(-2), keyCompromise, 'CA')])
    expect(alone([listed]).subIndication).to.equal(revoked)
    expect(
      alone([list([entry(target.serial, day(-2), keyCompromise)])]).indication,
      'of another issuer',
    ).to.equal(passed)
    const next = list([entry(publisher.serial, day(-2), keyCompromise, 'CA'), entry(target.serial, day(-2))])
    expect(alone([next]).subIndication, 'the named issuer holds for the next entry').to.equal(revoked)
    const elsewhere = list([entry(signer.serial, day(-2), keyCompromise, 'CA')])
    expect(alone([elsewhere], signer).indication, 'not named by this certificate').to.equal(passed)
    expect(verdict({ ...offered, crls: [list([], false)] }, target), 'not marked as indirect').to.equal(later)
  })

  it('takes a list by another key of the issuer only with a path to the same anchor', () => {
    const root = issue('Gốc', [isCa(), keyUsage(5, 6)])
    const keys = newKeys()
    const issuing = issue('CA con', [isCa(), keyUsage(5)], root)
    const listing = issue('CA con', [keyUsage(6)], root, keys)
    const target = issue('Người ký 5', [], issuing)
    const rootList = writeList(root, current)
    const list = writeList(listing, current)
    const offered = (other: Entity, crls: Uint8Array[]) =>
      verdict({ intermediates: [issuing.certificate, other.certificate], crls }, target, root)
    expect(offered(listing, [rootList, list])).to.equal(passed)
    expect(offered(issuing, [rootList, list]), 'without its certificate').to.equal(later)
    expect(offered(issue('CA con', [keyUsage(0)], root, keys), [rootList, list]), 'not for lists').to.equal(
      later,
    )
    const stranger = issue('Gốc', [isCa(), keyUsage(5, 6)])
    const foreign = issue('CA con', [keyUsage(6)], stranger, keys)
    expect(offered(foreign, [rootList, list]), 'below a namesake of the anchor').to.equal(later)
    const withdrawn = writeList(root, {
      ...current,
      entries: [entry(listing.serial, day(-2), keyCompromise)],
    })
    expect(offered(listing, [withdrawn, list]), 'revoked itself').to.equal(later)
  })

  it('lets a list with an unknown critical extension prove nobody good', () => {
    const odd = (entries: Uint8Array[], extensions = [unknownCriticalExtension]) =>
      writeList(ca, { ...current, entries, extensions })
    expect(verdict({ crls: [odd([])] })).to.equal(later)
    expect(verdict({ crls: [odd([entry(signer.serial, day(-2))])] })).to.equal(revoked)
  })

  it('knows an expired certificate that was not revoked while it was valid', () => {
    const after = new Date(notAfter.getTime() + DAY)
    const until = { thisUpdate: new Date(notAfter.getTime() - DAY), nextUpdate: day(600) }
    expect(verdict({ crls: [writeList(ca, until)], time: after })).to.equal('OUT_OF_BOUNDS_NO_POE')
    const anchor = issue('CA', [isCa(), keyUsage(5, 6)], undefined, undefined, day(900))
    const short = issue('Người ký 6', [keyUsage(0)], anchor)
    const at = (list: { thisUpdate: Date; nextUpdate: Date }) =>
      verdict({ crls: [writeList(anchor, list)], time: after }, short, anchor)
    expect(at(until)).to.equal('OUT_OF_BOUNDS_NOT_REVOKED')
    expect(at({ thisUpdate: day(-1), nextUpdate: day(1) }), 'ended before').to.equal('OUT_OF_BOUNDS_NO_POE')
    expect(at({ thisUpdate: after, nextUpdate: day(600) }), 'made after').to.equal('OUT_OF_BOUNDS_NO_POE')
  })

  it('takes a list made after the certificate ended only where it keeps expired ones', () => {
    const target = { thisUpdate: new Date(notAfter.getTime() + 30 * DAY), nextUpdate: day(600) }
    expect(verdict({ crls: [writeList(ca, target)] })).to.equal(later)
    expect(verdict({ crls: [writeList(ca, { ...target, keepsExpiredSince: day(0) })] })).to.equal(passed)
    const tooLate = new Date(notAfter.getTime() + DAY)
    expect(verdict({ crls: [writeList(ca, { ...target, keepsExpiredSince: tooLate })] })).to.equal(later)
  })
})

describe('OCSP responses (RFC 6960)', () => {
  const said: Answer = { subject: signer, issuer: ca, status: 'good', ...current }
  const produced: ResponseOptions = { producedAt: current.thisUpdate }
  const respond = (answers: Answer[], options: Partial<ResponseOptions> = {}, by: Entity = ca) =>
    writeResponse(by, answers, { ...produced, ...options })
  const ask = (response: Uint8Array, changes: Partial<PathInput> = {}) =>
    verdict({ ocspResponses: [response], ...changes })

  it('knows responders by name and by key, and certificates by SHA-1 and SHA-256', () => {
    expect(ask(respond([said]))).to.equal(passed)
    expect(ask(respond([said], { by: 'key' }))).to.equal(passed)
    expect(ask(respond([{ ...said, hash: 'sha256' }]))).to.equal(passed)
    const namesake = issue('CA', [isCa()])
    expect(ask(respond([said], {}, namesake))).to.equal(later)
    expect(ask(respond([{ ...said, issuer: namesake }])), 'about another issuer').to.equal(later)
  })

  it('finds the answer among several, and lets a revocation outweigh the rest', () => {
    const other: Answer = { ...said, subject: ca }
    const bad: Answer = { ...said, status: { revokedAt: day(-2), reason: keyCompromise } }
    expect(ask(respond([other, said]))).to.equal(passed)
    expect(ask(respond([other]))).to.equal(later)
    expect(ask(respond([said, { ...bad, hash: 'sha256' }]))).to.equal(revoked)
    expect(ask(respond([{ ...said, status: 'unknown' }]))).to.equal(later)
  })

  it('wants the nonce that was asked for', () => {
    const ocspNonce = Buffer.from('0123456789abcdef0123456789abcdef')
    expect(ask(respond([said], { nonce: ocspNonce }), { ocspNonce })).to.equal(passed)
    expect(ask(respond([said], { nonce: ocspNonce.subarray(1) }), { ocspNonce })).to.equal(later)
    expect(ask(respond([said]), { ocspNonce }), 'none').to.equal(later)
    expect(ask(respond([said], { nonce: ocspNonce })), 'not asked for').to.equal(passed)
  })

  it('takes delegates of the issuer, for the purpose, and not revoked themselves', () => {
    const delegate = (extensions: Uint8Array[], issuer: Entity = ca) =>
      issue('Máy trả lời', extensions, issuer)
    const by = (responder: Entity, changes: Partial<PathInput> = {}) =>
      ask(respond([said], { certificates: [responder.certificate] }, responder), changes)
    const good = delegate([keyUsage(0), extendedKeyUsage(OCSP), noCheck])
    expect(by(good)).to.equal(passed)
    const bare = respond([said], {}, good)
    expect(ask(bare, { intermediates: [good.certificate] }), 'certificate on offer elsewhere').to.equal(
      passed,
    )
    expect(ask(bare), 'without its certificate').to.equal(later)
    expect(by(delegate([keyUsage(0), noCheck])), 'without the purpose').to.equal(later)
    expect(by(delegate([keyUsage(4), extendedKeyUsage(OCSP), noCheck])), 'without the usage').to.equal(later)
    const root = issue('Gốc', [isCa()])
    expect(by(delegate([extendedKeyUsage(OCSP), noCheck], root)), 'of another issuer').to.equal(later)
    const checked = delegate([extendedKeyUsage(OCSP)])
    expect(by(checked), 'of unknown status').to.equal(later)
    const itself: Answer = { ...said, subject: checked }
    const circle = respond([said, itself], { certificates: [checked.certificate] }, checked)
    expect(ask(circle), 'vouching for itself').to.equal(later)
    const vouched = [circle, respond([itself])]
    expect(verdict({ ocspResponses: vouched })).to.equal(passed)
    const gone = respond([{ ...itself, status: { revokedAt: day(-2), reason: keyCompromise } }])
    expect(verdict({ ocspResponses: [circle, gone] })).to.equal(later)
    const answered = respond([said], { certificates: [good.certificate] }, good)
    const list = (...entries: Uint8Array[]) =>
      writeList(ca, { thisUpdate: day(-40), nextUpdate: day(-30), entries })
    expect(verdict({ ocspResponses: [answered], crls: [list()] })).to.equal(passed)
    const listed = list(entry(good.serial, day(-41), keyCompromise))
    expect(verdict({ ocspResponses: [answered], crls: [listed] }), 'known to be revoked').to.equal(later)
  })

  it('takes no word for good from a key whose certificate had ended', () => {
    const usage = [keyUsage(0), extendedKeyUsage(OCSP), noCheck]
    const ended = issue('Máy trả lời', usage, ca, undefined, day(-10))
    // Whoever has the old key can say that this was made in time.
    const old = { thisUpdate: day(-20), nextUpdate: day(300) }
    const made = { producedAt: day(-20), certificates: [ended.certificate] }
    const by = (answer: Answer) => respond([answer], made, ended)
    expect(ask(by({ ...said, ...old }))).to.equal(later)
    expect(ask(by({ ...said, ...old }), { time: day(-11) }), 'while it was valid').to.equal(passed)
    const notYet = { revokedAt: day(3), reason: keyCompromise }
    expect(ask(by({ ...said, ...old, status: notYet })), 'revoked later').to.equal(later)
    const already = { revokedAt: day(-21), reason: keyCompromise }
    expect(ask(by({ ...said, ...old, status: already })), 'in doubt caution').to.equal(revoked)
  })

  it('believes a delegate of an authority nothing about that authority itself', () => {
    const root = issue('Gốc', [isCa(), keyUsage(5, 6)])
    const authority = issue('CA', [isCa(), keyUsage(5, 6)], root)
    const holder = issue('Người ký 1', [keyUsage(0)], authority)
    const delegate = issue('Máy trả lời', [keyUsage(0), extendedKeyUsage(OCSP), noCheck], authority)
    const answers: Answer[] = [
      { ...said, subject: holder, issuer: authority },
      { ...said, subject: authority, issuer: root },
    ]
    const changes = { intermediates: [authority.certificate] }
    const asked = (signer: Entity) => respond(answers, { certificates: [delegate.certificate] }, signer)
    expect(verdict({ ...changes, ocspResponses: [asked(delegate)] }, holder, root)).to.equal(later)
    const { revocation } = judge({ ...changes, ocspResponses: [asked(delegate)] }, holder, root)
    expect(revocation?.map(({ status }) => status)).to.deep.equal(['good', 'unknown'])
    const both = [asked(delegate), asked(root)]
    expect(verdict({ ...changes, ocspResponses: both }, holder, root)).to.equal(passed)
  })

  it('takes a responder of its own only where it is configured as an anchor', () => {
    const responder = issue('Máy trả lời', [keyUsage(0), extendedKeyUsage(OCSP)])
    const response = respond([said], { certificates: [responder.certificate] }, responder)
    expect(ask(response)).to.equal(later)
    expect(ask(response, { trustAnchors: [ca.certificate, responder.certificate] })).to.equal(passed)
  })

  it('reads holds, archive cutoffs and numbers that were never given out', () => {
    expect(ask(respond([{ ...said, status: { revokedAt: day(-2), reason: hold } }]))).to.equal(later)
    const never: Answer = { ...said, status: { revokedAt: new Date(0), reason: hold } }
    expect(ask(respond([never], { extendedRevoke: true }))).to.equal(revoked)
    const after = new Date(notAfter.getTime() + 30 * DAY)
    const late = { ...said, thisUpdate: after, nextUpdate: day(600) }
    expect(ask(respond([late], { producedAt: after }))).to.equal(later)
    expect(ask(respond([{ ...late, archiveCutoff: day(0) }], { producedAt: after }))).to.equal(passed)
  })
})
