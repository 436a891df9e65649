/**
 * Marks of secrecy in the metadata of a document: TUYỆT MẬT, TỐI MẬT, MẬT (NĐ 30/2020 Phụ lục I, Phần I, III.2a).
 * Pure. State secrets never enter the system (QĐ 28/2018/QĐ-TTg art 1).
 *
 * A mark is looked for, not a word: `bảo vệ bí mật nhà nước` in a sentence is none. A mark is
 * - a whole field, in any case: `Mật`;
 * - in brackets, or parted by punctuation at the beginning or the end: `(Tối mật)`, `MẬT - Báo cáo …`;
 * - after `độ mật`: `độ mật: Mật`;
 * - in capitals amid small letters: `Báo cáo TỐI MẬT về …`.
 * What no rule can see (a scan, a text in capitals throughout) is the clerk's declaration.
 */
import { CongvanError } from '../errors.ts'

const MARK = '(?:tuyệt\\s+mật|tối\\s+mật|mật)'
const WORD_CHARACTER = '[\\p{L}\\p{N}\\p{M}]'
// No comma: `danh mục … độ Tuyệt mật, Tối mật, Mật` is a list in a sentence.
const PARTING = '[-–—:;./|*]'

const standingApart = [
  new RegExp(`^\\P{L}*(${MARK})\\P{L}*$`, 'iu'),
  new RegExp(`[([{<«"“]\\s*(${MARK})\\s*[)\\]}>»"”]`, 'iu'),
  new RegExp(`^\\P{L}*(${MARK})\\s*${PARTING}`, 'iu'),
  new RegExp(`${PARTING}\\s*(${MARK})\\P{L}*$`, 'iu'),
  new RegExp(
    `(?<!${WORD_CHARACTER})độ\\s+(?:khẩn,\\s*độ\\s+)?mật\\s*${PARTING}?\\s*(${MARK})(?!${WORD_CHARACTER})`,
    'iu',
  ),
]

const capitals = new RegExp(`(?<!${WORD_CHARACTER})(TUYỆT\\s+MẬT|TỐI\\s+MẬT|MẬT)(?!${WORD_CHARACTER})`, 'gu')
const capitalWordBefore = /\p{Lu}[\p{Lu}\p{N}]+\s+$/u
const capitalWordAfter = /^\s+\p{Lu}[\p{Lu}\p{N}]+(?![\p{L}])/u

/** The mark of secrecy in a text, as it should be written; `undefined` when there is none. */
export function findSecretMark(text: string): string | undefined {
  const normal = text.normalize('NFC')
  for (const pattern of standingApart) {
    const found = pattern.exec(normal)?.[1]
    if (found !== undefined) return asMark(found)
  }
  for (const match of normal.matchAll(capitals)) {
    const before = normal.slice(0, match.index)
    const after = normal.slice(match.index + match[0].length)
    if (!capitalWordBefore.test(before) && !capitalWordAfter.test(after)) return asMark(match[0])
  }
  return undefined
}

function asMark(found: string): string {
  return found.replace(/\s+/g, ' ').toUpperCase()
}

/** A mark of two words as it stands in a name without diacritics; `MAT` alone may be another word. */
const plainWhole = /^\P{L}*((?:tuyet|toi)\s+mat)\P{L}*$/iu
const plainCapitals = /(?<![\p{L}\p{N}])((?:TUYET|TOI)\s+MAT)(?![\p{L}\p{N}])/u
const marksOfPlain: Readonly<Record<string, string>> = { 'TUYET MAT': 'TUYỆT MẬT', 'TOI MAT': 'TỐI MẬT' }

/**
 * The mark of secrecy in the name of a file: as in a text, where hyphens and underscores stand for spaces. Names are
 * sent without diacritics (NB161 art 8.4), so `TOI-MAT` is a mark too.
 */
export function findSecretInName(name: string): string | undefined {
  const stem = name.normalize('NFC').replace(/\.[^.]*$/u, '')
  const words = stem.replace(/(?<=\S)[-_]+(?=\S)/gu, ' ').replaceAll('_', ' ')
  const mark = findSecretMark(words)
  if (mark !== undefined) return mark
  const inCapitals = words === words.toUpperCase() ? null : plainCapitals.exec(words)
  const found = (plainWhole.exec(words) ?? inCapitals)?.[1]
  return found === undefined ? undefined : marksOfPlain[asMark(found)]
}

/** The first field that carries a mark. */
export function findSecretField(
  fields: Readonly<Record<string, string | null>>,
): { readonly field: string; readonly mark: string } | undefined {
  for (const [field, text] of Object.entries(fields)) {
    const mark = text === null ? undefined : findSecretMark(text)
    if (mark !== undefined) return { field, mark }
  }
  return undefined
}

/** @throws CongvanError `SECRET_MARK_FOUND` naming the first field that carries a mark */
export function refuseSecret(fields: Readonly<Record<string, string | null>>): void {
  const found = findSecretField(fields)
  if (found !== undefined) throw new CongvanError('SECRET_MARK_FOUND', found)
}
