/**
 * `GeneralName` (RFC 5280 section 4.2.1.6) and name constraints (section 4.2.1.10).
 *
 * Constraints are judged for directory names, mail addresses, DNS names and URIs. A constraint of another form
 * concerns the path only when a name of that form occurs in it; then the answer is `unsupported`, never a pass.
 */
import { contextTag, type DerNode, malformed, TAG } from './der.ts'
import { DerFields, expectTag, onlyChild } from './der-values.ts'
import { ATTRIBUTE, type DistinguishedName, nameTexts, readName, relativeNameKey } from './name.ts'

export type GeneralName =
  | { readonly form: 'directory'; readonly name: DistinguishedName }
  | { readonly form: 'email' | 'dns' | 'uri'; readonly text: string }
  | { readonly form: 'other'; readonly tag: number; readonly raw: Uint8Array }

export interface NameConstraints {
  readonly permitted: readonly GeneralName[]
  readonly excluded: readonly GeneralName[]
}

export type ConstraintVerdict = 'permitted' | 'violated' | 'unsupported'

const textForms: Readonly<Record<number, 'email' | 'dns' | 'uri'>> = {
  [contextTag(1, false)]: 'email',
  [contextTag(2, false)]: 'dns',
  [contextTag(6, false)]: 'uri',
}

export function readGeneralName(node: DerNode): GeneralName {
  if (node.tag === contextTag(4, true)) return { form: 'directory', name: readName(onlyChild(node)) }
  const form = textForms[node.tag]
  if (form === undefined) return { form: 'other', tag: node.tag, raw: node.raw }
  if (node.content.some((byte) => byte >= 0x80)) throw malformed(node.start, 'IA5String')
  return { form, text: Buffer.from(node.content).toString('latin1') }
}

/** `GeneralNames`; `tag` for IMPLICIT ones. */
export function readGeneralNames(node: DerNode, tag: number = TAG.SEQUENCE): readonly GeneralName[] {
  expectTag(node, tag)
  return node.children.map(readGeneralName)
}

export function readNameConstraints(node: DerNode): NameConstraints {
  const fields = new DerFields(node)
  const permitted = fields.optional(contextTag(0, true))
  const excluded = fields.optional(contextTag(1, true))
  fields.finish('NameConstraints')
  return { permitted: readSubtrees(permitted), excluded: readSubtrees(excluded) }
}

/** `minimum` must be 0 and `maximum` absent (RFC 5280 section 4.2.1.10), so only the base may be there. */
function readSubtrees(node: DerNode | undefined): readonly GeneralName[] {
  return (node?.children ?? []).map((subtree) => {
    const fields = new DerFields(subtree)
    const base = readGeneralName(fields.any('base'))
    fields.finish('GeneralSubtree')
    return base
  })
}

/**
 * Judges one certificate's names against one set of constraints: the subject as a directory name, its mail
 * addresses where there is no alternative name (RFC 5280 section 6.1.3 b and c), and all alternative names.
 */
export function judgeNameConstraints(
  constraints: NameConstraints,
  subject: DistinguishedName,
  alternativeNames: readonly GeneralName[],
): ConstraintVerdict {
  const names: GeneralName[] = [...alternativeNames]
  if (subject.relativeNames.length > 0) names.push({ form: 'directory', name: subject })
  if (!alternativeNames.some(({ form }) => form === 'email')) {
    for (const text of nameTexts(subject, ATTRIBUTE.emailAddress)) names.push({ form: 'email', text })
  }
  let worst: ConstraintVerdict = 'permitted'
  for (const name of names) {
    const verdict = judgeName(constraints, name)
    if (verdict === 'violated') return 'violated'
    if (verdict === 'unsupported') worst = 'unsupported'
  }
  return worst
}

function judgeName({ permitted, excluded }: NameConstraints, name: GeneralName): ConstraintVerdict {
  const sameForm = (base: GeneralName) =>
    base.form === name.form && (base.form !== 'other' || sameTag(base, name))
  const relevantPermitted = permitted.filter(sameForm)
  const relevantExcluded = excluded.filter(sameForm)
  if (relevantPermitted.length === 0 && relevantExcluded.length === 0) return 'permitted'
  if (name.form === 'other') return 'unsupported'
  if (name.form === 'uri' && uriHost(name.text) === undefined) return 'violated'
  // A name or constraint that is no plain host may mean different things to different readers.
  const compared = [name, ...relevantPermitted, ...relevantExcluded]
  if (name.form !== 'uri' && !compared.every(isWellFormed)) return 'unsupported'
  if (relevantExcluded.some((base) => isWithin(name, base))) return 'violated'
  return relevantPermitted.length === 0 || relevantPermitted.some((base) => isWithin(name, base))
    ? 'permitted'
    : 'violated'
}

const hostPattern = /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/i

/** Hosts in letters, digits and hyphens; mail addresses and their constraints with such a host. */
function isWellFormed(name: GeneralName): boolean {
  if (name.form === 'dns') return name.text === '' || hostPattern.test(name.text)
  if (name.form !== 'email') return true
  const host = name.text.slice(name.text.lastIndexOf('@') + 1).replace(/^\./, '')
  const local = name.text.includes('@') ? name.text.slice(0, name.text.lastIndexOf('@')) : 'none'
  return hostPattern.test(host) && /^[^\s@"]+$/.test(local)
}

function sameTag(base: GeneralName, name: GeneralName): boolean {
  return base.form === 'other' && name.form === 'other' && base.tag === name.tag
}

function isWithin(name: GeneralName, base: GeneralName): boolean {
  if (name.form === 'directory' && base.form === 'directory') {
    const own = name.name.relativeNames.map(relativeNameKey)
    const prefix = base.name.relativeNames.map(relativeNameKey)
    return prefix.length <= own.length && prefix.every((part, i) => part === own[i])
  }
  if (!('text' in name) || !('text' in base)) return false
  const constraint = base.text.toLowerCase()
  const text = name.text.toLowerCase()
  switch (name.form) {
    case 'dns':
      return constraint === '' || text === constraint || text.endsWith(`.${constraint.replace(/^\./, '')}`)
    case 'email': {
      if (constraint.includes('@')) return localPartExact(name.text, base.text)
      return hostMatches(text.slice(text.lastIndexOf('@') + 1), constraint)
    }
    case 'uri':
      return hostMatches(uriHost(text) ?? '', constraint)
  }
}

/** The local part of an address is compared exactly, the host without regard to case (RFC 5280 section 7.5). */
function localPartExact(address: string, constraint: string): boolean {
  const split = (text: string) => [
    text.slice(0, text.lastIndexOf('@')),
    text.slice(text.lastIndexOf('@') + 1),
  ]
  const [local, host = ''] = split(address)
  const [wantedLocal, wantedHost = ''] = split(constraint)
  return local === wantedLocal && host.toLowerCase() === wantedHost.toLowerCase()
}

/** A leading dot means any host below, no dot means exactly this host. */
function hostMatches(host: string, constraint: string): boolean {
  return constraint.startsWith('.') ? host.endsWith(constraint) : constraint === '' || host === constraint
}

/** The host of a URI; undefined without one, and for an IP address, to which no constraint can apply. */
function uriHost(uri: string): string | undefined {
  const match = /^[a-z][a-z0-9+.-]*:\/\/(?:[^@/?#]*@)?([^:/?#[\]]+)(?::\d*)?(?:[/?#]|$)/i.exec(uri)
  const host = match?.[1]?.toLowerCase()
  return host === undefined || /^[\d.]+$/.test(host) ? undefined : host
}
