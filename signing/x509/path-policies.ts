/** The policy part of path validation (RFC 5280 sections 6.1.2 to 6.1.5) for one path. */
import { type Certificate, isSelfIssued } from './certificate.ts'
import { ANY_POLICY, PolicyGraph } from './policy-graph.ts'

/** What the caller asks of policies (RFC 5280 section 6.1.1 c, e, f and g). */
export interface PolicyInputs {
  /** Policies that the caller accepts; undefined for any. */
  readonly initialPolicySet: readonly string[] | undefined
  readonly requireExplicitPolicy: boolean
  readonly inhibitPolicyMapping: boolean
  readonly inhibitAnyPolicy: boolean
}

export interface PolicyOutcome {
  /** Null when the path is valid as far as policies go, otherwise why not. */
  readonly objection: string | null
  /** Policies under which the path is valid for the caller; `2.5.29.32.0` stands for all. */
  readonly policies: readonly string[]
}

/** Policies and mappings of one certificate beyond which it is refused: real ones have a handful. */
const MOST_POLICIES = 1_000

/**
 * @param path from the certificate in question to the anchor. The anchor's own extensions bind in the spirit of
 *   RFC 5937: its `policyConstraints` and `inhibitAnyPolicy` as initial values, its policies as what may be accepted
 */
export function judgePolicies(path: readonly Certificate[], inputs: PolicyInputs): PolicyOutcome {
  const [anchor, ...below] = path.toReversed()
  if (anchor === undefined || below.length === 0) return { objection: null, policies: [ANY_POLICY] }
  const { policyConstraints } = anchor.extensions
  const start = (asked: boolean, own: number | undefined) =>
    asked ? 0 : Math.min(below.length + 1, own ?? Number.POSITIVE_INFINITY)
  let explicitPolicy = start(inputs.requireExplicitPolicy, policyConstraints?.requireExplicitPolicy)
  let policyMapping = start(inputs.inhibitPolicyMapping, policyConstraints?.inhibitPolicyMapping)
  let inhibitAny = start(inputs.inhibitAnyPolicy, anchor.extensions.inhibitAnyPolicy)
  const graph = new PolicyGraph()
  for (const [index, certificate] of below.entries()) {
    const { extensions } = certificate
    const { certificatePolicies: policies, policyMappings: mappings } = extensions
    const isLast = index === below.length - 1
    const selfIssued = isSelfIssued(certificate)
    if ((policies?.length ?? 0) > MOST_POLICIES || mappings.length > MOST_POLICIES) {
      return refused('a certificate has more policies than are processed')
    }
    graph.extend({ policies, anyPolicyCounts: inhibitAny > 0 || (!isLast && selfIssued) })
    if (explicitPolicy === 0 && graph.isEmpty)
      return refused('the path demands policies and has none that is valid')
    if (isLast) {
      if (explicitPolicy > 0) explicitPolicy -= 1
      if (extensions.policyConstraints?.requireExplicitPolicy === 0) explicitPolicy = 0
      break
    }
    if (mappings.some((one) => one.issuerDomain === ANY_POLICY || one.subjectDomain === ANY_POLICY)) {
      return refused('a policy is mapped to or from "any policy"')
    }
    if (mappings.length > 0) graph.map(mappings, policyMapping > 0)
    if (!selfIssued) {
      explicitPolicy = Math.max(0, explicitPolicy - 1)
      policyMapping = Math.max(0, policyMapping - 1)
      inhibitAny = Math.max(0, inhibitAny - 1)
    }
    const infinite = Number.POSITIVE_INFINITY
    explicitPolicy = Math.min(explicitPolicy, extensions.policyConstraints?.requireExplicitPolicy ?? infinite)
    policyMapping = Math.min(policyMapping, extensions.policyConstraints?.inhibitPolicyMapping ?? infinite)
    inhibitAny = Math.min(inhibitAny, extensions.inhibitAnyPolicy ?? infinite)
  }
  const policies = constrain(graph.authorityConstrained(), acceptedPolicies(inputs, anchor))
  if (explicitPolicy === 0 && policies.length === 0) {
    return refused('no policy that the path demands is among those accepted')
  }
  return { objection: null, policies }
}

function refused(objection: string): PolicyOutcome {
  return { objection, policies: [] }
}

/** Undefined for any. */
function acceptedPolicies(
  { initialPolicySet }: PolicyInputs,
  { extensions: { certificatePolicies } }: Certificate,
): readonly string[] | undefined {
  const asked = initialPolicySet?.includes(ANY_POLICY) ? undefined : initialPolicySet
  const anchors = certificatePolicies?.includes(ANY_POLICY) ? undefined : certificatePolicies
  if (asked === undefined) return anchors
  return anchors === undefined ? asked : asked.filter((one) => anchors.includes(one))
}

/** The user-constrained policy set: under "any policy" every accepted one is valid. */
function constrain(
  authority: ReadonlySet<string>,
  accepted: readonly string[] | undefined,
): readonly string[] {
  if (accepted === undefined) return [...authority]
  return authority.has(ANY_POLICY) ? [...new Set(accepted)] : accepted.filter((one) => authority.has(one))
}
