/**
 * What a person types into a search, as a query for the database. Pure.
 *
 * - All words must be there. A word written with diacritics is found as it is written (`quyết`); one without is found
 *   either way (`quyet`, `quyết`, `quyệt`). Where the tone mark of oa, oe, uy stands is all the same (`hoà`, `hòa`).
 * - Words in quotation marks, and those joined by other than spaces (`05/UBND-VP`), stand beside one another.
 * - The last word may be unfinished.
 */
import { CongvanError } from '../errors.ts'

/** The same as in `congvan_words`: all that is no letter or digit in ASCII, and the punctuation of Unicode. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters lie between words too
const BETWEEN_WORDS = /[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u2000-\u206f\u3000-\u303f]+/u

const MAX_WORDS = 20
const MAX_WORD = 80
/** Below this an unfinished word would match far too much to be of use. */
const MIN_PREFIX = 2

export interface SearchQuery {
  /** A `tsquery` as PostgreSQL reads it. */
  readonly tsquery: string
  /** Whether a word of it is unfinished. */
  readonly hasPrefix: boolean
}

/**
 * @throws CongvanError `SEARCH_EMPTY` when nothing in it is a word
 */
export function parseSearch(text: string): SearchQuery {
  const phrases = phrasesOf(text)
    .map((one) => ({ ...one, words: wordsOf(one.text) }))
    .filter((one) => one.words.length > 0)
  if (phrases.length === 0) throw new CongvanError('SEARCH_EMPTY')
  let left = MAX_WORDS
  const parts: string[] = []
  for (const [index, { words, quoted }] of phrases.entries()) {
    const taken = words.slice(0, left)
    left -= taken.length
    const last = index === phrases.length - 1 && taken.length === words.length
    const unfinished =
      last && !quoted && taken.length === 1 && mayBePrefix(taken[0] ?? '') && !/\s$/u.test(text)
    const lexemes = taken.map((word, at) =>
      unfinished && at === taken.length - 1 ? `'${word}':*` : `'${word}'`,
    )
    if (lexemes.length > 0) parts.push(lexemes.length === 1 ? lexemes.join('') : `(${lexemes.join(' <-> ')})`)
  }
  const tsquery = parts.join(' & ')
  return { tsquery, hasPrefix: tsquery.endsWith(':*') }
}

/** A number is looked for as it is: `202` is not the beginning of `2026`. */
function mayBePrefix(word: string): boolean {
  return [...word].length >= MIN_PREFIX && !/^\p{N}+$/u.test(word)
}

/** What stands in quotation marks, and between them every run without a space. */
function phrasesOf(text: string): { text: string; quoted: boolean }[] {
  return text
    .split(/["“”]/u)
    .flatMap((part, index): { text: string; quoted: boolean }[] =>
      index % 2 === 1
        ? [{ text: part, quoted: true }]
        : part.split(/\s+/u).map((one) => ({ text: one, quoted: false })),
    )
}

/** The highest position that a `tsvector` keeps. */
const MAX_PLACE = 16_383

/**
 * The words of a text as a `tsvector` in PostgreSQL's own notation, each as it is written and without diacritics, both
 * at the place where it stands: what `congvan_words` makes, for those who must not wait for the database to make it.
 */
export function searchVector(text: string): string {
  const folded = foldedForm(text).split(BETWEEN_WORDS)
  return normalForm(text)
    .split(BETWEEN_WORDS)
    .slice(0, MAX_PLACE)
    .flatMap((word, index) => {
      const plain = folded[index] ?? ''
      return word === '' || plain === '' ? [] : [`'${cut(word)}':${index + 1} '${cut(plain)}':${index + 1}`]
    })
    .join(' ')
}

function cut(word: string): string {
  return [...word].slice(0, MAX_WORD).join('')
}

/** Lower case without diacritics, đ as d; the same as `congvan_fold`. */
function foldedForm(text: string): string {
  return text
    .normalize('NFD')
    .replace(/[A-Z]/g, (letter) => letter.toLowerCase())
    .replace(/[Đđ]/g, 'd')
    .replace(/[\u0300-\u036f]/g, '')
}

/** The words of a text as the index has them. */
export function wordsOf(text: string): string[] {
  return normalForm(text)
    .split(BETWEEN_WORDS)
    .filter((word) => word !== '')
    .map(cut)
}

/** Lower case in ASCII, NFC, the tone mark of oa, oe, uy in one place; the same as `congvan_normal`. */
function normalForm(text: string): string {
  return text
    .normalize('NFD')
    .replace(/[A-Z]/g, (letter) => letter.toLowerCase())
    .replaceAll('Đ', 'đ')
    .replace(/([ou])([\u0300\u0301\u0303\u0309\u0323])([aey])/g, '$1$3$2')
    .normalize('NFC')
}
