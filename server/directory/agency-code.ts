/**
 * Agency codes (mã định danh) of both generations. Pure.
 *
 * - QCVN 102:2016/BTTTT: `V1V2V3.Z1Z2.Y1Y2.MX1X2`, level 1 on the right, unused levels zero: `000.00.18.G12`.
 * - QĐ 20/2020/QĐ-TTg: art 4 level 1 on the left, `H49.12.3`; art 5 an enterprise's registration number; art 6 a
 *   scheme `Z01`…`Z99` followed by its own identifier.
 *
 * There is no algorithm between the two generations below level 1. Matching a form is not validity either: level-1
 * codes are a closed list, and the directory says which codes exist.
 */
import { CongvanError } from '../errors.ts'

export type CodeGeneration = 'qcvn102' | 'qd20'

/** One lawful form of a code. The list is data: a new scheme is a new row. */
export interface CodeScheme {
  readonly name: string
  readonly generation: CodeGeneration
  /** Article that defines the form. */
  readonly source: string
  readonly pattern: RegExp
  readonly maxLength: number
  /** The groups of a code from level 1 downwards; without it the codes of this form have no hierarchy. */
  readonly groups?: (text: string) => string[]
  /** What is wanted, for the message to a person. */
  readonly form: string
}

export const codeSchemes: readonly CodeScheme[] = [
  {
    name: 'qcvn102',
    generation: 'qcvn102',
    source: 'QCVN 102:2016/BTTTT',
    pattern: /^[0-9A-Z]{3}\.[0-9A-Z]{2}\.[0-9A-Z]{2}\.[A-Z][0-9A-Z]{2}$/,
    maxLength: 13,
    groups: qcvnGroups,
    form: '000.00.00.H49',
  },
  {
    name: 'agency',
    generation: 'qd20',
    source: 'QĐ 20/2020/QĐ-TTg art 4',
    pattern: /^[A-Y][0-9]{2}(\.[A-Z0-9]+)*$/,
    maxLength: 35,
    groups: (text) => text.split('.'),
    form: 'H49, H49.12.3',
  },
  {
    name: 'scheme',
    generation: 'qd20',
    source: 'QĐ 20/2020/QĐ-TTg art 6',
    // The scheme itself fixes the structure of what follows; here only what every scheme must keep.
    pattern: /^Z(0[1-9]|[1-9][0-9])[\x21-\x7e]{1,32}$/,
    maxLength: 35,
    form: 'Z01…',
  },
  {
    name: 'enterprise',
    generation: 'qd20',
    source: 'QĐ 20/2020/QĐ-TTg art 5',
    // The registration number itself: ten digits, a branch with three more, or twelve of a household business.
    pattern: /^([0-9]{10}(-[0-9]{3})?|[0-9]{12})$/,
    maxLength: 14,
    form: '0100000000',
  },
]

export interface AgencyCode {
  readonly text: string
  readonly generation: CodeGeneration
  /** Name of the scheme it matched. */
  readonly scheme: string
  /** Groups from level 1 downwards; empty for a code without hierarchy. */
  readonly groups: readonly string[]
}

/** The code, or `undefined` when it follows no known form of that generation. */
export function matchAgencyCode(
  text: string,
  generation?: CodeGeneration,
  schemes: readonly CodeScheme[] = codeSchemes,
): AgencyCode | undefined {
  const scheme = schemes.find(
    (one) =>
      (generation === undefined || one.generation === generation) &&
      text.length <= one.maxLength &&
      one.pattern.test(text),
  )
  return (
    scheme && {
      text,
      generation: scheme.generation,
      scheme: scheme.name,
      groups: scheme.groups?.(text) ?? [],
    }
  )
}

/**
 * Reads a code strictly: for our own registry.
 *
 * @param generation only forms of this generation, where the source says which one it is
 * @throws CongvanError `AGENCY_CODE_MALFORMED`
 */
export function parseAgencyCode(
  text: string,
  generation?: CodeGeneration,
  schemes: readonly CodeScheme[] = codeSchemes,
): AgencyCode {
  const code = matchAgencyCode(text, generation, schemes)
  if (code === undefined) throw malformed(text, generation, schemes)
  return code
}

export interface ForeignCode {
  readonly text: string
  /** Null when it follows no known form. */
  readonly code: AgencyCode | null
  readonly warning: { readonly code: 'AGENCY_CODE_MALFORMED'; readonly message: string } | null
}

/** Reads a code that came in a message of another system: a wrong form is a warning, never a reason to refuse. */
export function readForeignCode(text: string, schemes: readonly CodeScheme[] = codeSchemes): ForeignCode {
  const code = matchAgencyCode(text, undefined, schemes)
  if (code !== undefined) return { text, code, warning: null }
  const { message } = malformed(text, undefined, schemes)
  return { text, code: null, warning: { code: 'AGENCY_CODE_MALFORMED', message } }
}

/** Whether `code` is `ancestor` or lies below it in the same generation's hierarchy (QĐ 20 art 4.3). */
export function isWithin(code: AgencyCode, ancestor: AgencyCode): boolean {
  return (
    code.generation === ancestor.generation &&
    ancestor.groups.length > 0 &&
    ancestor.groups.length <= code.groups.length &&
    ancestor.groups.every((group, index) => group === code.groups[index])
  )
}

/** Level 1 stands on the right; zero groups after the last used level say nothing. */
function qcvnGroups(text: string): string[] {
  const groups = text.split('.').reverse()
  while (groups.length > 1 && /^0+$/.test(groups.at(-1) ?? '')) groups.pop()
  return groups
}

function malformed(
  text: string,
  generation: CodeGeneration | undefined,
  schemes: readonly CodeScheme[],
): CongvanError {
  const candidates = schemes.filter((one) => generation === undefined || one.generation === generation)
  return new CongvanError('AGENCY_CODE_MALFORMED', { code: shown(text), reason: whyNot(text, candidates) })
}

function whyNot(text: string, candidates: readonly CodeScheme[]): string {
  const longest = Math.max(...candidates.map((one) => one.maxLength))
  if (text === '') return 'để trống / empty'
  if (text.length > longest) return `dài hơn ${longest} ký tự / longer than ${longest} characters`
  if (/[a-z]/.test(text)) return 'có chữ thường / lower-case letters'
  if (/\s/.test(text)) return 'có khoảng trắng / white space'
  return `cần dạng / wanted: ${candidates.map((one) => one.form).join(' | ')}`
}

/** A hostile code must not flood a message. */
function shown(text: string): string {
  return text.length > 50 ? `${text.slice(0, 50)}…` : text
}
