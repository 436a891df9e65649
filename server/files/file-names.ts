/**
 * Names of the files that an agency sends: letters without diacritics and digits, joined by hyphens or underscores, at
 * most 50 characters with the extension (NB161 art 8.4). Names of received files are kept as they came. Pure.
 */

const LONGEST = 50
const GOOD = /^[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*\.[a-z0-9]{1,10}$/

/** Whether a file may be sent under this name. */
export function isSendableName(name: string): boolean {
  return name.length <= LONGEST && GOOD.test(name)
}

/** The extension in lower case and without the dot; empty where there is none. */
export function extensionOf(name: string): string {
  return /\.([^./\\]{1,10})$/u.exec(name)?.[1]?.toLowerCase() ?? ''
}

/**
 * A name that may be sent, as near to the given one as can be: `Phụ lục 1 (bản cuối).PDF` → `Phu-luc-1-ban-cuoi.pdf`.
 *
 * @param taken names that the document's other files bear; compared without regard to case
 */
export function sendableName(name: string, taken: readonly string[] = []): string {
  const last = name.normalize('NFC').split(/[/\\]/u).at(-1) ?? ''
  const extension = plain(extensionOf(last)).toLowerCase() || 'bin'
  const dot = last.lastIndexOf('.')
  const stem = plain(dot > 0 ? last.slice(0, dot) : last) || 'tep'
  const used = new Set(taken.map((one) => one.toLowerCase()))
  for (let count = 1; ; count += 1) {
    const end = `${count === 1 ? '' : `-${count}`}.${extension}`
    const cut = stem.slice(0, LONGEST - end.length).replace(/[-_]+$/u, '') || 'tep'
    if (!used.has(`${cut}${end}`.toLowerCase())) return `${cut}${end}`
  }
}

function plain(text: string): string {
  return text
    .replace(/[đĐ]/gu, (letter) => (letter === 'đ' ? 'd' : 'D'))
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[^A-Za-z0-9_]+/gu, '-')
    .replace(/[-_]{2,}/gu, '-')
    .replace(/^[-_]+|[-_]+$/gu, '')
}
