/** The alerts that are on: so that one process tells their begin and end, once for the node. */
import type { NodeTransaction } from '../db.ts'
import type { Alert } from './alerts.ts'

export interface RunningAlert {
  readonly code: string
  readonly subject: string
  readonly severity: Alert['severity']
  readonly beganAt: Date
}

/** The alerts that are on, locked until the transaction ends: two processes that look at once tell nothing twice. */
export async function lockRunningAlerts(trx: NodeTransaction): Promise<RunningAlert[]> {
  await trx.raw("select pg_advisory_xact_lock(hashtext('congvan alerts'))")
  return runningAlerts(trx)
}

export async function runningAlerts(trx: NodeTransaction): Promise<RunningAlert[]> {
  const rows = await trx('alerts')
    .orderBy(['code', 'subject'])
    .select<{ code: string; subject: string; severity: Alert['severity']; began_at: Date }[]>('*')
  return rows.map(({ code, subject, severity, began_at }) => ({ code, subject, severity, beganAt: began_at }))
}

export async function saveAlert(trx: NodeTransaction, alert: Alert, beganAt: Date): Promise<void> {
  const { code, subject, severity } = alert
  await trx('alerts')
    .insert({ code, subject, severity, began_at: beganAt })
    .onConflict(['code', 'subject'])
    .merge(['severity'])
}

export async function removeAlert(
  trx: NodeTransaction,
  { code, subject }: Pick<RunningAlert, 'code' | 'subject'>,
): Promise<void> {
  await trx('alerts').where({ code, subject }).delete()
}
