/**
 * The directory in force, derived from signed parts. Pure: the same parts give the same directory, in whatever
 * order they arrived.
 *
 * Parts are taken from the root outwards, each issuer after its parent. What an issuer may sign:
 *
 * 1. The root: itself, its child nodes, and agencies hosted on these.
 * 2. Any other node: its child nodes, and agencies hosted on these. Never itself: that is its parent's to sign.
 * 3. A node id, or a code or an agency during one time, belongs to the part that was taken first: an ancestor's
 *    word stands before a descendant's.
 * 4. A code with levels must lie below a code of an agency that the issuer itself hosts (QĐ 20 art 4.3: a unit of
 *    level n belongs to one of level n−1), so no province can take another's codes. The root is free of this.
 */
import { type AgencyCode, isWithin, matchAgencyCode } from './agency-code.ts'
import { type AgencyEntry, type CodeEntry, entryProblems, overlap, type TermEntry } from './agency-entry.ts'
import type { KeyEntry, NodeEntry, PartEntries } from './part.ts'

export interface SourcePart extends PartEntries {
  readonly issuer: string
  /** Who signed and when; null for this node's own entries, which it need not prove to itself. */
  readonly signed: { readonly keyFingerprint: string; readonly at: string } | null
}

export interface DerivedNode extends NodeEntry {
  readonly parent: string | null
  readonly issuer: string
}

export interface DerivedCode extends CodeEntry {
  readonly agencyId: string
  readonly issuer: string
}

export interface DerivedTerm extends TermEntry {
  readonly agencyId: string
  readonly issuer: string
}

/** An entry that was left out, and whose word stands in its place. */
export interface DeriveProblem {
  readonly issuer: string
  readonly kind: 'node' | 'agency'
  readonly id: string
  readonly field: string
  readonly reason: string
  /** The issuer of the entry that stood in the way; null when it is wrong by itself. */
  readonly holder: string | null
}

export interface Directory {
  readonly nodes: ReadonlyMap<string, DerivedNode>
  readonly codes: readonly DerivedCode[]
  readonly terms: readonly DerivedTerm[]
  readonly closures: ReadonlyMap<string, string>
  readonly successors: ReadonlyMap<string, readonly string[]>
  readonly problems: readonly DeriveProblem[]
}

export interface DeriveInput {
  readonly rootIssuer: string | null
  readonly parts: ReadonlyMap<string, SourcePart>
  /** This node: its entries count for itself even before its parent has named it. */
  readonly ownNode: string
}

export function deriveDirectory(input: DeriveInput): Directory {
  const builder = new Builder(input.rootIssuer)
  const waiting = input.rootIssuer === null ? [] : [input.rootIssuer]
  const taken = new Set<string>()
  for (let issuer = waiting.shift(); issuer !== undefined; issuer = waiting.shift()) {
    const part = input.parts.get(issuer)
    if (part === undefined || taken.has(issuer) || !builder.maySpeak(part)) continue
    taken.add(issuer)
    builder.take(part)
    waiting.push(...part.nodes.map((node) => node.id))
  }
  const own = input.parts.get(input.ownNode)
  if (own !== undefined && own.signed === null && !taken.has(input.ownNode)) builder.take(own)
  return builder.result()
}

/** Whether a key was a node's at an instant (ISO 8601 UTC). */
export function keyValidAt(keys: readonly KeyEntry[], fingerprint: string, at: string): boolean {
  return keys.some(
    (key) =>
      key.fingerprint === fingerprint && key.validFrom <= at && (key.validTo === null || at < key.validTo),
  )
}

class Builder {
  readonly #rootIssuer: string | null
  readonly #nodes = new Map<string, DerivedNode>()
  readonly #codes = new Map<string, DerivedCode[]>()
  readonly #terms = new Map<string, DerivedTerm[]>()
  readonly #codesOfAgency = new Map<string, AgencyCode[]>()
  readonly #hostedBy = new Map<string, string[]>()
  readonly #closures = new Map<string, string>()
  readonly #successors = new Map<string, readonly string[]>()
  readonly #problems: DeriveProblem[] = []

  constructor(rootIssuer: string | null) {
    this.#rootIssuer = rootIssuer
  }

  /** The root and this node were judged before; any other issuer by the keys that its parent's part names. */
  maySpeak(part: SourcePart): boolean {
    if (part.signed === null || part.issuer === this.#rootIssuer) return true
    const node = this.#nodes.get(part.issuer)
    return node !== undefined && keyValidAt(node.keys, part.signed.keyFingerprint, part.signed.at)
  }

  take(part: SourcePart): void {
    for (const node of part.nodes) this.#takeNode(part.issuer, node)
    const taken = part.nodes.filter((node) => this.#nodes.get(node.id)?.issuer === part.issuer)
    const hosts = new Set(taken.map((node) => node.id))
    const scope = this.#scopeOf(part.issuer)
    for (const agency of part.agencies) this.#takeAgency(part.issuer, agency, hosts, scope)
    for (const tombstone of part.tombstones) this.#checkTombstone(part, tombstone.kind, tombstone.id)
  }

  #takeNode(issuer: string, node: NodeEntry): void {
    const problem = (reason: string, holder: string | null) =>
      this.#problems.push({ issuer, kind: 'node', id: node.id, field: 'id', reason, holder })
    const isSelf = node.id === issuer
    if (isSelf && issuer !== this.#rootIssuer) {
      problem('một nút không tự xác nhận chính nó / a node does not sign itself', null)
      return
    }
    const held = this.#nodes.get(node.id)
    if (held !== undefined) {
      problem(
        `nút đã thuộc phần của ${held.issuer} / the node stands in the part of ${held.issuer}`,
        held.issuer,
      )
      return
    }
    this.#nodes.set(node.id, { ...node, issuer, parent: isSelf ? null : issuer })
  }

  /** An entry is taken whole or left out. */
  #takeAgency(
    issuer: string,
    agency: AgencyEntry,
    hosts: ReadonlySet<string>,
    scope: readonly AgencyCode[] | 'everything',
  ): void {
    const problem = (field: string, reason: string, holder: string | null = null) =>
      this.#problems.push({ issuer, kind: 'agency', id: agency.id, field, reason, holder })
    const before = this.#problems.length
    for (const one of entryProblems(agency)) problem(one.field, one.reason)
    for (const term of agency.terms) {
      const held = this.#terms.get(agency.id)?.find((one) => overlap(one, term))
      if (!hosts.has(term.hostingNode)) {
        problem('hostingNode', `${issuer} không ký cho nút ${term.hostingNode} / does not sign for that node`)
      }
      if (held !== undefined) {
        problem(
          'id',
          `cơ quan đã có trong phần của / the agency stands in the part of ${held.issuer}`,
          held.issuer,
        )
      }
    }
    for (const { code, parsed } of parsedCodes(agency)) {
      const held = this.#codes.get(code.code)?.find((one) => overlap(one, code))
      if (!inScope(parsed, scope)) {
        problem('code', `${code.code} ngoài phạm vi của nút ${issuer} / is outside what ${issuer} may sign`)
      }
      if (held !== undefined) {
        problem('code', `${code.code} đang là mã của / is the code of ${held.agencyId}`, held.issuer)
      }
    }
    if (this.#problems.length === before) this.#addAgency(issuer, agency)
  }

  #addAgency(issuer: string, agency: AgencyEntry): void {
    for (const term of agency.terms) {
      push(this.#terms, agency.id, { ...term, agencyId: agency.id, issuer })
      push(this.#hostedBy, term.hostingNode, agency.id)
    }
    for (const { code, parsed } of parsedCodes(agency)) {
      push(this.#codes, code.code, { ...code, agencyId: agency.id, issuer })
      push(this.#codesOfAgency, agency.id, parsed)
    }
    if (agency.closedOn !== null) {
      this.#closures.set(agency.id, agency.closedOn)
      this.#successors.set(agency.id, agency.successors)
    }
  }

  #checkTombstone(part: SourcePart, kind: 'agency' | 'node', id: string): void {
    const returned = (kind === 'agency' ? part.agencies : part.nodes).some((one) => one.id === id)
    if (!returned) return
    const reason = 'đã bị gỡ, không dùng lại được / was removed and never comes back'
    this.#problems.push({ issuer: part.issuer, kind, id, field: 'id', reason, holder: null })
  }

  /** The codes of the agencies that a node hosts, at any time: below them it may name others. */
  #scopeOf(issuer: string): AgencyCode[] | 'everything' {
    if (issuer === this.#rootIssuer || !this.#nodes.has(issuer)) return 'everything'
    const ids = new Set(this.#hostedBy.get(issuer))
    return [...ids].flatMap((id) => this.#codesOfAgency.get(id) ?? [])
  }

  result(): Directory {
    return {
      nodes: this.#nodes,
      codes: [...this.#codes.values()].flat(),
      terms: [...this.#terms.values()].flat(),
      closures: this.#closures,
      successors: this.#successors,
      problems: this.#problems,
    }
  }
}

/** The codes that follow their form; `entryProblems` has told of the others. */
function parsedCodes(agency: AgencyEntry): { code: CodeEntry; parsed: AgencyCode }[] {
  return agency.codes.flatMap((code) => {
    const parsed = matchAgencyCode(code.code, code.generation)
    return parsed === undefined ? [] : [{ code, parsed }]
  })
}

function inScope(code: AgencyCode, scope: readonly AgencyCode[] | 'everything'): boolean {
  return scope === 'everything' || code.groups.length === 0 || scope.some((one) => isWithin(code, one))
}

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [value])
  else list.push(value)
}
