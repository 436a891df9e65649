import { expect } from 'chai'
import { type PathInput, type PathJudgement, validateCertificatePath } from '../../../signing/x509/path.ts'
import {
  dns,
  type Entity,
  isCa,
  issue,
  keyUsage,
  mail,
  nameConstraints,
  newKeys,
  now,
  policies,
  policyMappings,
  subjectAltNames,
} from './make-certificates.ts'
import { distributionPoint, scopeOf, writeList } from './make-revocation.ts'

const DAY = 86_400_000
const current = { thisUpdate: new Date(now.getTime() - DAY), nextUpdate: new Date(now.getTime() + DAY) }

function judge(certificate: Uint8Array, anchor: Entity, changes: Partial<PathInput> = {}): PathJudgement {
  return validateCertificatePath({
    certificate,
    intermediates: [],
    trustAnchors: [anchor.certificate],
    crls: [],
    ocspResponses: [],
    time: now,
    requireRevocation: false,
    purpose: 'any',
    ...changes,
  })
}

const codes = ({ warnings }: PathJudgement) => warnings.map(({ code }) => code)

/** Every CA certified by every other one. */
function mesh(
  size: number,
  names: (index: number) => string,
): { members: Entity[]; certificates: Uint8Array[] } {
  const members = Array.from({ length: size }, (_, i) => issue(names(i), [isCa()]))
  const certificates = members.flatMap((subject) =>
    members
      .filter((issuer) => issuer !== subject)
      .map((issuer) => issue(subject.name, [isCa()], issuer, subject).certificate),
  )
  return { members, certificates }
}

describe('hostile certificates and lists', () => {
  const root = issue('Gốc', [isCa(), keyUsage(5, 6)])

  it('finds the way through a mesh of cross certificates, nearest anchor first', () => {
    const { members, certificates } = mesh(12, (i) => `CA ${i}`)
    const [first = root] = members
    const last = members.at(-1) ?? root
    const target = issue('Người ký 1', [], first)
    const bridge = issue(last.name, [isCa()], root, last)
    const judged = judge(target.certificate, root, { intermediates: [...certificates, bridge.certificate] })
    expect(judged.indication).to.equal('TOTAL_PASSED')
    expect(judged.path).to.have.length(4)
  })

  it('ends a search in a mesh without a way, and says that it ended early', () => {
    // Names lead to the anchor from everywhere, signatures from nowhere.
    const { members, certificates } = mesh(12, (i) => `CA ${i}`)
    const [first = root] = members
    const impostor = issue('Gốc', [isCa()])
    const bridges = members.map((member) => issue(member.name, [isCa()], impostor, member).certificate)
    const judged = judge(issue('Người ký 1', [], first).certificate, root, {
      intermediates: [...certificates, ...bridges],
    })
    expect(judged.subIndication).to.equal('NO_CERTIFICATE_CHAIN_FOUND')
    expect(codes(judged)).to.include('PATH_SEARCH_LIMITED')
  })

  it('ends where hundreds of keys bear the same name', () => {
    const many = Array.from({ length: 400 }, () => issue('CA', [isCa()], root).certificate)
    const target = issue('Người ký 1', [], issue('CA', [isCa()], root))
    const judged = judge(target.certificate, root, { intermediates: many })
    expect(judged.subIndication).to.equal('NO_CERTIFICATE_CHAIN_FOUND')
    expect(codes(judged)).to.include('PATH_SEARCH_LIMITED')
  })

  it('follows no certificates whose names lead to no anchor', () => {
    const { members, certificates } = mesh(8, (i) => `Đảo ${i}`)
    const [first = root] = members
    const judged = judge(issue('Người ký 1', [], first).certificate, root, { intermediates: certificates })
    expect(codes(judged)).to.deep.equal(['NO_CERTIFICATE_CHAIN_FOUND'])
  })

  it('compares a million names and constraints at most', () => {
    const permitted = Array.from({ length: 1500 }, (_, i) => dns(`t${i}.test`))
    const ca = issue('CA', [isCa(), nameConstraints({ permitted })], root)
    const names = (count: number) =>
      subjectAltNames(...Array.from({ length: count }, (_, i) => dns(`a.t${i % 1500}.test`)))
    const named = (count: number) =>
      judge(issue('Người ký 1', [names(count)], ca).certificate, root, { intermediates: [ca.certificate] })
    expect(named(600).indication).to.equal('TOTAL_PASSED')
    const judged = named(1400)
    expect(judged.indication).to.equal('INDETERMINATE')
    expect(codes(judged)).to.include('NAME_CONSTRAINTS_LIMITED')
  })

  it('reads long hosts and addresses in constraints without backtracking', () => {
    const long = `${'a-'.repeat(40_000)}.test`
    const ca = issue('CA', [isCa(), nameConstraints({ permitted: [dns('test'), mail('test')] })], root)
    for (const name of [dns(long), dns('a.'.repeat(40_000)), mail(`${'a@'.repeat(30_000)}${long}`)]) {
      const target = issue('Người ký 1', [subjectAltNames(name)], ca)
      const { subIndication } = judge(target.certificate, root, { intermediates: [ca.certificate] })
      expect(subIndication).to.equal('CERTIFICATE_CHAIN_GENERAL_FAILURE')
    }
  })

  it('refuses thousands of policies and mappings in one certificate', () => {
    const list = Array.from({ length: 1_100 }, (_, i) => `1.2.3.${i}`)
    const many = issue('CA', [isCa(), policies(...list)], root)
    const mapped = issue(
      'CA',
      [isCa(), policies('1.2.3'), policyMappings(...list.map((one) => ['1.2.3', one] as const))],
      root,
    )
    for (const ca of [many, mapped]) {
      const target = issue('Người ký 1', [policies('1.2.3.1')], ca)
      const { subIndication } = judge(target.certificate, root, { intermediates: [ca.certificate] })
      expect(subIndication).to.equal('CERTIFICATE_CHAIN_GENERAL_FAILURE')
    }
  })

  it('ends where CRL issuers vouch for each other in a circle or a long row', () => {
    const named = (i: number) => distributionPoint({ crlIssuer: `Nơi công bố ${i}` })
    const publishers = Array.from({ length: 10 }, (_, i) =>
      issue(`Nơi công bố ${i}`, [keyUsage(6), named((i + 1) % 10)], root),
    )
    const scope = scopeOf({ indirect: true })
    const crls = publishers.map((one) => writeList(one, { ...current, scope }))
    const target = issue('Người ký 1', [named(0)], root)
    const judged = judge(target.certificate, root, {
      intermediates: publishers.map(({ certificate }) => certificate),
      crls,
    })
    expect(judged.subIndication).to.equal('TRY_LATER')
    // An own list that tells of the publishers opens the circle.
    const own = writeList(root, { ...current })
    const opened = judge(target.certificate, root, {
      intermediates: publishers.map(({ certificate }) => certificate),
      crls: [...crls, own],
    })
    expect(opened.indication).to.equal('TOTAL_PASSED')
  })

  it('looks at a bounded number of lists', () => {
    const keys = newKeys()
    const stranger = issue('Người lạ', [isCa()], undefined, keys)
    const crls = Array.from({ length: 5_001 }, (_, i) => writeList(stranger, { ...current, number: i }))
    const judged = judge(issue('Người ký 1', [], root).certificate, root, { crls })
    expect(judged.subIndication).to.equal('TRY_LATER')
    expect(codes(judged)).to.include('REVOCATION_SEARCH_LIMITED')
  })
})
