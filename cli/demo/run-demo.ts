/** The demo from an empty folder to the report: supervisor, set-up, both journeys. */
import {
  awaitAnswers,
  directiveDown,
  letterUp,
  type Mission,
  Offices,
  receiveDocument,
  sendDocument,
} from './journey.ts'
import type { AgencyKey } from './people.ts'
import type { Places } from './places.ts'
import { type JourneyReport, reportJourney } from './report.ts'
import { addPeople, isReady, makeNodeKeys, markReady, setUp } from './set-up.ts'
import { type Supervisor, startSupervisor } from './supervisor.ts'

export interface DemoOptions {
  readonly now: () => Date
  readonly runAs: string
  readonly say: (text: string) => void
}

export interface DemoResult {
  readonly ok: boolean
  /** From the start of the nodes to the last status. */
  readonly seconds: number
  readonly journeys: readonly JourneyReport[]
}

export interface Demo {
  readonly supervisor: Supervisor
  readonly offices: Offices
  /** Both journeys, one after the other. */
  run(): Promise<DemoResult>
  stop(): Promise<void>
}

/** Starts everything; on a folder of an earlier run only the processes. */
export async function startDemo(places: Places, options: DemoOptions): Promise<Demo> {
  const startedAt = performance.now()
  const ready = isReady(places)
  const fingerprints = await makeNodeKeys(places, options.now())
  const supervisor = await startSupervisor({
    places,
    runAs: options.runAs,
    directoryRoot: fingerprints.tw,
    onMessage: options.say,
  })
  try {
    if (!ready) {
      options.say('tạo chứng thư thử, danh bạ, bốn nút / making test certificates, directory, four nodes')
      await setUp(places, supervisor, fingerprints, options.now())
    }
    await supervisor.startNodes()
    if (!ready) {
      await addPeople(places, supervisor)
      markReady(places, options.now())
    }
  } catch (error) {
    await supervisor.stop()
    throw error
  }
  const offices = new Offices(places)
  return {
    supervisor,
    offices,
    async run() {
      const journeys: JourneyReport[] = []
      for (const mission of [letterUp, directiveDown]) {
        journeys.push(await runMission(places, offices, mission, options))
      }
      const ok = journeys.every((one) => one.problems.length === 0)
      return { ok, seconds: Math.round(performance.now() - startedAt) / 1_000, journeys }
    },
    stop: () => supervisor.stop(),
  }
}

/** One document from draft to the last status, and what is to be said of it. */
export async function runMission(
  places: Places,
  offices: Offices,
  mission: Mission,
  options: Pick<DemoOptions, 'now' | 'say'>,
): Promise<JourneyReport> {
  const sent = await sendDocument(offices, mission, options.now)
  options.say(`${sent.number}: đã gửi / sent`)
  const recipients = Object.keys(mission.answers) as AgencyKey[]
  const received = await Promise.all(recipients.map((agency) => receiveDocument(offices, sent, agency)))
  const deliveries = await awaitAnswers(offices, sent)
  options.say(`${sent.number}: mọi nơi nhận đã trả lời / every recipient has answered`)
  return reportJourney(places, sent, received, deliveries, options.now())
}
