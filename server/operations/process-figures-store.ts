/** What each process of the node has counted, so that whichever is asked can answer for all of them. */
import type { NodeTransaction } from '../db.ts'
import { waitForNoStandby } from '../standby.ts'
import type { ProcessFigures } from './process-metrics.ts'

/** A process that has not reported for so long counts no more; seconds, by the database's clock. */
const SILENT_AFTER = 60

export async function saveProcessFigures(
  trx: NodeTransaction,
  process: string,
  figures: ProcessFigures,
): Promise<void> {
  await waitForNoStandby(trx)
  await trx.raw(
    `insert into process_figures (process, reported_at, figures) values (:process, now(), :figures)
     on conflict (process) do update set reported_at = now(), figures = excluded.figures`,
    { process, figures: JSON.stringify(figures) },
  )
}

/** The figures of the other processes that live. They may be of another version of this program. */
export async function figuresOfOthers(trx: NodeTransaction, process: string): Promise<ProcessFigures[]> {
  const { rows } = await trx.raw<{ rows: { figures: ProcessFigures }[] }>(
    `select figures from process_figures
     where process <> :process and reported_at > now() - make_interval(secs => :seconds) order by process`,
    { process, seconds: SILENT_AFTER },
  )
  return rows.map((row) => row.figures)
}

/** A process takes its figures with it; those of one that was killed go after an hour. */
export async function removeProcessFigures(trx: NodeTransaction, process: string): Promise<void> {
  await trx.raw(
    "delete from process_figures where process = :process or reported_at < now() - interval '1 hour'",
    { process },
  )
}
