/**
 * Clerks at work: letters go up and down the tree without a pause, and what arrives is accepted. Each dispatch is
 * asked for with one idempotency key until the node has answered, as the command line does.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import type { ApiClient } from '../../cli/client/api-client.ts'
import { pageForm } from '../../cli/client/forms.ts'
import { CongvanError } from '../../server/errors.ts'
import type { Letter, LetterMaker } from '../support/plant/letters.ts'
import type { PlantAgency } from '../support/plant/plant.ts'
import type { Chance } from './random.ts'

export interface Sender {
  readonly agency: PlantAgency
  readonly maker: LetterMaker
  readonly client: ApiClient
}

/** A letter that the sender's node has answered for, with the codes that it goes to. */
export interface SentLetter {
  readonly letter: Letter
  readonly sender: PlantAgency
  readonly recipients: readonly string[]
}

export interface Load {
  readonly sent: SentLetter[]
  /** Letters whose dispatch no node has answered for yet. */
  asking(): number
  /** Goes on until `pause`. */
  resume(): void
  /** Ends what is asked for; resolves when every dispatch is answered. */
  pause(): Promise<void>
  stop(): Promise<void>
}

export interface LoadOptions {
  readonly senders: readonly Sender[]
  readonly agencies: readonly PlantAgency[]
  readonly random: Chance
  readonly clerk: (code: string) => Promise<ApiClient>
  readonly say: (text: string) => void
}

/** Milliseconds between two letters of a sender. */
const PAUSE = { from: 150, to: 450 }
const ACCEPT_EVERY_MS = 2_000
/** No node is away for so long in any fault. */
const PATIENCE_MS = 240_000

const dispatched = z.object({ deliveries: z.array(z.object({ recipient: z.string() })) })

export function openLoad(options: LoadOptions): Load {
  const { senders, agencies, random } = options
  const sent: SentLetter[] = []
  let running = false
  let stopped = false
  let asked = 0
  let rounds: Promise<void>[] = []

  const send = async (sender: Sender) => {
    const letter = await patiently(() => sender.maker.make())
    const others = agencies.filter((one) => one.id !== sender.agency.id).map((one) => one.code)
    const recipients = others.filter(() => random.next() < 0.6)
    if (recipients.length === 0) recipients.push(random.pick(others))
    const idempotencyKey = randomUUID()
    asked += 1
    try {
      await patiently(() =>
        sender.client.post(`/documents/${letter.id}/dispatch`, dispatched, {
          json: { recipients },
          idempotencyKey,
        }),
      )
      sent.push({ letter, sender: sender.agency, recipients })
    } finally {
      asked -= 1
    }
  }
  const work = async (sender: Sender) => {
    while (running) {
      await send(sender)
      await delay(random.whole(PAUSE.from, PAUSE.to))
    }
  }
  const accept = async ({ code }: PlantAgency) => {
    const client = await options.clerk(code)
    while (running) {
      await acceptAll(client).catch((error: unknown) => passing(error))
      await delay(ACCEPT_EVERY_MS)
    }
  }
  const load: Load = {
    sent,
    asking: () => asked,
    resume() {
      if (running || stopped) return
      running = true
      rounds = [...senders.map(work), ...agencies.map(accept)]
      // A clerk who gives up is told of by `pause`.
      for (const round of rounds) round.catch(() => {})
    },
    async pause() {
      running = false
      await Promise.all(rounds)
      rounds = []
    },
    async stop() {
      stopped = true
      await load.pause().catch(() => {})
    },
  }
  return load
}

/** A share of what has arrived and was verified is accepted: it gets its number, and 03 travels back. */
async function acceptAll(client: ApiClient): Promise<void> {
  const { items } = await client.get('/documents', pageForm, {
    query: { direction: 'incoming', state: 'verified', limit: '5' },
  })
  for (const one of items) await client.post(`/documents/${one.id}/accept`, z.unknown(), { json: {} })
}

/** What a clerk meets while a node is away, or another clerk was faster. */
const awaited = new Set([
  'NODE_UNREACHABLE',
  'DATABASE_UNAVAILABLE',
  'SHUTTING_DOWN',
  'NODE_ANSWER_UNKNOWN',
  'STORAGE_FULL',
  'STORAGE_FAILED',
  'DOCUMENT_STATE_WRONG',
  'TOKEN_EXPIRED',
  // A clock that was an hour ahead has numbered with tomorrow's date: no number of today follows it.
  'DATE_BEFORE_LAST',
])

function passing(error: unknown): void {
  if (error instanceof CongvanError && awaited.has(error.code)) return
  throw error
}

async function patiently<T>(work: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (Date.now() > deadline) throw error
      passing(error)
      await delay(300)
    }
  }
}
