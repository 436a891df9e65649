/**
 * Quyền hạn của người ký: the prefix before the title of who signs (NĐ 30/2020/NĐ-CP art 13 and Phụ lục I, Phần I,
 * II.7b). Pure.
 *
 * TM. for a collegial body, Q. acting head, KT. a deputy for the head, TL. by the head's order, TUQ. by written
 * authorisation. Two stand together where a deputy signs for a collegial body (`TM. ỦY BAN NHÂN DÂN / KT. CHỦ TỊCH`) or
 * for who signs by order.
 */
export const signingPrefixes = ['TM.', 'Q.', 'KT.', 'TL.', 'TUQ.'] as const
export type SigningPrefix = (typeof signingPrefixes)[number]

const combinations: ReadonlySet<string> = new Set([...signingPrefixes, 'TM. KT.', 'TL. KT.'])

/** Letters with a point after them, at the beginning of a word: `TM.`, `tuq.`, `CV.`. */
const ABBREVIATION = /(?<![\p{L}\p{N}])(\p{L}{1,4})\.(?=\s|$)/gu

/**
 * The prefixes in a competence, in order; none for a head who signs in his own right.
 *
 * @returns undefined when an abbreviation is no prefix, is not in capitals, or stands with another it cannot stand with
 */
export function prefixesOf(competence: string | null): readonly SigningPrefix[] | undefined {
  const found = [...(competence ?? '').normalize('NFC').matchAll(ABBREVIATION)].map(([text]) => text)
  const prefixes = found.filter((text): text is SigningPrefix => isPrefix(text))
  if (prefixes.length !== found.length) return undefined
  return prefixes.length === 0 || combinations.has(prefixes.join(' ')) ? prefixes : undefined
}

function isPrefix(text: string): text is SigningPrefix {
  return (signingPrefixes as readonly string[]).includes(text)
}
