/**
 * The demo's people and their keys: the clients' side. Keys are PKCS#12 files made for this run by the test PKI;
 * no node ever reads them. Titles stand for people: nobody is named.
 */
import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { IssuedCertificate, TestPki } from '../../fixtures/pki/make-pki.ts'
import type { NodeId, Places } from './places.ts'

export interface DemoAgency {
  readonly code: string
  readonly name: string
  readonly node: NodeId
}

export const agencies = {
  commune: { code: 'H40.19.6', name: 'Ủy ban nhân dân xã Hải Minh', node: 'xa' },
  district: { code: 'H40.19', name: 'Ủy ban nhân dân huyện Hải Hậu', node: 'huyen' },
  province: { code: 'H40', name: 'Ủy ban nhân dân tỉnh Nam Định', node: 'tinh' },
  department: { code: 'H40.4', name: 'Sở Nội vụ tỉnh Nam Định', node: 'tinh' },
  government: { code: 'G22', name: 'Văn phòng Chính phủ', node: 'tw' },
} as const satisfies Record<string, DemoAgency>

export type AgencyKey = keyof typeof agencies

export interface Person {
  readonly login: string
  readonly title: string
  readonly agency: AgencyKey
  readonly role: 'clerk' | 'leader' | 'auditor'
  /** Whose key the person holds: an own one to sign with, or the agency's (NĐ 30/2020 art 32.2c). */
  readonly holds: 'individual' | 'agency' | 'none'
}

/** Everybody in the demo. Leaders sign, clerks issue, send and receive. */
export const people = {
  communeClerk: { login: 'vt.xa', title: 'Văn thư', agency: 'commune', role: 'clerk', holds: 'agency' },
  communeChair: { login: 'ct.xa', title: 'Chủ tịch', agency: 'commune', role: 'leader', holds: 'individual' },
  communeAuditor: { login: 'kt.xa', title: 'Kiểm tra', agency: 'commune', role: 'auditor', holds: 'none' },
  districtClerk: { login: 'vt.huyen', title: 'Văn thư', agency: 'district', role: 'clerk', holds: 'agency' },
  provinceClerk: { login: 'vt.tinh', title: 'Văn thư', agency: 'province', role: 'clerk', holds: 'agency' },
  departmentClerk: { login: 'vt.so', title: 'Văn thư', agency: 'department', role: 'clerk', holds: 'agency' },
  governmentClerk: { login: 'vt.tw', title: 'Văn thư', agency: 'government', role: 'clerk', holds: 'agency' },
  governmentLeader: {
    login: 'ld.tw',
    title: 'Bộ trưởng, Chủ nhiệm',
    agency: 'government',
    role: 'leader',
    holds: 'individual',
  },
} as const satisfies Record<string, Person>

export type PersonKey = keyof typeof people

const secretsForm = z.strictObject({
  login: z.string(),
  password: z.string(),
  keyPassword: z.string().nullable(),
})

/** What a person keeps on his own machine. */
export interface PersonSecrets {
  readonly login: string
  readonly password: string
  /** Absent for who holds no key. */
  readonly key: { readonly file: string; readonly passwordFile: string } | undefined
}

/** Makes a person's password and key files, readable by their owner only. */
export function writeSecrets(places: Places, key: PersonKey, pki: TestPki): PersonSecrets {
  const person: Person = people[key]
  const folder = join(places.peopleFolder, person.login)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const issued = issueKey(person, pki)
  const keyPassword = issued === undefined ? null : randomBytes(18).toString('base64url')
  if (issued !== undefined && keyPassword !== null) {
    writeFileSync(join(folder, 'key.p12'), issued.pkcs12(keyPassword), { mode: 0o600 })
    writeFileSync(join(folder, 'key.password'), `${keyPassword}\n`, { mode: 0o600 })
  }
  const secrets = { login: person.login, password: randomBytes(12).toString('base64url'), keyPassword }
  writeFileSync(join(folder, 'password'), `${secrets.password}\n`, { mode: 0o600 })
  writeFileSync(join(folder, 'secrets.json'), JSON.stringify(secrets), { mode: 0o600 })
  return readSecrets(places, key)
}

export function readSecrets(places: Places, key: PersonKey): PersonSecrets {
  const person: Person = people[key]
  const folder = join(places.peopleFolder, person.login)
  const secrets = secretsForm.parse(JSON.parse(readFileSync(join(folder, 'secrets.json'), 'utf8')))
  return {
    login: secrets.login,
    password: secrets.password,
    key:
      secrets.keyPassword === null
        ? undefined
        : { file: join(folder, 'key.p12'), passwordFile: join(folder, 'key.password') },
  }
}

function issueKey(person: Person, pki: TestPki): IssuedCertificate | undefined {
  const { code, name } = agencies[person.agency]
  if (person.holds === 'agency') return pki.issueAgency({ organization: name, agencyCode: code })
  if (person.holds === 'none') return undefined
  return pki.issueIndividual({
    commonName: `${person.title} ${name}`,
    title: person.title,
    organization: name,
    agencyCode: code,
  })
}
