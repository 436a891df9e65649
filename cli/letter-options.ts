/** Who signs in which order, and places of fields on a PDF that has none: options of the commands that take a draft. */
import type { Language } from '../signing/index.ts'
import { described } from './command.ts'
import { usageError } from './usage.ts'

export const signOrderOption = [
  '--sign-order <name>',
  described(
    'nhiều người ký: họ tên theo thứ tự ký, lặp lại được',
    'several signers: their names in order, repeatable',
  ),
] as const

export const placeOption = [
  '--place-of <field=page,x,y,w,h>',
  described(
    'vị trí (mm từ góc trên bên trái) của number, date, signer-1…, agency; lặp lại được',
    'place in mm from the upper left of number, date, signer-1…, agency; repeatable',
  ),
] as const

export const numberBoxOption = [
  '--number-box <page,x,y,w,h>',
  described(
    'bản đã ký bằng phần mềm khác: ô trống ở trang 1 (mm) cho số, ngày trong chữ ký cơ quan',
    'a PDF signed in another program: empty box on page 1 (mm) where the agency’s signature shows number and date',
  ),
] as const

const boxForm = /^(1)((?:,\d+(?:\.\d+)?){4})$/
const form = /^(number|date|agency|signer-([1-9]\d?))=(-?\d+)((?:,-?\d+(?:\.\d+)?){4})$/

/**
 * The query of an upload.
 * @throws CongvanError for an option that cannot be read
 */
export function letterQueryOf(
  options: {
    readonly signOrder: readonly string[]
    readonly placeOf: readonly string[]
    readonly numberBox?: string | undefined
  },
  language: Language,
): Record<string, string> {
  const places: Record<string, unknown> = {}
  const individuals: unknown[] = []
  for (const text of options.placeOf) {
    const [, field = '', position, page, rest = ''] = form.exec(text) ?? []
    if (field === '') {
      const [vi, en] = [`--place-of không đọc được: ${text}`, `--place-of cannot be read: ${text}`]
      throw usageError({ vi, en }, language)
    }
    const [x, y, w, h] = rest.slice(1).split(',').map(Number)
    const place = { page: Number(page), x, y, w, h }
    if (position === undefined) places[field] = place
    else individuals[Number(position) - 1] = place
  }
  if (individuals.length > 0) places.individuals = Array.from(individuals, (place) => place ?? null)
  return {
    ...(options.signOrder.length === 0
      ? {}
      : { signers: JSON.stringify(options.signOrder.map((name) => ({ name }))) }),
    ...(Object.keys(places).length === 0 ? {} : { places: JSON.stringify(places) }),
    ...(options.numberBox === undefined ? {} : { numberBox: boxQuery(options.numberBox, language) }),
  }
}

function boxQuery(text: string, language: Language): string {
  const [, page, rest = ''] = boxForm.exec(text) ?? []
  if (page === undefined) {
    const [vi, en] = [`--number-box không đọc được: ${text}`, `--number-box cannot be read: ${text}`]
    throw usageError({ vi, en }, language)
  }
  const [x, y, w, h] = rest.slice(1).split(',').map(Number)
  return JSON.stringify({ page: Number(page), x, y, w, h })
}
