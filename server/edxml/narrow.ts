import type { z } from 'zod'
import { CongvanError } from '../errors.ts'

/** Properties whose element is not simply the same word with a capital. */
const elementNames: Readonly<Record<string, string>> = {
  business: 'Bussiness',
  businessDocType: 'BussinessDocType',
  businessDocReason: 'BussinessDocReason',
  businessDocumentInfo: 'BussinessDocumentInfo',
  traceHeaders: 'TraceHeader',
  attachments: 'Reference',
}

/**
 * Narrows a message to its schema, both before writing and after reading it.
 *
 * @throws CongvanError `INPUT_INVALID`, naming the element: `To[3]/OrganId` (places are counted from 1)
 */
export function narrow<Schema extends z.ZodType>(schema: Schema, value: unknown): z.infer<Schema> {
  const result = schema.safeParse(value, { reportInput: true })
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new CongvanError('INPUT_INVALID', {
    field: issue === undefined || issue.path.length === 0 ? 'message' : elementPath(issue.path),
    reason: issue === undefined ? result.error.message : reasonOf(issue),
  })
}

function elementPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((before, step) => {
    if (typeof step === 'number') return `${before}[${step + 1}]`
    const name = String(step)
    const element = elementNames[name] ?? name.charAt(0).toUpperCase() + name.slice(1)
    return before === '' ? element : `${before}/${element}`
  }, '')
}

function reasonOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'too_big':
      return issue.origin === 'array'
        ? `quá ${issue.maximum} phần tử / more than ${issue.maximum}`
        : issue.message
    case 'too_small':
      return issue.origin === 'array' ? `thiếu / fewer than ${issue.minimum}` : issue.message
    case 'invalid_type':
      return issue.input === undefined ? 'thiếu / is missing' : issue.message
    case 'unrecognized_keys':
      return `không nhận ra / unknown: ${issue.keys.join(', ')}`
    default:
      return issue.message
  }
}
