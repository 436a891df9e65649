/** Four nodes from commune to centre, and what both sides of a recall do. */
import { expect } from 'chai'
import { readDetails } from '../../../server/documents/read-document.ts'
import { answerRecall } from '../../../server/incoming/answer-recall.ts'
import { type DispatchResult, dispatchDocument } from '../../../server/relay/dispatch.ts'
import { type RecallResult, recallDocument } from '../../../server/relay/recall-document.ts'
import type { RelayDeps } from '../../../server/relay/relay-deps.ts'
import { trackDocument } from '../../../server/relay/track.ts'
import { type Network, openNetwork } from './network.ts'
import { issue, type Office, openOffice, received, verify } from './office.ts'

export const SENDER = 'H40.12.3'
export const REASON = 'Văn bản ban hành sai thẩm quyền'

export interface Tree {
  readonly network: Network
  readonly sender: Office
  readonly centre: Office
  readonly district: Office
  deps(code: string): RelayDeps
  /** Issues a document and hands it to the relay; nothing has left yet. */
  send(to: readonly string[]): Promise<{ id: string; sent: DispatchResult }>
  /** The document that an office got with an envelope, verified. */
  arrived(office: Office, envelope: string): Promise<string>
  /** Recalls by a notice that is issued for it. */
  recall(id: string, recipients?: readonly string[]): Promise<RecallResult & { notice: string }>
  answer(office: Office, id: string, agree: boolean, text?: string): Promise<string>
  recallOf(office: Office, id: string): Promise<string | null>
  /** Of each recipient the codes of its statuses, and what was answered to the recall. */
  tracked(id: string): Promise<Record<string, { codes: string; answer: string | null }>>
}

export async function openRecallTree(): Promise<Tree> {
  const network = await openNetwork([
    {
      id: 'tw',
      parent: null,
      agencies: [
        { code: 'G22', name: 'Văn phòng thử nghiệm' },
        { code: 'G23', name: 'Cục thử nghiệm' },
      ],
    },
    { id: 'tinh', parent: 'tw', agencies: [{ code: 'H40', name: 'Tỉnh thử nghiệm' }] },
    { id: 'huyen', parent: 'tinh', agencies: [{ code: 'H40.12', name: 'Huyện thử nghiệm' }] },
    { id: 'xa', parent: 'huyen', agencies: [{ code: SENDER, name: 'Xã thử nghiệm' }] },
  ])
  const sender = await openOffice(network, SENDER)
  const deps = (code: string) => network.agency(code).node.deps
  return {
    network,
    sender,
    centre: await openOffice(network, 'G22'),
    district: await openOffice(network, 'H40.12'),
    deps,
    async send(to) {
      const { id } = await issue(sender, [])
      const request = { documentId: id, recipients: to }
      return { id, sent: await dispatchDocument(deps(SENDER), sender.clerk, request) }
    },
    async arrived(office, envelope) {
      const id = await received(office, envelope)
      await verify(office, id)
      return id
    },
    async recall(id, recipients) {
      const { id: notice } = await issue(sender, [])
      const request = { documentId: id, noticeId: notice, reason: REASON }
      const wish = recipients === undefined ? request : { ...request, recipients }
      return { ...(await recallDocument(deps(SENDER), sender.clerk, wish)), notice }
    },
    async answer(office, id, agree, text) {
      const { context, services, clerk } = office
      return (await answerRecall(context, services, clerk, { id, agree, text })).recall
    },
    async recallOf(office, id) {
      return (await readDetails(office.context, office.clerk, id)).document.recall
    },
    async tracked(id) {
      const found = await trackDocument(sender.context, sender.clerk, id)
      return Object.fromEntries(
        found.map((one) => [
          one.recipient,
          {
            codes: one.statuses.map((status) => status.code).join(' '),
            answer: one.recall?.answer?.code ?? null,
          },
        ]),
      )
    },
  }
}

/** The code of the error with which something ends. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => expect.fail('it was done'),
    (caught: unknown) => caught,
  )
  return String((error as { code?: unknown }).code ?? error)
}
