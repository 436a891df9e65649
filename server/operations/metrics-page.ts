/**
 * The answer to `GET /metrics`: what the whole node's tables say, and what each of its processes has counted (label
 * `process`). One address of a node is enough for a scraper: whichever process answers speaks for all of them, of the
 * others as they reported within the last quarter of a minute.
 */
import { AggregatorRegistry, Gauge, Registry } from 'prom-client'
import type { NodeFacts } from './facts.ts'
import { readFileUse } from './figures-store.ts'
import { type FactSources, gatherFacts } from './gather-facts.ts'
import { type FileUse, nodeMetrics } from './node-metrics.ts'
import { figuresOfOthers, removeProcessFigures, saveProcessFigures } from './process-figures-store.ts'
import type { ProcessFigures, ProcessMetrics } from './process-metrics.ts'

/** How long facts are good for: a second scraper, or an impatient one, costs the database nothing. */
const FACTS_MS = 5_000
/** Counting the stored files reads a whole table. */
const FILES_MS = 600_000

export const METRICS_CONTENT_TYPE = Registry.PROMETHEUS_CONTENT_TYPE

export interface MetricsPage {
  /** The exposition text, format 0.0.4. Without a database: this process's figures and `congvan_database_up 0`. */
  render(): Promise<string>
  /** Lays down what this process has counted, for the others to tell. */
  report(): Promise<void>
  /** Takes this process's figures away. */
  retire(): Promise<void>
}

export function openMetricsPage(sources: FactSources, own: ProcessMetrics): MetricsPage {
  const { context } = sources
  const { db, clock, limits, log } = context
  const facts = remembered(FACTS_MS, clock, () => gatherFacts(sources))
  const files = remembered(FILES_MS, clock, () => db.asNode(readFileUse))
  const others = () => db.asNode((trx) => figuresOfOthers(trx, own.process))
  const read = async (): Promise<
    { facts: NodeFacts; files: FileUse; others: ProcessFigures[] } | undefined
  > => {
    try {
      return { facts: await facts(), files: await files(), others: await others() }
    } catch (error) {
      log.warn({ error: String(error) }, 'metrics of the whole node could not be read')
      return undefined
    }
  }
  return {
    async render() {
      const found = await read()
      const database = new Registry()
      new Gauge({
        name: 'congvan_database_up',
        help: '1 while the database answers; without it only the figures of this process are told',
        registers: [database],
      }).set(found === undefined ? 0 : 1)
      const node = found && nodeMetrics(found.facts, found.files, limits)
      const processes = mergeFigures([await own.figures(), ...(found?.others ?? [])])
      const texts = [database, ...(node === undefined ? [] : [node]), processes].map((one) => one.metrics())
      return (await Promise.all(texts)).join('')
    },
    async report() {
      const figures = await own.figures()
      await db.asNode((trx) => saveProcessFigures(trx, own.process, figures))
    },
    retire: () => db.asNode((trx) => removeProcessFigures(trx, own.process)),
  }
}

/** Figures of several processes side by side. One that reports in a form of its own is left out, not the rest. */
function mergeFigures(figures: readonly ProcessFigures[]): Registry {
  const good = figures.filter((one, index) => index === 0 || isReadable(one))
  return AggregatorRegistry.aggregate([...good])
}

function isReadable(figures: ProcessFigures): boolean {
  try {
    AggregatorRegistry.aggregate([figures])
    return true
  } catch {
    return false
  }
}

/** Answers what was found last while it is fresh; those who ask at once share one search. A failure is not kept. */
function remembered<T>(forMs: number, clock: () => Date, find: () => Promise<T>): () => Promise<T> {
  let known: { readonly value: Promise<T>; readonly at: number } | undefined
  return () => {
    const now = clock().getTime()
    if (known === undefined || Math.abs(now - known.at) >= forMs) {
      const value = find()
      known = { value, at: now }
      value.catch(() => {
        if (known?.value === value) known = undefined
      })
    }
    return known.value
  }
}
