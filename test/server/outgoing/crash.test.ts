import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import type { UserActor } from '../../../server/actor.ts'
import { readDetails } from '../../../server/documents/read-document.ts'
import type { CongvanError } from '../../../server/errors.ts'
import { addSignature } from '../../../server/outgoing/add-signature.ts'
import { issueDocument } from '../../../server/outgoing/issue-document.ts'
import { numberDocument } from '../../../server/outgoing/number-document.ts'
import { presentDocument } from '../../../server/outgoing/present-document.ts'
import { returnDocument } from '../../../server/outgoing/return-document.ts'
import { reviseDraft } from '../../../server/outgoing/revise-draft.ts'
import { GENERAL_SERIES } from '../../../server/registers/register.ts'
import { readRegister } from '../../../server/registers/register-store.ts'
import { dyingNode, Killed, type Moment } from '../documents/faults.ts'
import { insertAccount } from '../documents/people.ts'
import {
  download,
  letter,
  logOf,
  openTestNode,
  signAsAgency,
  signAsIndividual,
  type TestNode,
  toDraft,
  toNumbered,
  toSigned,
} from '../documents/support.ts'

type Act = (node: TestNode, actor: UserActor) => Promise<{ state: string; revision: number }>

interface Journey {
  readonly name: string
  readonly actor: (node: TestNode) => UserActor
  /** A document just before the act, and the act. */
  readonly begin: (node: TestNode) => Promise<{ id: string; act: Act }>
  readonly kinds: readonly string[]
  readonly revisions: readonly string[]
}

const journeys: readonly Journey[] = [
  {
    name: 'the individual’s signature',
    actor: (node) => node.one.leader,
    async begin(node) {
      const id = await toDraft(node)
      const bytes = await signAsIndividual(await download(node, node.one.leader, id), node.one.individual)
      return {
        id,
        act: ({ context, services }, actor) => addSignature(context, services, actor, { id, bytes }),
      }
    },
    kinds: ['document.signed-individual'],
    revisions: ['draft', 'individual'],
  },
  {
    name: 'the presentation',
    actor: (node) => node.one.clerk,
    async begin(node) {
      const id = await toDraft(node)
      const signers = [{ user: node.one.leader.login }]
      return {
        id,
        act: async ({ context, services }, actor) => {
          const done = await presentDocument(context, services, actor, { id, signers })
          return { ...done, revision: 1 }
        },
      }
    },
    kinds: ['document.presented'],
    revisions: ['draft'],
  },
  {
    name: 'a new version of what was signed',
    actor: (node) => node.one.clerk,
    async begin(node) {
      const id = await toSigned(node)
      const bytes = await letter('bản thay')
      return {
        id,
        act: ({ context, services }, actor) =>
          reviseDraft(context, services, actor, { id, bytes, scanDeclared: false }),
      }
    },
    kinds: ['document.revised'],
    revisions: ['draft', 'individual', 'draft'],
  },
  {
    name: 'the return of what was signed',
    actor: (node) => node.one.leader,
    async begin(node) {
      const id = await toSigned(node)
      return {
        id,
        act: async ({ context }, actor) => {
          const done = await returnDocument(context, actor, { id, remark: 'Sửa' })
          return { ...done, revision: 3 }
        },
      }
    },
    kinds: ['document.returned'],
    revisions: ['draft', 'individual', 'draft'],
  },
  {
    name: 'the number',
    actor: (node) => node.one.clerk,
    async begin(node) {
      const id = await toSigned(node)
      return { id, act: ({ context, services }, actor) => numberDocument(context, services, actor, id) }
    },
    kinds: ['document.numbered', 'document.number-filled'],
    revisions: ['draft', 'individual', 'fill'],
  },
  {
    name: 'the issue',
    actor: (node) => node.one.clerk,
    async begin(node) {
      const id = await toNumbered(node)
      const bytes = await signAsAgency(await download(node, node.one.clerk, id), node.one.agency)
      return {
        id,
        act: ({ context, services }, actor) => issueDocument(context, services, actor, { id, bytes }),
      }
    },
    kinds: ['document.issued'],
    revisions: ['draft', 'individual', 'fill', 'issued'],
  },
]

describe('documents: a process killed at each durable step', () => {
  let node: TestNode
  before(async () => {
    node = await openTestNode()
    await insertAccount(node, node.one.leader, 'leader')
  })
  after(() => node.close())

  const claimed = (actor: UserActor): UserActor => ({
    ...actor,
    idempotency: { key: randomUUID(), requestSha256: 'a' },
  })

  for (const journey of journeys) {
    it(`${journey.name}: asked again with the same key, it has happened once`, async () => {
      const counting = dyingNode(node, Number.POSITIVE_INFINITY, 'before')
      const first = await journey.begin(node)
      await first.act(counting.node, claimed(journey.actor(node)))
      const steps = counting.steps()
      expect(steps).to.be.greaterThan(0)
      for (let step = 1; step <= steps; step += 1) {
        for (const moment of ['before', 'after'] satisfies Moment[]) {
          const { id, act } = await journey.begin(node)
          const actor = claimed(journey.actor(node))
          const killed: unknown = await act(dyingNode(node, step, moment).node, actor).catch(
            (error: unknown) => error,
          )
          expect(killed, `${moment} step ${step}`).to.be.instanceOf(Killed)
          const answer = await act(node, actor)
          expect(await act(node, actor)).to.deep.equal(answer)
          await expectOnce(id, journey, answer.revision, `${moment} step ${step}`)
        }
      }
      await expectGapless()
    })
  }

  it('asked again without a key, the number is the same and everything else is a clean error', async () => {
    for (const journey of journeys) {
      const { id, act } = await journey.begin(node)
      const actor = journey.actor(node)
      const answer = await act(node, actor)
      const again: unknown = await act(node, actor).catch((error: unknown) => error)
      if (journey.kinds.includes('document.numbered')) expect(again).to.deep.equal(answer)
      else if (journey.kinds.includes('document.revised')) continue
      else expect((again as CongvanError).code).to.equal('DOCUMENT_STATE_WRONG')
      await expectOnce(id, journey, answer.revision, journey.name)
    }
  })

  async function expectOnce(id: string, journey: Journey, revision: number, where: string): Promise<void> {
    const { revisions } = await readDetails(node.context, node.one.clerk, id)
    expect(
      revisions.map((one) => one.kind),
      where,
    ).to.deep.equal(journey.revisions)
    expect(revision, where).to.equal(journey.revisions.length)
    const entries = (await logOf(node, node.one)).filter(
      (entry) => journey.kinds.includes(entry.kind) && entry.text.includes(id),
    )
    expect(
      entries.map((entry) => entry.kind),
      where,
    ).to.deep.equal(journey.kinds)
  }

  async function expectGapless(): Promise<void> {
    const lines = await node.database.db.asAgency({ agencyId: node.one.agencyId }, (trx) =>
      readRegister(trx, GENERAL_SERIES, 2026),
    )
    expect(lines.map((line) => line.number)).to.deep.equal(lines.map((_, index) => index + 1))
    expect(new Set(lines.map((line) => line.documentId)).size).to.equal(lines.length)
  }
})
