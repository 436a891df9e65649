import { expect } from 'chai'
import fc from 'fast-check'
import type { Certificate } from '../../../signing/x509/certificate.ts'
import type { CertificateExtensions, PolicyMapping } from '../../../signing/x509/certificate-extensions.ts'
import { judgePolicies, type PolicyInputs } from '../../../signing/x509/path-policies.ts'
import { ANY_POLICY } from '../../../signing/x509/policy-graph.ts'

/** What the policy rules look at in one certificate. */
interface Step {
  readonly policies: readonly string[] | undefined
  readonly mappings: readonly PolicyMapping[]
  readonly explicit: number | undefined
  readonly mapping: number | undefined
  readonly any: number | undefined
  readonly selfIssued: boolean
}

interface TreeNode {
  readonly policy: string
  expected: readonly string[]
  readonly parent: TreeNode | undefined
  children: TreeNode[]
}

/**
 * The tree of RFC 5280 sections 6.1.2 to 6.1.5, written down step by step as it was before RFC 9618, as an oracle for
 * the graph: exponential, and so for short paths only.
 */
function isValidByTree(steps: readonly Step[], inputs: PolicyInputs): boolean {
  const n = steps.length
  let root: TreeNode | undefined = {
    policy: ANY_POLICY,
    expected: [ANY_POLICY],
    parent: undefined,
    children: [],
  }
  let explicit = inputs.requireExplicitPolicy ? 0 : n + 1
  let mapping = inputs.inhibitPolicyMapping ? 0 : n + 1
  let inhibitAny = inputs.inhibitAnyPolicy ? 0 : n + 1
  const at = (depth: number): TreeNode[] => {
    let level: TreeNode[] = root === undefined ? [] : [root]
    for (let i = 0; i < depth; i += 1) level = level.flatMap(({ children }) => children)
    return level
  }
  const add = (parent: TreeNode, policy: string, expected: readonly string[] = [policy]) =>
    parent.children.push({ policy, expected, parent, children: [] })
  const remove = (node: TreeNode) => {
    if (node.parent === undefined) root = undefined
    else node.parent.children = node.parent.children.filter((one) => one !== node)
  }
  const prune = (depth: number) => {
    for (let level = depth; level >= 0; level -= 1) {
      for (const node of at(level)) if (node.children.length === 0) remove(node)
    }
  }
  for (const [index, step] of steps.entries()) {
    const i = index + 1
    if (step.policies === undefined) root = undefined
    else if (root !== undefined) {
      const above = at(i - 1)
      for (const policy of step.policies.filter((one) => one !== ANY_POLICY)) {
        const matching = above.filter(({ expected }) => expected.includes(policy))
        for (const node of matching) add(node, policy)
        if (matching.length > 0) continue
        for (const node of above) if (node.policy === ANY_POLICY) add(node, policy)
      }
      if (step.policies.includes(ANY_POLICY) && (inhibitAny > 0 || (i < n && step.selfIssued))) {
        for (const node of above) {
          for (const policy of node.expected) {
            if (!node.children.some((child) => child.policy === policy)) add(node, policy)
          }
        }
      }
      prune(i - 1)
    }
    if (explicit === 0 && root === undefined) return false
    if (i === n) {
      if (explicit > 0) explicit -= 1
      if (step.explicit === 0) explicit = 0
      break
    }
    if (step.mappings.some((one) => [one.issuerDomain, one.subjectDomain].includes(ANY_POLICY))) return false
    for (const policy of new Set(step.mappings.map(({ issuerDomain }) => issuerDomain))) {
      const to = step.mappings.filter((one) => one.issuerDomain === policy).map((one) => one.subjectDomain)
      const level = at(i)
      const named = level.filter((node) => node.policy === policy)
      if (mapping > 0) {
        for (const node of named) node.expected = to
        const any = level.find((node) => node.policy === ANY_POLICY)
        if (named.length === 0 && any?.parent !== undefined) add(any.parent, policy, to)
      } else {
        for (const node of named) remove(node)
        prune(i - 1)
      }
    }
    if (!step.selfIssued) {
      explicit = Math.max(0, explicit - 1)
      mapping = Math.max(0, mapping - 1)
      inhibitAny = Math.max(0, inhibitAny - 1)
    }
    explicit = Math.min(explicit, step.explicit ?? explicit)
    mapping = Math.min(mapping, step.mapping ?? mapping)
    inhibitAny = Math.min(inhibitAny, step.any ?? inhibitAny)
  }
  const accepted = inputs.initialPolicySet
  if (accepted !== undefined && root !== undefined) {
    const all = Array.from({ length: n }, (_, depth) => at(depth + 1)).flat()
    const top = all.filter(({ parent }) => parent?.policy === ANY_POLICY)
    for (const node of top) if (node.policy !== ANY_POLICY && !accepted.includes(node.policy)) remove(node)
    for (const any of at(n).filter(({ policy }) => policy === ANY_POLICY)) {
      for (const policy of accepted) {
        if (any.parent !== undefined && !top.some((node) => node.policy === policy)) add(any.parent, policy)
      }
      remove(any)
    }
    prune(n - 1)
  }
  return explicit > 0 || root !== undefined
}

/** As much of a certificate as the rules take. */
function asCertificate(step: Step): Certificate {
  const extensions: Partial<CertificateExtensions> = {
    certificatePolicies: step.policies,
    policyMappings: step.mappings,
    policyConstraints: { requireExplicitPolicy: step.explicit, inhibitPolicyMapping: step.mapping },
    inhibitAnyPolicy: step.any,
  }
  const names = { issuerKey: 'a', subjectKey: step.selfIssued ? 'a' : 'b' }
  return { ...names, extensions } as unknown as Certificate
}

describe('certificate policies: the graph against the tree', () => {
  const policy = fc.constantFrom('1.1', '1.2', '1.3')
  const mapping = fc.record({ issuerDomain: policy, subjectDomain: policy })
  const count = fc.option(fc.integer({ min: 0, max: 2 }), { nil: undefined, freq: 3 })
  const step: fc.Arbitrary<Step> = fc.record({
    policies: fc.option(
      fc.uniqueArray(fc.constantFrom('1.1', '1.2', '1.3', ANY_POLICY), { minLength: 1, maxLength: 4 }),
      { nil: undefined, freq: 12 },
    ),
    mappings: fc.array(mapping, { maxLength: 3 }),
    explicit: count,
    mapping: count,
    any: count,
    selfIssued: fc.boolean(),
  })
  const inputs: fc.Arbitrary<PolicyInputs> = fc.record({
    initialPolicySet: fc.option(fc.uniqueArray(policy, { minLength: 1, maxLength: 2 }), { nil: undefined }),
    requireExplicitPolicy: fc.boolean(),
    inhibitPolicyMapping: fc.boolean(),
    inhibitAnyPolicy: fc.boolean(),
  })
  const anchor = asCertificate({
    policies: undefined,
    mappings: [],
    explicit: undefined,
    mapping: undefined,
    any: undefined,
    selfIssued: true,
  })

  it('agree on which paths are valid', () => {
    const seen = { valid: 0, invalid: 0 }
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 4 }), inputs, (steps, asked) => {
        const path = [...steps.map(asCertificate).toReversed(), anchor]
        const { objection } = judgePolicies(path, asked)
        seen[objection === null ? 'valid' : 'invalid'] += 1
        expect(objection === null).to.equal(isValidByTree(steps, asked))
      }),
      { numRuns: 20_000 },
    )
    expect(seen.valid).to.be.above(1000)
    expect(seen.invalid).to.be.above(1000)
  })
})
