/**
 * Where an envelope goes next. Pure.
 *
 * Nodes form a tree by their parent links. To an agency that I host: deliver. To one below a child of mine: down to
 * that child. Otherwise: up. The level of an agency is never asked, so three and four levels both work.
 */

export type NextHop =
  | { readonly kind: 'deliver' }
  | { readonly kind: 'down' | 'up'; readonly nodeId: string }
  | { readonly kind: 'none'; readonly reason: NoRouteReason }

export type NoRouteReason =
  /** The hosting node stands in no part of the directory. */
  | 'unknown-node'
  /** The hosting node and this node have no common ancestor. */
  | 'unconnected'
  /** The parent links of one of them go round. */
  | 'loop'

export interface RoutingQuestion {
  readonly ownNode: string
  /** The node that hosts the recipient. */
  readonly hostingNode: string
  /** The parent of every node that is known; null for a root. */
  readonly parents: ReadonlyMap<string, string | null>
}

/** The next hop from `ownNode` towards `hostingNode`. Every node that asks with the same links agrees on the way. */
export function nextHop({ ownNode, hostingNode, parents }: RoutingQuestion): NextHop {
  if (ownNode === hostingNode) return { kind: 'deliver' }
  if (!parents.has(hostingNode)) return { kind: 'none', reason: 'unknown-node' }
  const above = ancestry(hostingNode, parents)
  const own = ancestry(ownNode, parents)
  if (above === 'loop' || own === 'loop') return { kind: 'none', reason: 'loop' }
  const index = above.indexOf(ownNode)
  const child = above[index - 1]
  if (index > 0 && child !== undefined) return { kind: 'down', nodeId: child }
  const parent = own[1]
  if (parent === undefined || !own.some((node) => above.includes(node))) {
    return { kind: 'none', reason: 'unconnected' }
  }
  return { kind: 'up', nodeId: parent }
}

/** The node and its ancestors, nearest first. */
function ancestry(node: string, parents: ReadonlyMap<string, string | null>): string[] | 'loop' {
  const seen = new Set<string>()
  for (let at: string | null | undefined = node; at !== null && at !== undefined; at = parents.get(at)) {
    if (seen.has(at)) return 'loop'
    seen.add(at)
  }
  return [...seen]
}
