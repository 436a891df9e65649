/** What an operator does to one agency from a day on, and what is told about it before and after. Pure. */
import type { NodeTransaction } from '../db.ts'
import type { AgencyLevel } from './agency-entry.ts'
import type { AgencyReference } from './agency-store.ts'

/** What an operator does to one agency of this node's part of the directory. */
export type AgencyAct =
  | {
      readonly act: 'found'
      readonly id: string
      readonly codes: readonly string[]
      readonly name: string
      readonly level: AgencyLevel
      readonly parentId: string | null
      readonly hostingNode: string
    }
  | { readonly act: 'rename'; readonly id: string; readonly name: string }
  | {
      readonly act: 'move'
      readonly id: string
      readonly parentId?: string | null
      readonly hostingNode?: string
      readonly level?: AgencyLevel
    }
  | { readonly act: 'recode'; readonly id: string; readonly code: string }
  | {
      readonly act: 'close'
      readonly id: string
      /** Ids, or codes as they are on the day of the closing. */
      readonly successors: readonly string[]
    }

export interface ActTerms {
  /** From which day on it holds, `YYYY-MM-DD` in Việt Nam. */
  readonly on: string
  /** The decision that orders it, e.g. `Nghị quyết 202/2025/QH15`; empty when nothing is said. */
  readonly basis: string
  /** Says what would change and changes nothing. */
  readonly dryRun: boolean
}

/** What an agency that is hosted here has in hand: it is told before the agency is moved or closed. */
export interface AgencyWork {
  /** Accounts with a role in it. */
  readonly members: number
  /** Outgoing documents that are not dispatched or cancelled. */
  readonly outgoing: number
  /** Incoming documents that are neither completed nor refused. */
  readonly incoming: number
  /** Deliveries of its documents that have not ended. */
  readonly deliveries: number
}

export type ReadAgencyWork = (trx: NodeTransaction, agencyId: string) => Promise<AgencyWork>

export interface ActChange {
  readonly field: 'code' | 'name' | 'level' | 'parentId' | 'hostingNode' | 'closedOn' | 'successors'
  readonly from: string | null
  readonly to: string | null
}

export interface ActWarning {
  readonly code: 'IN_THE_PAST' | 'CHANGES_AGAIN' | 'CODE_BORNE_BEFORE' | 'LEAVES_THIS_NODE' | 'NO_SUCCESSOR'
  readonly message: string
}

export interface ActReport {
  readonly dryRun: boolean
  readonly act: AgencyAct['act']
  readonly on: string
  readonly agency: AgencyReference
  /** What is different from that day on. */
  readonly changes: readonly ActChange[]
  /** What it has in hand; null when it is not hosted by this node. */
  readonly work: AgencyWork | null
  /** Agencies directly below it on that day. */
  readonly children: readonly AgencyReference[]
  readonly warnings: readonly ActWarning[]
}
