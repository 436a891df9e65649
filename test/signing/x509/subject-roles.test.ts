import { generateKeyPairSync } from 'node:crypto'
import { expect } from 'chai'
import { makeTestPki } from '../../../fixtures/pki/make-pki.ts'
import { SigningError } from '../../../signing/errors.ts'
import { judgeCertificate } from '../../../signing/x509/judge-certificate.ts'
import { ATTRIBUTE } from '../../../signing/x509/name.ts'
import { agencyCodeOf, type RoleRule, roleOf } from '../../../signing/x509/subject-roles.ts'
import {
  newSerial,
  type SubjectAttributes,
  writeCertificate,
} from '../../../signing/x509/write-certificate.ts'

const { commonName, organization, organizationalUnit, title, surname, userId } = ATTRIBUTE
const key = generateKeyPairSync('ec', { namedCurve: 'P-256' })

function certify(subject: SubjectAttributes, extendedKeyUsage?: readonly string[]): Uint8Array {
  const name = [[commonName, 'CA thử nghiệm']] as const
  const template = {
    subject,
    publicKey: key.publicKey,
    notBefore: new Date('2026-01-01T00:00:00Z'),
    notAfter: new Date('2027-01-01T00:00:00Z'),
    keyUsage: [0],
    ...(extendedKeyUsage === undefined ? {} : { extendedKeyUsage }),
  }
  return writeCertificate(template, { name, ...key }, newSerial())
}

describe('role of a signer', () => {
  const agency = 'Ủy ban nhân dân xã thử nghiệm'

  it('reads the roles of the test PKI', async () => {
    const { samples } = await makeTestPki({ seedTime: new Date('2026-03-02T08:00:00Z') })
    expect(roleOf(samples.individual.certificate)).to.equal('individual')
    expect(roleOf(samples.agency.certificate)).to.equal('agency')
    expect(roleOf(samples.node.certificate)).to.equal('unknown')
    expect(agencyCodeOf(samples.individual.certificate)).to.equal('H40.12.3')
    expect(agencyCodeOf(samples.agency.certificate)).to.equal('H40.12.3')
    expect(agencyCodeOf(samples.node.certificate)).to.equal(null)
  })

  const rows: readonly (readonly [string, SubjectAttributes, string])[] = [
    [
      'title',
      [
        [organization, agency],
        [title, 'Chủ tịch'],
        [commonName, 'Người ký 1'],
      ],
      'individual',
    ],
    [
      'title, name equal to the agency',
      [
        [organization, agency],
        [title, 'Chánh Văn phòng'],
        [commonName, agency],
      ],
      'individual',
    ],
    [
      'surname',
      [
        [surname, 'Người'],
        [commonName, 'Người ký 1'],
      ],
      'individual',
    ],
    [
      'name of the agency',
      [
        [organization, agency],
        [commonName, agency],
      ],
      'agency',
    ],
    [
      'the same in another case and Unicode form',
      [
        [organization, agency.toUpperCase().normalize('NFD')],
        [commonName, agency],
      ],
      'agency',
    ],
    [
      'a unit of the agency',
      [
        [organization, agency],
        [commonName, 'Văn phòng'],
      ],
      'unknown',
    ],
    ['a name alone', [[commonName, agency]], 'unknown'],
    ['nothing', [], 'unknown'],
  ]
  for (const [what, subject, role] of rows) {
    it(`${what}: ${role}`, () => {
      expect(roleOf(certify(subject))).to.equal(role)
    })
  }

  it('knows a time-stamping authority by its key purpose', () => {
    const subject = [
      [organization, agency],
      [commonName, agency],
    ] as const
    expect(roleOf(certify(subject, ['1.3.6.1.5.5.7.3.8']))).to.equal('timestamp')
    expect(roleOf(certify(subject, ['1.3.6.1.5.5.7.3.4']))).to.equal('agency')
  })

  it('follows another table when one is given', () => {
    const rules: RoleRule[] = [
      { role: 'agency', matches: { type: organizationalUnit, pattern: '^Con dấu' } },
      { role: 'individual', anyOf: [userId], noneOf: [organizationalUnit] },
    ]
    expect(
      roleOf(
        certify([
          [organizationalUnit, 'Con dấu số'],
          [commonName, 'x'],
        ]),
        rules,
      ),
    ).to.equal('agency')
    expect(
      roleOf(
        certify([
          [userId, 'CMND:1'],
          [commonName, 'x'],
        ]),
        rules,
      ),
    ).to.equal('individual')
    expect(
      roleOf(
        certify([
          [userId, 'CMND:1'],
          [organizationalUnit, 'Phòng'],
        ]),
        rules,
      ),
    ).to.equal('unknown')
    expect(
      roleOf(
        certify([
          [organization, agency],
          [commonName, agency],
        ]),
        rules,
      ),
    ).to.equal('unknown')
    const policy = {
      trustAnchors: [],
      untrusted: [],
      crls: [],
      ocspResponses: [],
      time: new Date('2026-03-02T08:00:00Z'),
      requireRevocation: false,
      legacy: false,
      profile: 'any',
      roleRules: rules,
    } as const
    expect(judgeCertificate(certify([[userId, 'CMND:1']]), [], policy).role).to.equal('individual')
  })

  it('finds the agency code where a table says it stands', () => {
    const certificate = certify([
      [userId, 'MST:1'],
      [userId, 'MDD:H40.12.3'],
      [commonName, agency],
    ])
    expect(agencyCodeOf(certificate, [{ type: userId, pattern: '^MDD:(.+)$' }])).to.equal('H40.12.3')
    expect(agencyCodeOf(certificate, [{ type: userId }])).to.equal('MST:1')
    expect(agencyCodeOf(certificate)).to.equal(null)
  })

  it('refuses what is no certificate', () => {
    expect(() => roleOf(Buffer.from('rác'))).to.throw(SigningError)
  })
})
