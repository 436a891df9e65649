import { expect } from 'chai'
import { signatureAlgorithm } from '../../../signing/algorithms.ts'
import { signatureAlgorithmIdentifier } from '../../../signing/x509/algorithm-identifier.ts'
import type { Purpose } from '../../../signing/x509/certificate-use.ts'
import {
  context,
  integer,
  oid,
  sequence,
  time,
  unsignedInteger,
  utf8String,
} from '../../../signing/x509/der-write.ts'
import { ATTRIBUTE } from '../../../signing/x509/name.ts'
import { type PathInput, type PathJudgement, validateCertificatePath } from '../../../signing/x509/path.ts'
import { newSerial, writeName } from '../../../signing/x509/write-certificate.ts'
import {
  directory,
  dns,
  type Entity,
  extendedKeyUsage,
  extension,
  ip,
  isCa,
  issue,
  keyUsage,
  mail,
  nameConstraints,
  newKeys,
  notAfter,
  notBefore,
  now,
  otherName,
  policies,
  policyConstraints,
  policyMappings,
  signed,
  subjectAltNames,
  uri,
} from './make-certificates.ts'

const CLIENT = '1.3.6.1.5.5.7.3.2'
const SERVER = '1.3.6.1.5.5.7.3.1'
const DOCUMENTS = '1.3.6.1.5.5.7.3.36'
const STAMPS = '1.3.6.1.5.5.7.3.8'
const P1 = '1.2.3.1'
const P2 = '1.2.3.2'
const P3 = '1.2.3.3'

function judge(target: Entity, chain: readonly Entity[], changes: Partial<PathInput> = {}): PathJudgement {
  const [anchor, ...between] = chain.toReversed()
  return validateCertificatePath({
    certificate: target.certificate,
    intermediates: between.map(({ certificate }) => certificate),
    trustAnchors: anchor === undefined ? [] : [anchor.certificate],
    crls: [],
    ocspResponses: [],
    time: now,
    requireRevocation: false,
    purpose: 'document-signing',
    ...changes,
  })
}

function verdict(target: Entity, chain: readonly Entity[], changes: Partial<PathInput> = {}): string {
  const { indication, subIndication } = judge(target, chain, changes)
  return subIndication ?? indication
}

const passed = 'TOTAL_PASSED'
const broken = 'CERTIFICATE_CHAIN_GENERAL_FAILURE'
const unfit = 'CHAIN_CONSTRAINTS_FAILURE'

describe('name constraints (RFC 5280 section 4.2.1.10)', () => {
  const root = issue('Gốc', [isCa(), keyUsage(5, 6)])

  const cases: readonly (readonly [string, Parameters<typeof nameConstraints>[0], Uint8Array[], string])[] = [
    ['an address in a network', { permitted: [ip(10, 1, 0, 0, 255, 255, 0, 0)] }, [ip(10, 1, 2, 3)], passed],
    ['an address outside', { permitted: [ip(10, 1, 0, 0, 255, 255, 0, 0)] }, [ip(10, 2, 2, 3)], broken],
    [
      'an address in an excluded network',
      { excluded: [ip(10, 0, 0, 0, 255, 0, 0, 0)] },
      [ip(10, 2, 2, 3)],
      broken,
    ],
    ['a mask with holes', { permitted: [ip(10, 0, 0, 0, 255, 0, 255, 0)] }, [ip(10, 2, 0, 3)], broken],
    [
      'an address of the other family',
      { permitted: [ip(10, 0, 0, 0, 255, 0, 0, 0)] },
      [ip(...Array(16).fill(0))],
      broken,
    ],
    ['an address of five bytes', { permitted: [ip(0, 0, 0, 0, 0, 0, 0, 0)] }, [ip(10, 2, 2, 3, 4)], broken],
    ['a host below', { permitted: [dns('Example.test')] }, [dns('a.example.TEST')], passed],
    ['a host with the same ending', { permitted: [dns('example.test')] }, [dns('badexample.test')], broken],
    ['a wildcard below', { permitted: [dns('example.test')] }, [dns('*.example.test')], passed],
    [
      'a wildcard that covers an excluded host',
      { excluded: [dns('a.example.test')] },
      [dns('*.example.test')],
      broken,
    ],
    [
      'a wildcard beside an excluded host',
      { excluded: [dns('a.other.test')] },
      [dns('*.example.test')],
      passed,
    ],
    ['an address of a host', { permitted: [mail('example.test')] }, [mail('a@example.test')], passed],
    ['an address of a host below', { permitted: [mail('example.test')] }, [mail('a@b.example.test')], broken],
    [
      'an address below a dotted host',
      { permitted: [mail('.example.test')] },
      [mail('a@b.example.test')],
      passed,
    ],
    ['another mailbox', { permitted: [mail('a@example.test')] }, [mail('A@example.test')], broken],
    ['a mailbox with two hosts', { permitted: [mail('example.test')] }, [mail('a@b@example.test')], broken],
    ['the host of a URI', { permitted: [uri('example.test')] }, [uri('https://example.test:8443/x')], passed],
    [
      'a URI with credentials',
      { permitted: [uri('example.test')] },
      [uri('https://example.test@evil.test/')],
      broken,
    ],
    ['a URI without a host', { permitted: [uri('example.test')] }, [uri('urn:isbn:1')], broken],
    ['a URI with an address', { excluded: [uri('example.test')] }, [uri('https://10.0.0.1/')], broken],
    [
      'a directory name',
      { permitted: [directory('Đơn vị'), directory('Người ký 1')] },
      [directory('đơn VỊ')],
      passed,
    ],
    ['an excluded directory name', { excluded: [directory('Đơn vị')] }, [directory('Đơn  vị')], broken],
    ['the subject itself', { excluded: [directory('người ký 1')] }, [], broken],
    ['a form that is not constrained', { permitted: [dns('example.test')] }, [mail('a@other.test')], passed],
    [
      'a form that cannot be judged',
      { excluded: [otherName('1.2.3', 'a')] },
      [otherName('1.2.3', 'b')],
      broken,
    ],
    ['such a form that does not occur', { excluded: [otherName('1.2.3', 'a')] }, [dns('a.test')], passed],
  ]
  for (const [what, limits, names, expected] of cases) {
    it(`${expected === passed ? 'permits' : 'refuses'} ${what}`, () => {
      const ca = issue('Trung gian', [isCa(), keyUsage(5), nameConstraints(limits)], root)
      const alternative = names.length === 0 ? [] : [subjectAltNames(...names)]
      expect(verdict(issue('Người ký 1', [keyUsage(0), ...alternative], ca), [ca, root])).to.equal(expected)
    })
  }

  it('holds internationalised mailboxes to mail constraints (RFC 9598)', () => {
    const ca = issue('Trung gian', [isCa(), nameConstraints({ permitted: [mail('example.test')] })], root)
    const mailbox = (text: string) => context(0, oid('1.3.6.1.5.5.7.8.9'), context(0, utf8String(text)))
    const named = (text: string) => issue('Người ký 1', [subjectAltNames(mailbox(text))], ca)
    expect(verdict(named('người@example.test'), [ca, root])).to.equal(passed)
    expect(verdict(named('người@other.test'), [ca, root])).to.equal(broken)
    const own = nameConstraints({ excluded: [mailbox('người@other.test')] })
    const odd = issue('Trung gian', [isCa(), own], root)
    const target = issue('Người ký 1', [subjectAltNames(mailbox('người@other.test'))], odd)
    expect(verdict(target, [odd, root]), 'constrained in its own form').to.equal(broken)
  })

  it('holds the mail addresses of the subject to them, whatever alternative names stand beside', () => {
    const ca = issue('Trung gian', [isCa(), nameConstraints({ permitted: [mail('example.test')] })], root)
    const named = (address: string) => {
      const keys = newKeys()
      const subject = writeName([
        [ATTRIBUTE.commonName, 'Người ký 1'],
        [ATTRIBUTE.emailAddress, address],
      ])
      const toBeSigned = sequence(
        context(0, integer(2)),
        unsignedInteger(newSerial()),
        signatureAlgorithmIdentifier(signatureAlgorithm('ECDSA', 'SHA-256')),
        writeName([[ATTRIBUTE.commonName, ca.name]]),
        sequence(time(notBefore), time(notAfter)),
        subject,
        keys.publicKey.export({ type: 'spki', format: 'der' }),
        context(3, sequence(subjectAltNames(mail('a@example.test')))),
      )
      return { ...ca, ...keys, certificate: signed(toBeSigned, ca.privateKey) }
    }
    expect(verdict(named('b@example.test'), [ca, root])).to.equal(passed)
    expect(verdict(named('b@other.test'), [ca, root])).to.equal(broken)
  })

  it('refuses a subtree with a minimum, a maximum, or no subtree at all', () => {
    const limited = (...subtrees: Uint8Array[]) => [
      isCa(),
      extension('2.5.29.30', true, sequence(...subtrees)),
    ]
    const subtree = (...limits: Uint8Array[]) => context(0, sequence(dns('example.test'), ...limits))
    const target = (ca: Entity) => issue('Người ký 1', [subjectAltNames(dns('a.example.test'))], ca)
    const odd = issue('Trung gian', limited(subtree(Uint8Array.of(0x80, 1, 1))), root)
    expect(verdict(target(odd), [odd, root])).to.equal(broken)
    const empty = issue('Trung gian', limited(), root)
    expect(verdict(target(empty), [empty, root])).to.equal('NO_CERTIFICATE_CHAIN_FOUND')
  })

  it('spares self-issued certificates between, never the last one', () => {
    const limits = nameConstraints({ excluded: [directory('Trung gian')] })
    const ca = issue('Trung gian', [isCa(), limits], root)
    const renewed = issue('Trung gian', [isCa()], ca)
    expect(verdict(issue('Người ký 1', [], renewed), [renewed, ca, root])).to.equal(passed)
    expect(verdict(issue('Trung gian', [], ca), [ca, root])).to.equal(broken)
  })
})

describe('certificate policies (RFC 5280 section 6.1, RFC 9618)', () => {
  const root = issue('Gốc', [isCa(), keyUsage(5, 6)])
  const target = (ca: Entity, ...list: string[]) => issue('Người ký 1', [policies(...list)], ca)

  it('gives the policies of the path, and demands them only when asked or told to', () => {
    const ca = issue('Trung gian', [isCa(), policies(P1, P2)], root)
    const judged = judge(target(ca, P1, P3), [ca, root])
    expect(judged.policies).to.deep.equal([P1])
    expect(judge(target(ca, P3), [ca, root]).policies).to.deep.equal([])
    expect(verdict(target(ca, P3), [ca, root]), 'none, none demanded').to.equal(passed)
    expect(verdict(target(ca, P3), [ca, root], { requireExplicitPolicy: true })).to.equal(broken)
    const accepted = { initialPolicySet: [P2], requireExplicitPolicy: true }
    expect(verdict(target(ca, P1), [ca, root], accepted)).to.equal(broken)
    expect(verdict(target(ca, P2), [ca, root], accepted)).to.equal(passed)
    const strict = issue('Trung gian', [isCa(), policies(P1), policyConstraints({ explicit: 0 })], root)
    expect(verdict(target(strict, P2), [strict, root])).to.equal(broken)
  })

  it('follows mappings, counts them in the terms of the anchor, and obeys their inhibition', () => {
    const demanded = { initialPolicySet: [P1], requireExplicitPolicy: true }
    const ca = issue('Trung gian', [isCa(), policies(P1), policyMappings([P1, P2], [P1, P3])], root)
    expect(verdict(target(ca, P3), [ca, root], demanded)).to.equal(passed)
    expect(verdict(target(ca, P1), [ca, root], demanded), 'mapped away').to.equal(broken)
    expect(verdict(target(ca, P3), [ca, root], { ...demanded, inhibitPolicyMapping: true })).to.equal(broken)
    const any = issue('Trung gian', [isCa(), policies(P1), policyMappings([P1, '2.5.29.32.0'])], root)
    expect(verdict(target(any, P1), [any, root]), 'to any policy').to.equal(broken)
  })

  it('ends with a pass or a refusal where a tree would have 10^10 nodes', () => {
    const list = Array.from({ length: 10 }, (_, i) => `1.2.3.${i + 1}`)
    const everyWay = policyMappings(...list.flatMap((from) => list.map((to) => [from, to] as const)))
    const chain: Entity[] = [root]
    for (let depth = 0; depth < 9; depth += 1) {
      chain.unshift(issue(`Trung gian ${depth}`, [isCa(), policies(...list), everyWay], chain[0]))
    }
    const [lowest = root] = chain
    const demanded = { requireExplicitPolicy: true }
    expect(judge(target(lowest, ...list), chain, demanded).policies?.toSorted()).to.deep.equal(
      list.toSorted(),
    )
    expect(verdict(target(lowest, '1.2.4'), chain, demanded)).to.equal(broken)
  })
})

describe('key purposes along the path', () => {
  const root = issue('Gốc', [isCa(), keyUsage(5, 6)])
  const cases: readonly (readonly [string, string[] | null, string[] | null, Purpose, string])[] = [
    ['an authority without purposes', null, [DOCUMENTS], 'document-signing', passed],
    ['an authority for clients', [CLIENT], null, 'document-signing', passed],
    ['an authority for servers', [SERVER], null, 'document-signing', unfit],
    ['an authority and a signer with nothing in common', [CLIENT], [DOCUMENTS], 'document-signing', unfit],
    ['an authority for any purpose', ['2.5.29.37.0'], [DOCUMENTS], 'document-signing', passed],
    ['a signer for servers', null, [SERVER], 'document-signing', unfit],
    ['whatever, when any purpose will do', [SERVER], [SERVER], 'any', passed],
  ]
  for (const [what, own, below, purpose, expected] of cases) {
    it(`${expected === passed ? 'takes' : 'refuses'} ${what}`, () => {
      const limit = (list: string[] | null) => (list === null ? [] : [extendedKeyUsage(...list)])
      const ca = issue('Trung gian', [isCa(), ...limit(own)], root)
      expect(verdict(issue('Người ký 1', limit(below), ca), [ca, root], { purpose })).to.equal(expected)
    })
  }

  it('wants time-stamping alone and critical, below authorities that allow it', () => {
    const critical = extension('2.5.29.37', true, sequence(oid(STAMPS)))
    const stamp = (ca: Entity, value: Uint8Array) => issue('Dấu thời gian', [keyUsage(0), value], ca)
    const purpose = 'time-stamping'
    const ca = issue('Trung gian', [isCa()], root)
    expect(verdict(stamp(ca, critical), [ca, root], { purpose })).to.equal(passed)
    expect(verdict(stamp(ca, extendedKeyUsage(STAMPS)), [ca, root], { purpose })).to.equal(unfit)
    const clients = issue('Trung gian', [isCa(), extendedKeyUsage(CLIENT)], root)
    expect(verdict(stamp(clients, critical), [clients, root], { purpose })).to.equal(unfit)
  })
})

describe('finding issuers', () => {
  const root = issue('Gốc', [isCa(), keyUsage(5, 6)])
  const identified = (id: number) => extension('2.5.29.14', false, Uint8Array.of(4, 1, id))
  const issuedBy = (id: number) => extension('2.5.29.35', false, sequence(Uint8Array.of(0x80, 1, id)))

  it('takes key identifiers as hints, and says when they contradict', () => {
    const ca = issue('Trung gian', [isCa(), identified(1)], root)
    expect(
      judge(issue('Người ký 1', [issuedBy(1)], ca), [ca, root]).warnings.map(({ code }) => code),
    ).to.deep.equal(['REVOCATION_NOT_CHECKED'])
    const odd = judge(issue('Người ký 1', [issuedBy(2)], ca), [ca, root])
    expect(odd.indication).to.equal(passed)
    expect(odd.warnings.map(({ code }) => code)).to.include('AUTHORITY_KEY_IDENTIFIER_MISMATCH')
  })

  it('tries every certificate of an issuer until a path passes', () => {
    // The same key certified twice: once for clients only by a path that does not fit, once well, by another root.
    const keys = newKeys()
    const other = issue('Gốc khác', [isCa(), keyUsage(5, 6)])
    const unfitting = issue('Trung gian', [isCa(), extendedKeyUsage(SERVER)], root, keys)
    const cross = issue('Trung gian', [isCa()], other, keys)
    const target = issue('Người ký 1', [], cross)
    expect(verdict(target, [unfitting, root])).to.equal(unfit)
    for (const intermediates of [
      [unfitting.certificate, cross.certificate],
      [cross.certificate, unfitting.certificate],
    ]) {
      const judged = judge(target, [root], {
        intermediates,
        trustAnchors: [root.certificate, other.certificate],
      })
      expect(judged.indication).to.equal(passed)
      expect(judged.path.map((der) => Buffer.from(der).toString('hex'))).to.deep.equal(
        [target, cross, other].map(({ certificate }) => Buffer.from(certificate).toString('hex')),
      )
    }
  })

  it('refuses unknown critical extensions anywhere, and hints marked critical', () => {
    const strange = extension('1.2.3.4.5', true, Uint8Array.of(5, 0))
    const ca = issue('Trung gian', [isCa(), strange], root)
    expect(verdict(issue('Người ký 1', [], ca), [ca, root])).to.equal(broken)
    expect(verdict(issue('Người ký 1', [strange], root), [root])).to.equal(broken)
    const hint = extension('2.5.29.14', true, Uint8Array.of(4, 1, 1))
    expect(verdict(issue('Người ký 1', [hint], root), [root])).to.equal(broken)
  })
})
