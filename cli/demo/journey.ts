/**
 * The first journey: a commune's letter to the district, the province, a department and the Government Office, and
 * a directive of the Government Office down to all of them. Every act of a person goes through the client that
 * `congvan` itself uses, with the person's key on this side.
 */
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { type LetterContent, makeLetter } from '../../fixtures/documents/letter.ts'
import { centralDirective, communeLetter } from '../../fixtures/documents/sample-letters.ts'
import { CongvanError } from '../../server/errors.ts'
import { type KeyProvider, loadPkcs12 } from '../../signing/index.ts'
import { ApiClient } from '../client/api-client.ts'
import { type Delivery, dispatchDocument, trackDocument } from '../client/deliveries.ts'
import { draftDocument } from '../client/draft-document.ts'
import { acceptedForm, type Document, pageForm, stateForm } from '../client/forms.ts'
import { issueDocument, signDocument } from '../client/sign-revision.ts'
import { type AgencyKey, agencies, type PersonKey, people, readSecrets } from './people.ts'
import type { Places } from './places.ts'

/** How long one thing is waited for before the demo gives up; a node that was killed starts again meanwhile. */
const PATIENCE_MS = 60_000

/** What a recipient does with the document. */
export type Answer = 'accept' | 'refuse'

/** What is sent, by whom, to whom, and what each recipient's clerk does. */
export interface Mission {
  readonly content: LetterContent
  readonly kind: string
  readonly clerk: PersonKey
  readonly signer: PersonKey
  readonly answers: Readonly<Partial<Record<AgencyKey, Answer>>>
}

export const letterUp: Mission = {
  content: communeLetter,
  kind: 'Công văn',
  clerk: 'communeClerk',
  signer: 'communeChair',
  answers: { district: 'accept', province: 'accept', department: 'refuse', government: 'accept' },
}

export const directiveDown: Mission = {
  content: centralDirective,
  kind: 'Chỉ thị',
  clerk: 'governmentClerk',
  signer: 'governmentLeader',
  answers: { province: 'accept', department: 'accept', district: 'accept', commune: 'accept' },
}

export interface SentDocument {
  readonly mission: Mission
  readonly id: string
  /** Số/ký hiệu as printed. */
  readonly number: string
  readonly sha256: string
}

export interface ReceivedDocument {
  readonly agency: AgencyKey
  readonly bytes: Uint8Array
}

const clerkOf: Readonly<Record<AgencyKey, PersonKey>> = {
  commune: 'communeClerk',
  district: 'districtClerk',
  province: 'provinceClerk',
  department: 'departmentClerk',
  government: 'governmentClerk',
}

const sessionForm = z.object({ token: z.string() })

/** The people of the demo at their machines. */
export class Offices {
  private readonly places: Places
  private readonly clients = new Map<PersonKey, Promise<ApiClient>>()

  constructor(places: Places) {
    this.places = places
  }

  /** A person signed in to the node that hosts the person's agency. */
  client(person: PersonKey): Promise<ApiClient> {
    const known = this.clients.get(person)
    if (known !== undefined) return known
    const made = this.signIn(person)
    this.clients.set(person, made)
    return made
  }

  key(person: PersonKey): KeyProvider {
    const { key } = readSecrets(this.places, person)
    if (key === undefined) throw new Error(`${person} holds no key`)
    return loadPkcs12(readFileSync(key.file), readFileSync(key.passwordFile, 'utf8').trim())
  }

  private async signIn(person: PersonKey): Promise<ApiClient> {
    const url = this.places.url(agencies[people[person].agency].node)
    const { login, password } = readSecrets(this.places, person)
    const anonymous = new ApiClient({ url, retries: 6 })
    const { token } = await anonymous.post('/session', sessionForm, { json: { login, password } })
    return new ApiClient({ url, token, retries: 6 })
  }
}

/** Draft, individual signature, issue with the agency's signature, dispatch. */
export async function sendDocument(
  offices: Offices,
  mission: Mission,
  now: () => Date,
): Promise<SentDocument> {
  const { content } = mission
  const clerk = await offices.client(mission.clerk)
  const pdf = await makeLetter({ ...content, created: now() })
  const recipients = (Object.keys(mission.answers) as AgencyKey[]).map((key) => agencies[key].code)
  await knowsAll(clerk, recipients)
  const signer = people[mission.signer]
  const { id } = await draftDocument(clerk, pdf, {
    kind: mission.kind,
    subject: content.subject,
    symbol: content.symbol,
    urgency: 0,
    recipients,
    place: content.place,
    signer: {
      name: `${signer.title} ${agencies[signer.agency].name}`,
      position: signer.title,
      ...(content.signerTitle[0] === undefined ? {} : { competence: content.signerTitle[0] }),
    },
    declaredFreeOfSecrets: true,
  })
  await signDocument(await offices.client(mission.signer), id, offices.key(mission.signer), now())
  const issued = await issueDocument(clerk, id, offices.key(mission.clerk), now())
  await dispatchDocument(clerk, id, recipients)
  return { mission, id, number: issued.number, sha256: issued.sha256 }
}

const agenciesForm = z.object({ agencies: z.array(z.unknown()) })

/** The directory reaches a new node in a moment; a recipient it does not know yet is waited for. */
async function knowsAll(client: ApiClient, codes: readonly string[]): Promise<void> {
  for (const code of codes) {
    await until(`directory entry of ${code}`, async () => {
      const found = await client.get('/agencies', agenciesForm, { query: { code } })
      return found.agencies.length > 0 ? true : undefined
    })
  }
}

/** The recipient's clerk waits for the document, opens it and answers as the mission says. */
export async function receiveDocument(
  offices: Offices,
  sent: SentDocument,
  agency: AgencyKey,
): Promise<ReceivedDocument> {
  const client = await offices.client(clerkOf[agency])
  const sender = agencies[people[sent.mission.clerk].agency].code
  const found = await until(`${sent.number} at ${agency}`, async () => {
    const { items } = await client.get('/documents', pageForm, {
      query: { direction: 'incoming', limit: '200' },
    })
    return items.find((one) => isThis(one, sent, sender) && one.state !== 'arrived')
  })
  const bytes = await client.getBytes(`/documents/${found.id}/file`)
  if (found.state === 'verified') await answer(client, found.id, sent.mission.answers[agency] ?? 'accept')
  return { agency, bytes }
}

function isThis(one: Document, sent: SentDocument, sender: string): boolean {
  return one.incoming?.senderCode === sender && `${one.code.number}/${one.code.notation}` === sent.number
}

async function answer(client: ApiClient, id: string, how: Answer): Promise<void> {
  if (how === 'refuse') {
    const text = 'Nội dung thuộc thẩm quyền của Ủy ban nhân dân huyện'
    await client.post(`/documents/${id}/refuse`, stateForm, { json: { reason: 'wrong-recipient', text } })
    return
  }
  await client.post(`/documents/${id}/accept`, acceptedForm, { json: {} })
  await client.post(`/documents/${id}/assign`, stateForm, { json: { lead: 'Văn phòng' } })
  await client.post(`/documents/${id}/processing`, stateForm, { json: {} })
  await client.post(`/documents/${id}/complete`, stateForm, {
    json: { noAnswerReason: 'Văn bản gửi để biết, không yêu cầu trả lời' },
  })
}

/** Statuses that the sender must hear of in the end, the arrival (01) among them. */
export const finalStatuses: Readonly<Record<Answer, readonly string[]>> = {
  accept: ['01', '03', '04', '05', '06'],
  refuse: ['01', '02'],
}

/** Waits until the sender knows of every delivery what its recipient did. */
export async function awaitAnswers(offices: Offices, sent: SentDocument): Promise<Delivery[]> {
  const client = await offices.client(sent.mission.clerk)
  return until(`statuses of ${sent.number}`, async () => {
    const deliveries = await trackDocument(client, sent.id)
    const done = deliveries.every((one) => {
      const codes = one.statuses.map((status) => status.code)
      const wanted = finalStatuses[answerOf(sent.mission, one.recipient)]
      return one.terminal !== null && wanted.every((code) => codes.includes(code))
    })
    return done ? deliveries : undefined
  })
}

export function answerOf(mission: Mission, recipientCode: string): Answer {
  const [key] = Object.entries(agencies).find(([, one]) => one.code === recipientCode) ?? []
  return mission.answers[key as AgencyKey] ?? 'accept'
}

async function until<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS
  for (;;) {
    const found = await ask().catch((error: unknown) => {
      const passing =
        error instanceof CongvanError && ['NODE_UNREACHABLE', 'DATABASE_UNAVAILABLE'].includes(error.code)
      if (!passing || Date.now() > deadline) throw error
      return undefined
    })
    if (found !== undefined) return found
    if (Date.now() > deadline) throw new CongvanError('DEMO_TIMED_OUT', { what })
    await delay(50)
  }
}
