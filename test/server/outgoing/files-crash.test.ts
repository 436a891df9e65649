import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import type { UserActor } from '../../../server/actor.ts'
import { grantCopyAuthority } from '../../../server/copies/copy-authorities.ts'
import { copyRequest } from '../../../server/copies/copy-request.ts'
import { issueCopy } from '../../../server/copies/issue-copy.ts'
import { makeCopy } from '../../../server/copies/make-copy.ts'
import { uploadCopy } from '../../../server/copies/upload-copy.ts'
import { readFileList } from '../../../server/documents/read-files.ts'
import { addSignature } from '../../../server/outgoing/add-signature.ts'
import { attachFile } from '../../../server/outgoing/attach-file.ts'
import { endQuarantine } from '../../../server/outgoing/end-quarantine.ts'
import { numberDocument } from '../../../server/outgoing/number-document.ts'
import { removeFile } from '../../../server/outgoing/remove-file.ts'
import { signSeparateFile } from '../../../server/outgoing/sign-separate-file.ts'
import { scan } from '../copies/scans.ts'
import { dyingNode, Killed, type Moment } from '../documents/faults.ts'
import {
  download,
  openTestNode,
  signAsIndividual,
  signLetter,
  type TestNode,
  toDraft,
} from '../documents/support.ts'

/** An act that is asked twice with one key, and what has become of it. */
type Act = (node: TestNode, actor: UserActor) => Promise<unknown>

describe('documents: a process killed while files and copies are stored', () => {
  let node: TestNode
  let authorityId: string
  let pdf: Uint8Array
  before(async () => {
    node = await openTestNode()
    pdf = await scan()
    const named = { name: 'Người ký 1', position: 'Chủ tịch', competence: null, userId: null }
    const term = { validFrom: '2026-01-01', validTo: null }
    authorityId = (await grantCopyAuthority(node.context, node.one.leader, { ...named, ...term })).id
  })
  after(() => node.close())

  const attach =
    (id: string, name: string, bytes: Uint8Array): Act =>
    ({ context, services }, actor) =>
      attachFile(context, services, actor, {
        id,
        kind: name.endsWith('.pdf') ? 'annex' : 'attachment',
        name,
        bytes,
        rename: false,
        declaredFreeOfSecrets: true,
      })

  /** Kills the process before and after every durable step of an act; asked again, it has happened once. */
  async function killEverywhere(begin: () => Promise<Act>, expectOnce: (where: string) => Promise<void>) {
    const counting = dyingNode(node, Number.POSITIVE_INFINITY, 'before')
    const claimed = () => ({ ...node.one.clerk, idempotency: { key: randomUUID(), requestSha256: 'a' } })
    await (await begin())(counting.node, claimed())
    const steps = counting.steps()
    expect(steps).to.be.greaterThan(0)
    for (let step = 1; step <= steps; step += 1) {
      for (const moment of ['before', 'after'] satisfies Moment[]) {
        const act = await begin()
        const actor = claimed()
        const killed: unknown = await act(dyingNode(node, step, moment).node, actor).catch(
          (error: unknown) => error,
        )
        expect(killed, `${moment} step ${step}`).to.be.instanceOf(Killed)
        const answer = await act(node, actor)
        expect(await act(node, actor)).to.deep.equal(answer)
        await expectOnce(`${moment} step ${step}`)
      }
    }
  }

  it('attaches a file once, and takes it away once', async () => {
    const id = await toDraft(node)
    let count = 0
    const names = async () => (await readFileList(node.context, node.one.clerk, id)).map((one) => one.name)
    const begin = async () => {
      count += 1
      return attach(id, `tep-${count}.csv`, Buffer.from(`stt,${count}\n`))
    }
    await killEverywhere(begin, async (where) => {
      expect(
        (await names()).filter((name) => name === `tep-${count}.csv`),
        where,
      ).to.have.length(1)
    })
    const beginRemoval = async (): Promise<Act> => {
      const last = (await readFileList(node.context, node.one.clerk, id)).at(-1)
      const position = last?.position ?? 0
      return ({ context, services }, actor) => removeFile(context, services, actor, { id, position })
    }
    const before = (await names()).length
    let removed = 1
    await killEverywhere(beginRemoval, async (where) => {
      removed += 1
      expect(await names(), where).to.have.length(before - removed)
    })
  })

  it('signs a separate file once', async () => {
    const { context, services, one } = node
    const id = await toDraft(node)
    for (let count = 1; count <= 12; count += 1)
      await attach(id, `phu-luc-${count}.pdf`, pdf)(node, one.clerk)
    const signed = await signAsIndividual(await download(node, one.leader, id), one.individual)
    await addSignature(context, services, one.leader, { id, bytes: signed })
    await numberDocument(context, services, one.clerk, id)
    const annex = await signLetter(pdf, one.agency, 'CoQuan')
    let position = 1
    const begin = async (): Promise<Act> => {
      position += 1
      const upload = { id, position, bytes: annex }
      return (at, actor) => signSeparateFile(at.context, at.services, actor, upload)
    }
    await killEverywhere(begin, async (where) => {
      const files = await readFileList(context, one.clerk, id)
      const done = files.filter((file) => file.kind === 'annex' && file.signature !== null)
      expect(done, where).to.have.length(position - 1)
    })
  })

  it('takes the scan of a copy once, and issues it once', async () => {
    const { context, services, one } = node
    const paper = {
      kind: 'Quyết định',
      subject: 'Về việc thử nghiệm sao văn bản',
      number: '15',
      symbol: 'QĐ-UBND',
      date: '2019-06-29',
      agency: 'Ủy ban nhân dân xã thử nghiệm',
      signer: { name: 'Người ký 2' },
    }
    const request = copyRequest.parse({
      form: 'sao-y',
      from: 'paper',
      to: 'electronic',
      source: { paper },
      authorityId,
    })
    let id = ''
    const waiting = async () => {
      id = (await makeCopy(context, one.clerk, request)).documentId ?? ''
    }
    const kinds = async () =>
      context.db.asAgency({ agencyId: one.agencyId }, (trx) =>
        trx('document_revisions').where({ document_id: id }).orderBy('revision').pluck<string[]>('kind'),
      )
    const beginScan = async (): Promise<Act> => {
      await waiting()
      const upload = { id, bytes: pdf }
      return (at, actor) => uploadCopy(at.context, at.services, actor, upload)
    }
    await killEverywhere(beginScan, async (where) => {
      expect(await kinds(), where).to.deep.equal(['draft'])
    })
    const signed = await signLetter(pdf, one.agency, 'CoQuan')
    const beginIssue = async (): Promise<Act> => {
      await waiting()
      await uploadCopy(context, services, one.clerk, { id, bytes: pdf })
      await endQuarantine(context, services, one.clerk, { id, stateSecret: false, scanDeclared: true })
      const upload = { id, bytes: signed }
      return (at, actor) => issueCopy(at.context, at.services, actor, upload)
    }
    await killEverywhere(beginIssue, async (where) => {
      expect(await kinds(), where).to.deep.equal(['draft', 'issued'])
    })
  })
})
