/** A small tree of nodes for the tests of what goes wrong: a centre, a province and two communes below it. */
import type { Limits } from '../../../server/context.ts'
import {
  type DispatchRequest,
  type DispatchResult,
  dispatchDocument,
} from '../../../server/relay/dispatch.ts'
import { issueDocument, type Network, openNetwork } from './network.ts'

export type { Network } from './network.ts'

export function openTree(own: Partial<Limits> = {}): Promise<Network> {
  return openNetwork(
    [
      {
        id: 'tw',
        parent: null,
        agencies: [
          { code: 'G22', name: 'Văn phòng thử nghiệm' },
          { code: 'G23', name: 'Cục thử nghiệm' },
          { code: 'G24', name: 'Vụ thử nghiệm' },
        ],
      },
      {
        id: 'tinh',
        parent: 'tw',
        agencies: [
          { code: 'H40', name: 'Ủy ban nhân dân tỉnh thử nghiệm' },
          { code: 'H40.01', name: 'Sở thử nghiệm' },
        ],
      },
      { id: 'xa', parent: 'tinh', agencies: [{ code: 'H40.12.3', name: 'Ủy ban nhân dân xã thử nghiệm 3' }] },
      { id: 'xb', parent: 'tinh', agencies: [{ code: 'H40.12.5', name: 'Ủy ban nhân dân xã thử nghiệm 5' }] },
    ],
    own,
  )
}

/** Issues a document and dispatches it. */
export async function send(
  network: Network,
  from: string,
  recipients: readonly string[],
  request: Partial<DispatchRequest> = {},
): Promise<DispatchResult> {
  const { node, clerk } = network.agency(from)
  const { id } = await issueDocument(network, from)
  return dispatchDocument(node.deps, clerk, { documentId: id, recipients, ...request })
}

/** `<recipient> <state>` of every delivery that a node's agencies sent. */
export async function deliveriesAt(network: Network, node = 'tw'): Promise<string[]> {
  const rows = await network.node(node).rows('select recipient, state from deliveries order by recipient')
  return rows.map((row) => `${row.recipient} ${row.state}`)
}

/** `<kind>:<code>@<node>` of every event in the histories of a node's agencies. */
export async function historyAt(network: Network, node = 'tw'): Promise<string[]> {
  const rows = await network.node(node).rows('select kind, code, node from delivery_events order by position')
  return rows.map((row) => `${row.kind}:${row.code}@${row.node}`)
}
