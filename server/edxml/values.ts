import { z } from 'zod'

/**
 * The kinds of value that fields of a message have. Reasons are written in Vietnamese and English, because they
 * stand inside a message of either language.
 */

/** Control characters, lone surrogates and non-characters: XML cannot carry them, or readers differ on them. */
const forbidden = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}\uFEFF]/u

/**
 * Text of at most `max` characters, counted as a reader counts them (code points after NFC). The text itself is
 * never normalised.
 */
export function text(max: number, options: { multiline?: boolean } = {}) {
  return z.string().check((context) => {
    const { value } = context
    const refuse = (message: string) => context.issues.push({ code: 'custom', message, input: value })
    if (value === '') return void refuse('không được để trống / must not be empty')
    const found = forbidden.exec(options.multiline ? value.replaceAll('\n', ' ') : value)
    if (found !== null) {
      const point = found[0].codePointAt(0) ?? 0
      const name = `U+${point.toString(16).toUpperCase().padStart(4, '0')}`
      return void refuse(`ký tự ${name} không được phép / character ${name} is not allowed`)
    }
    // A string of more UTF-16 units than this cannot be within the limit, whatever its normal form.
    const length = value.length > max * 8 ? value.length : [...value.normalize('NFC')].length
    if (length > max) refuse(`dài quá ${max} ký tự / longer than ${max} characters`)
  })
}

/** An agency code as it stands in messages (QĐ 20/2020/QĐ-TTg: at most 35 characters); its rules are the directory's. */
export const organId = z
  .string()
  .regex(
    /^[0-9A-Za-z][0-9A-Za-z._-]{0,34}$/,
    'phải là mã định danh dài tối đa 35 ký tự / must be an agency code of at most 35 characters',
  )

/** A name of a node, branch or reason: short, and safe in paths and logs. */
export const identifier = z
  .string()
  .regex(
    /^[0-9A-Za-z][0-9A-Za-z._:-]{0,127}$/,
    'chỉ được có chữ cái không dấu, chữ số, . _ : - / only letters, digits, . _ : -',
  )

/** Lower-case hexadecimal. */
export const sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'phải là SHA-256 dạng hệ 16 / must be a SHA-256 in hexadecimal')

/** A calendar date `YYYY-MM-DD`. */
export const calendarDate = z.iso.date('phải là ngày có thật YYYY-MM-DD / must be a date YYYY-MM-DD')

/** A moment, in years that both XML forms of time can carry. */
export const moment = z.date().check((context) => {
  const year = context.value.getUTCFullYear()
  if (year < 1970 || year > 9990) {
    context.issues.push({
      code: 'custom',
      message: 'năm phải từ 1970 đến 9990 / the year must be within 1970 to 9990',
      input: context.value,
    })
  }
})

export function integer(min: number, max: number) {
  const message = `phải là số nguyên từ ${min} đến ${max} / must be a whole number within ${min} to ${max}`
  return z.int(message).min(min, message).max(max, message)
}

/** Whether two keys (codes, document ids) are the same text: compared in NFC, as stored text may be composed otherwise. */
export function sameKey(left: string, right: string): boolean {
  return left.normalize('NFC') === right.normalize('NFC')
}

/** The positions of keys that occurred before in the list. */
export function duplicateKeys(keys: readonly string[]): number[] {
  const seen = new Set<string>()
  return keys.flatMap((key, position) => {
    const normal = key.normalize('NFC')
    if (seen.has(normal)) return [position]
    seen.add(normal)
    return []
  })
}
