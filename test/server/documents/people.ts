import { randomUUID } from 'node:crypto'
import type { Knex } from 'knex'
import type { IssuedCertificate } from '../../../fixtures/pki/make-pki.ts'
import type { AgencyRole, UserActor } from '../../../server/actor.ts'
import { addLetterFields, individualSignatureField } from '../../../signing/index.ts'
import { letter, NOW, type TestAgency, type TestNode } from './support.ts'

/** A person with an account and a role, and where wanted a certificate of their own. */
export interface TestPerson {
  readonly actor: UserActor
  readonly certificate: IssuedCertificate
}

/** An account in the database with a role in the agency; its owner's certificate bears the same name. */
export async function addPerson(
  node: TestNode,
  agency: TestAgency,
  person: { readonly name: string; readonly title: string; readonly role: AgencyRole },
): Promise<TestPerson> {
  const userId = randomUUID()
  const actor: UserActor = {
    kind: 'user',
    userId,
    login: `u.${userId.slice(0, 8)}`,
    displayName: person.name,
    agencyId: agency.agencyId,
    roles: [person.role],
  }
  await insertAccount(node, actor, person.role)
  const certificate = node.pki.issueIndividual({
    organization: 'Ủy ban nhân dân xã thử nghiệm',
    agencyCode: agency.code,
    commonName: person.name,
    title: person.title,
  })
  return { actor, certificate }
}

/** The account of somebody who acts already. */
export async function insertAccount(node: TestNode, actor: UserActor, role: AgencyRole): Promise<void> {
  await node.database.db.asNode(async (trx: Knex) => {
    await trx('users').insert({
      id: actor.userId,
      login: actor.login.toLowerCase(),
      display_name: actor.displayName,
      password_hash: 'x',
      created_at: NOW,
    })
    await trx('memberships').insert({
      agency_id: actor.agencyId,
      user_id: actor.userId,
      role,
      granted_at: NOW,
    })
  })
}

/** A letter that so many sign, each in a field of their own beside the first one's. */
export async function letterFor(signers: number, subject?: string): Promise<Uint8Array> {
  const pdf = await letter(subject)
  const more = Array.from({ length: signers - 1 }, (_, index) => ({
    name: individualSignatureField(index + 2),
    place: { page: 1, left: 60, bottom: 40 + index * 60, width: 120, height: 50 },
  }))
  return more.length === 0 ? pdf : addLetterFields(pdf, more)
}
