/** What is wrong with a value from outside, in the words of who gave it: no type names, no English in Vietnamese. */
import type { z } from 'zod'
import type { Language } from '../signing/index.ts'

interface Words {
  readonly missing: string
  readonly empty: string
  readonly type: (wanted: string) => string
  readonly types: Readonly<Record<string, string>>
  readonly atLeast: (count: string, of: string) => string
  readonly atMost: (count: string, of: string) => string
  readonly units: Readonly<Record<string, string>>
  readonly formats: Readonly<Record<string, string>>
  readonly oneOf: (values: string) => string
  readonly noField: (names: string) => string
  readonly malformed: string
}

const vi: Words = {
  missing: 'thiếu',
  empty: 'để trống',
  type: (wanted) => `phải là ${wanted}`,
  types: {
    string: 'chữ',
    number: 'số',
    int: 'số nguyên',
    boolean: 'true hoặc false',
    array: 'danh sách',
    object: 'đối tượng JSON',
    date: 'thời điểm',
  },
  atLeast: (count, of) => `ít nhất ${count}${of}`,
  atMost: (count, of) => `nhiều nhất ${count}${of}`,
  units: { string: ' ký tự', array: ' mục' },
  formats: {
    uuid: 'không phải mã UUID',
    date: 'không phải ngày dạng YYYY-MM-DD',
    datetime: 'không phải thời điểm ISO 8601 có múi giờ',
    url: 'không phải địa chỉ http hoặc https',
    'one-line': 'có dấu xuống dòng hoặc ký tự điều khiển',
  },
  oneOf: (values) => `phải là một trong: ${values}`,
  noField: (names) => `không có trường ${names}`,
  malformed: 'sai dạng',
}

const en: Words = {
  missing: 'missing',
  empty: 'empty',
  type: (wanted) => `must be ${wanted}`,
  types: {
    string: 'text',
    number: 'a number',
    int: 'a whole number',
    boolean: 'true or false',
    array: 'a list',
    object: 'a JSON object',
    date: 'a time',
  },
  atLeast: (count, of) => `at least ${count}${of}`,
  atMost: (count, of) => `at most ${count}${of}`,
  units: { string: ' characters', array: ' items' },
  formats: {
    uuid: 'is no UUID',
    date: 'is no date of the form YYYY-MM-DD',
    datetime: 'is no ISO 8601 time with a zone',
    url: 'is no http or https address',
    'one-line': 'contains line breaks or control characters',
  },
  oneOf: (values) => `must be one of: ${values}`,
  noField: (names) => `there is no field ${names}`,
  malformed: 'is malformed',
}

/** The error map for `safeParse(value, { error: issueWords(language) })`; messages written in a schema stay. */
export function issueWords(language: Language): (issue: z.core.$ZodRawIssue) => string {
  const words = language === 'vi' ? vi : en
  return (issue) => wordsOf(issue, words)
}

function wordsOf(issue: z.core.$ZodRawIssue, words: Words): string {
  const unit = 'origin' in issue ? (words.units[String(issue.origin)] ?? '') : ''
  switch (issue.code) {
    case 'invalid_type':
      if (issue.input === undefined) return words.missing
      return words.type(words.types[issue.expected] ?? issue.expected)
    case 'too_small':
      if (issue.input === '' || (Array.isArray(issue.input) && issue.input.length === 0)) return words.empty
      return words.atLeast(String(issue.minimum), unit)
    case 'too_big':
      return words.atMost(String(issue.maximum), unit)
    case 'invalid_format':
      return words.formats[issue.format] ?? words.malformed
    case 'invalid_value':
      return issue.input === undefined ? words.missing : words.oneOf(issue.values.map(String).join(', '))
    case 'unrecognized_keys':
      return words.noField(issue.keys.map((key) => `"${key}"`).join(', '))
    default:
      return words.malformed
  }
}
