/**
 * Certificate policies along a path (RFC 5280 section 6.1 as updated by RFC 9618): the valid policies at each depth as
 * a graph, whose size grows with the extensions and not with the number of ways through them, as a tree's would.
 *
 * The graph is kept as one map a depth, from a policy to its node; edges lead to parents.
 */
import type { PolicyMapping } from './certificate-extensions.ts'

export const ANY_POLICY = '2.5.29.32.0'

interface PolicyNode {
  readonly policy: string
  /** Policies of the next certificate that continue this one. */
  expected: ReadonlySet<string>
  readonly parents: readonly PolicyNode[]
}

type Level = ReadonlyMap<string, PolicyNode>

/** What one certificate brings to the graph. */
export interface PolicyStep {
  /** Undefined when the certificate has no policies: then there is no valid policy from here on. */
  readonly policies: readonly string[] | undefined
  /** `anyPolicy` in the certificate counts (inhibitAnyPolicy, step d 2). */
  readonly anyPolicyCounts: boolean
}

export class PolicyGraph {
  /** Undefined where no policy is valid any more ("NULL"). */
  #levels: Level[] | undefined = [
    new Map([[ANY_POLICY, { policy: ANY_POLICY, expected: new Set([ANY_POLICY]), parents: [] }]]),
  ]

  get isEmpty(): boolean {
    return this.#levels === undefined
  }

  /** Steps d and e for the next certificate. */
  extend({ policies, anyPolicyCounts }: PolicyStep): void {
    const last = this.#levels?.at(-1)
    if (this.#levels === undefined || last === undefined) return
    if (policies === undefined) {
      this.#levels = undefined
      return
    }
    const next = new Map<string, PolicyNode>()
    const add = (policy: string, parents: readonly PolicyNode[]) =>
      next.set(policy, { policy, expected: new Set([policy]), parents })
    const expecting = expectingNodes(last)
    const any = last.get(ANY_POLICY)
    for (const policy of policies) {
      if (policy === ANY_POLICY) continue
      const parents = expecting.get(policy) ?? (any === undefined ? [] : [any])
      if (parents.length > 0) add(policy, parents)
    }
    if (anyPolicyCounts && policies.includes(ANY_POLICY)) {
      for (const [policy, parents] of expecting) if (!next.has(policy)) add(policy, parents)
    }
    this.#levels.push(next)
    this.#dropIfEmpty()
  }

  /**
   * Step b of section 6.1.4.
   * @param allowed false when mapping is inhibited: the policies that would be mapped end here
   */
  map(mappings: readonly PolicyMapping[], allowed: boolean): void {
    const levels = this.#levels
    const last = levels?.at(-1)
    if (levels === undefined || last === undefined) return
    const changed = new Map(last)
    const any = last.get(ANY_POLICY)
    const byIssuerDomain = Map.groupBy(mappings, ({ issuerDomain }) => issuerDomain)
    for (const [policy, mapped] of byIssuerDomain) {
      if (!allowed) {
        changed.delete(policy)
        continue
      }
      const expected = new Set(mapped.map(({ subjectDomain }) => subjectDomain))
      const node = changed.get(policy)
      if (node !== undefined) changed.set(policy, { ...node, expected })
      // A policy that stands here under anyPolicy only gets a node of its own.
      else if (any !== undefined) changed.set(policy, { policy, expected, parents: any.parents })
    }
    levels[levels.length - 1] = changed
    this.#dropIfEmpty()
  }

  /**
   * Step g of section 6.1.5: the policies, in the terms of the anchor's domain, under which the path is valid.
   * `anyPolicy` among them stands for all.
   */
  authorityConstrained(): ReadonlySet<string> {
    const levels = this.#levels
    const found = new Set<string>()
    if (levels === undefined) return found
    let alive = new Set<PolicyNode>(levels.at(-1)?.values())
    if (levels.at(-1)?.has(ANY_POLICY)) found.add(ANY_POLICY)
    // Only nodes from which the last depth is reached are still there.
    for (let depth = levels.length - 1; depth > 0; depth -= 1) {
      const above = new Set<PolicyNode>()
      for (const node of alive) {
        const [parent] = node.parents
        if (node.policy !== ANY_POLICY && node.parents.length === 1 && parent?.policy === ANY_POLICY) {
          found.add(node.policy)
        }
        for (const one of node.parents) above.add(one)
      }
      alive = above
    }
    return found
  }

  #dropIfEmpty(): void {
    if (this.#levels?.at(-1)?.size === 0) this.#levels = undefined
  }
}

function expectingNodes(level: Level): ReadonlyMap<string, readonly PolicyNode[]> {
  const found = new Map<string, PolicyNode[]>()
  for (const node of level.values()) {
    for (const policy of node.expected) {
      const nodes = found.get(policy)
      if (nodes === undefined) found.set(policy, [node])
      else nodes.push(node)
    }
  }
  return found
}
