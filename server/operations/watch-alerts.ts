import type { NodeContext } from '../context.ts'
import { waitForNoStandby } from '../standby.ts'
import { lockRunningAlerts, type RunningAlert, removeAlert, saveAlert } from './alert-store.ts'
import { type Alert, alertTexts, evaluateAlerts } from './alerts.ts'
import { fillText } from './fill-text.ts'
import { type FactSources, gatherFacts } from './gather-facts.ts'

/**
 * One look at the node: alerts that begin and end are told in the operational log, once for all of its processes.
 *
 * The log is written after the commit: killed in between, the alert stands in the table, in `/metrics` and in `doctor`,
 * and only its line is missing. Two processes that look at once follow each other, so the second finds nothing new.
 */
export async function watchAlerts(sources: FactSources): Promise<void> {
  const { context } = sources
  const facts = await gatherFacts(sources)
  const alerts = evaluateAlerts(facts, context.limits)
  const { begun, ended } = await context.db.asNode(async (trx) => {
    // That the standby is missing must be told while it is: here nothing is owed to it.
    await waitForNoStandby(trx)
    const running = await lockRunningAlerts(trx)
    const change = compare(running, alerts)
    for (const one of change.begun) await saveAlert(trx, one, facts.now)
    for (const one of change.ended) await removeAlert(trx, one)
    return change
  })
  for (const one of begun) tellBegin(context, one)
  for (const one of ended) {
    const { code, subject, beganAt } = one
    context.log.info({ alert: code, subject, beganAt }, 'alert ended')
  }
}

/** An alert that grows worse or better is told again. */
function compare(
  running: readonly RunningAlert[],
  now: readonly Alert[],
): { begun: Alert[]; ended: RunningAlert[] } {
  const named = (one: { readonly code: string; readonly subject: string }) => `${one.code} ${one.subject}`
  const before = new Map(running.map((one) => [named(one), one]))
  const after = new Set(now.map(named))
  return {
    begun: now.filter((one) => before.get(named(one))?.severity !== one.severity),
    ended: running.filter((one) => !after.has(named(one))),
  }
}

function tellBegin({ log }: Pick<NodeContext, 'log'>, { code, severity, subject, params }: Alert): void {
  const fields = { alert: code, severity, subject, ...params, text: fillText(alertTexts[code].en, params) }
  if (severity === 'error') log.error(fields, 'alert')
  else log.warn(fields, 'alert')
}
