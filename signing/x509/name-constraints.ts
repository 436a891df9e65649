/**
 * Name constraints (RFC 5280 section 4.2.1.10) for directory names, mail addresses (also internationalised ones,
 * RFC 9598), DNS names, URIs and IP addresses.
 *
 * A constraint on another form concerns the path only when a name of that form occurs in it; then the answer is
 * `unsupported`, never a pass, whether the extension is critical or not. The same holds for a name or a constraint of a
 * known form that is not well-formed: it may mean different things to different readers.
 */
import { SigningError } from '../errors.ts'
import { contextTag, type DerNode, malformed, parseDer, TAG } from './der.ts'
import { DerFields, decodeSmallInteger, onlyChild, readText } from './der-values.ts'
import { type GeneralName, readGeneralName } from './general-names.ts'
import { ATTRIBUTE, type DistinguishedName, nameTexts } from './name.ts'
import { isWellFormed, isWithin, mayCover } from './name-subtrees.ts'

export interface Subtree {
  readonly base: GeneralName
  /** `minimum` is 0 and `maximum` absent, as they must be; others cannot be judged. */
  readonly plain: boolean
}

export interface NameConstraints {
  readonly permitted: readonly Subtree[]
  readonly excluded: readonly Subtree[]
}

export type ConstraintVerdict = 'permitted' | 'violated' | 'unsupported'

/** id-on-SmtpUTF8Mailbox (RFC 9598 section 3): constrained by `rfc822Name` subtrees (section 6). */
const SMTP_UTF8_MAILBOX = '1.3.6.1.5.5.7.8.9'

export function readNameConstraints(node: DerNode): NameConstraints {
  const fields = new DerFields(node)
  const permitted = fields.optional(contextTag(0, true))
  const excluded = fields.optional(contextTag(1, true))
  fields.finish('NameConstraints')
  if (permitted === undefined && excluded === undefined) throw malformed(node.start, 'empty NameConstraints')
  return { permitted: readSubtrees(permitted), excluded: readSubtrees(excluded) }
}

function readSubtrees(node: DerNode | undefined): readonly Subtree[] {
  if (node === undefined) return []
  if (node.children.length === 0) throw malformed(node.start, 'empty list of subtrees')
  return node.children.map((subtree) => {
    const fields = new DerFields(subtree)
    const base = readGeneralName(fields.any('base'))
    const minimum = fields.optional(contextTag(0, false))
    const maximum = fields.optional(contextTag(1, false))
    fields.finish('GeneralSubtree')
    return {
      base,
      plain: maximum === undefined && (minimum === undefined || decodeSmallInteger(minimum) === 0),
    }
  })
}

/**
 * The names of a certificate to which constraints apply (RFC 5280 section 6.1.3 b and c): the subject as a directory
 * name, all alternative names, and the subject's mail addresses. RFC 5280 section 4.2.1.10 asks for the last only
 * where there are no alternative names; but they are shown to people like the others, and a harmless alternative name
 * must not be the way around the constraint.
 */
export function constrainedNames(
  subject: DistinguishedName,
  alternativeNames: readonly GeneralName[],
): readonly GeneralName[] {
  // A mailbox in UTF-8 stays an `otherName` besides: constraints written in that form concern it, and are not judged.
  const names = alternativeNames.flatMap((name) => {
    const mail = asMailAddress(name)
    return mail === undefined ? [name] : [name, mail]
  })
  if (subject.relativeNames.length > 0) names.push({ form: 'directory', name: subject })
  for (const text of nameTexts(subject, ATTRIBUTE.emailAddress)) names.push({ form: 'email', text })
  return names
}

/** An internationalised mailbox is a mail address in UTF-8; a broken one is none that is well-formed. */
function asMailAddress(name: GeneralName): GeneralName | undefined {
  if (name.form !== 'other' || name.type !== SMTP_UTF8_MAILBOX) return undefined
  const broken: GeneralName = { form: 'email', text: '' }
  try {
    const value = new DerFields(parseDer(name.raw), name.tag)
    value.any('type-id')
    const text = onlyChild(value.take(contextTag(0, true), 'value'))
    return text.tag === TAG.UTF8_STRING ? { form: 'email', text: readText(text) ?? '' } : broken
  } catch (error) {
    if (error instanceof SigningError) return broken
    throw error
  }
}

/** Judges names against one set of constraints. The work is at most names × subtrees of the same form. */
export function judgeNameConstraints(
  constraints: NameConstraints,
  names: readonly GeneralName[],
): ConstraintVerdict {
  let worst: ConstraintVerdict = 'permitted'
  for (const name of names) {
    const verdict = judgeName(constraints, name)
    if (verdict === 'violated') return 'violated'
    if (verdict === 'unsupported') worst = 'unsupported'
  }
  return worst
}

function judgeName(constraints: NameConstraints, name: GeneralName): ConstraintVerdict {
  const { permitted, excluded, judgeable } = subtreesFor(constraints, name)
  if (permitted.length === 0 && excluded.length === 0) return 'permitted'
  if (!judgeable || !isWellFormed(name, 'name')) return 'unsupported'
  if (excluded.some((base) => mayCover(name, base))) return 'violated'
  return permitted.length === 0 || permitted.some((base) => isWithin(name, base)) ? 'permitted' : 'violated'
}

interface SubtreesOfForm {
  readonly permitted: readonly GeneralName[]
  readonly excluded: readonly GeneralName[]
  /** Every one of them is of a form and a shape that can be compared. */
  readonly judgeable: boolean
}

const known = new WeakMap<NameConstraints, Map<string, SubtreesOfForm>>()

/** The subtrees that concern a name, sorted out once for each form. */
function subtreesFor(constraints: NameConstraints, name: GeneralName): SubtreesOfForm {
  const form = name.form === 'other' ? `other ${name.tag}` : name.form
  const forms = known.get(constraints) ?? new Map<string, SubtreesOfForm>()
  known.set(constraints, forms)
  let found = forms.get(form)
  if (found === undefined) {
    const concerned = ({ base }: Subtree) =>
      base.form === name.form && (base.form !== 'other' || (name.form === 'other' && base.tag === name.tag))
    const permitted = constraints.permitted.filter(concerned)
    const excluded = constraints.excluded.filter(concerned)
    const judgeable = [...permitted, ...excluded].every(
      ({ base, plain }) => plain && isWellFormed(base, 'subtree'),
    )
    const bases = (subtrees: readonly Subtree[]) => subtrees.map(({ base }) => base)
    found = { permitted: bases(permitted), excluded: bases(excluded), judgeable }
    forms.set(form, found)
  }
  return found
}
