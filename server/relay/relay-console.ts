import type { OperatorActor } from '../actor.ts'
import { cancel, type Redriven, redrive } from './operator-acts.ts'
import type { RelayDeps } from './relay-deps.ts'
import { listStuck, type StuckItem } from './stuck.ts'

/** What an operator does about the relay at the node's own machine. */
export interface RelayConsole {
  stuck(options: { readonly olderThanSeconds?: number }): Promise<StuckItem[]>
  redrive(id: string): Promise<Redriven>
  cancel(act: { readonly id: string; readonly reason: string }): Promise<{
    id: string
    recipients: readonly string[]
  }>
}

export function relayConsole(deps: RelayDeps, operator: OperatorActor): RelayConsole {
  return {
    stuck: (options) => listStuck(deps.context, options),
    redrive: (id) => redrive(deps, operator, id),
    cancel: (act) => cancel(deps, operator, act),
  }
}
