/** The options of `sign`: their form, and what they mean. */
import { z } from 'zod'
import type { DocumentPermission, FieldLock, FieldPlace } from '../../signing/index.ts'
import type { CommandContext } from '../command.ts'
import { usageError } from '../usage.ts'

export const signOptionsForm = z.object({
  key: z.string(),
  passwordFile: z.string(),
  field: z.string().optional(),
  out: z.string().optional(),
  suffix: z.string().optional(),
  reason: z.string().optional(),
  location: z.string().optional(),
  rsaPadding: z.enum(['pss', 'pkcs1']),
  lock: z.string().optional(),
  format: z.enum(['pades', 'xades', 'cades']).optional(),
  timestamp: z.array(z.string()),
  timestampPolicy: z
    .string()
    .regex(/^[0-2](\.\d+)+$/)
    .optional(),
  certify: z.enum(['1', '2', '3']).optional(),
  page: z
    .string()
    .regex(/^-?[1-9]\d{0,4}$/)
    .optional(),
  box: z.string().optional(),
  image: z.string().optional(),
  imagePlace: z.enum(['beside', 'above', 'behind']).optional(),
  text: z.array(z.string()),
  pdfPasswordFile: z.string().optional(),
})
export type SignOptions = z.output<typeof signOptionsForm>

/** `null` = lock nothing, whatever the document is; `undefined` = as the document's kind wants. */
export function lockOf(text: string | undefined, context: CommandContext): FieldLock | null | undefined {
  if (text === undefined) return undefined
  if (text === 'none') return null
  if (text === 'all') return { action: 'All' }
  const [, kind, list = ''] = /^(include|exclude):(.+)$/.exec(text) ?? []
  const fields = list.split(',').map((name) => name.trim())
  if (kind === undefined || fields.includes('')) {
    throw usageError(
      {
        vi: `--lock "${text}" phải là all, none, include:A,B hoặc exclude:A,B`,
        en: `--lock "${text}" must be all, none, include:A,B or exclude:A,B`,
      },
      context.language,
    )
  }
  return { action: kind === 'include' ? 'Include' : 'Exclude', fields }
}

export function permissionOf(text: SignOptions['certify']): DocumentPermission | undefined {
  switch (text) {
    case '1':
      return 1
    case '2':
      return 2
    case '3':
      return 3
    case undefined:
      return undefined
  }
}

const POINTS_PER_MM = 72 / 25.4

/** `--box LEFT,BOTTOM,WIDTH,HEIGHT`: numbers with an optional `mm`, otherwise points, on the page as it is shown. */
export function placeOf({ box, page }: SignOptions, context: CommandContext): FieldPlace | undefined {
  if (box === undefined) {
    if (page === undefined) return undefined
    throw usageError({ vi: '--page cần có --box', en: '--page needs --box' }, context.language)
  }
  const parts = box.split(',').map((part) => /^\s*(\d{1,5}(?:\.\d{1,4})?)\s*(mm)?\s*$/.exec(part))
  const [left, bottom, width, height, ...more] = parts.map((match) =>
    match === null ? Number.NaN : Number(match[1]) * (match[2] === undefined ? 1 : POINTS_PER_MM),
  )
  const given = [left, bottom, width, height].flatMap((one) =>
    one === undefined || Number.isNaN(one) ? [] : one,
  )
  if (given.length !== 4 || more.length > 0 || !(Number(width) > 0) || !(Number(height) > 0)) {
    throw usageError(
      {
        vi: `--box "${box}" phải là TRÁI,DƯỚI,RỘNG,CAO, ví dụ 20mm,30mm,60mm,25mm (không ghi đơn vị = point)`,
        en: `--box "${box}" must be LEFT,BOTTOM,WIDTH,HEIGHT, for example 20mm,30mm,60mm,25mm (points without a unit)`,
      },
      context.language,
    )
  }
  const [x = 0, y = 0, w = 0, h = 0] = given
  return { page: Number(page ?? '1'), left: x, bottom: y, width: w, height: h }
}
