/** A JSON schema (draft 2020-12) as nested lists of fields, for the reference page. Pure. */
import type { Language } from '../../signing/index.ts'
import { escapeHtml, inLanguage, isRecord, listOf, recordOf, type Shape, textOf } from './docs-text.ts'

/** Deeper than any schema of ours; a schema that refers to itself ends here. */
const MAX_DEPTH = 12

export function renderSchema(schema: unknown, root: Shape, language: Language, depth = 0): string {
  const one = resolve(recordOf(schema), root)
  if (depth > MAX_DEPTH) return '…'
  const own = `<span class="type">${escapeHtml(typeText(one))}</span>`
  return own + renderInside(one, root, language, depth)
}

/** The fields of an object, of the items of a list, or of each of several forms. */
function renderInside(one: Shape, root: Shape, language: Language, depth: number): string {
  const inner = (value: unknown) => renderSchema(value, root, language, depth + 1)
  if (isRecord(one.properties)) {
    const required = new Set(listOf(one.required))
    const rows = Object.entries(one.properties).map(([name, property]) => {
      const words = inLanguage(textOf(recordOf(property).description), language)
      const optional = required.has(name) ? '' : '?'
      return `<li><code>${escapeHtml(name)}${optional}</code> ${escapeHtml(words)} ${inner(property)}</li>`
    })
    return `<ul class="schema">${rows.join('')}</ul>`
  }
  if (isRecord(one.items)) return ` ${inner(one.items)}`
  if (isRecord(one.additionalProperties)) return ` ${inner(one.additionalProperties)}`
  const forms = [...listOf(one.anyOf), ...listOf(one.oneOf), ...listOf(one.allOf)].map(recordOf)
  const shown = forms.filter((form) => form.type !== 'null')
  if (shown.length === 0) return ''
  return `<ul class="schema">${shown.map((form) => `<li>${inner(form)}</li>`).join('')}</ul>`
}

const limits = [
  'format',
  'pattern',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
] as const

/** Type, values and bounds in one line. */
function typeText(one: Shape): string {
  const forms = [...listOf(one.anyOf), ...listOf(one.oneOf)].map(recordOf)
  const types = Array.isArray(one.type) ? one.type.map(textOf) : [textOf(one.type)]
  const nullable = forms.some((form) => form.type === 'null') ? ['null'] : []
  const values = listOf(one.enum).map((value) => JSON.stringify(value))
  const constant = 'const' in one ? [JSON.stringify(one.const)] : []
  const bounds = limits
    .filter((name) => one[name] !== undefined && !(name === 'pattern' && one.format !== undefined))
    .filter((name) => Math.abs(Number(one[name])) !== Number.MAX_SAFE_INTEGER)
    .map((name) => (name === 'format' ? textOf(one[name]) : `${name} ${textOf(one[name])}`))
  const standard = 'default' in one ? [`= ${JSON.stringify(one.default)}`] : []
  return [...types, ...nullable, ...constant, shorten(values), ...bounds, ...standard]
    .filter(Boolean)
    .join(' · ')
}

/** The list of all error codes stands at the end of the page; nobody reads it beside every field. */
function shorten(values: readonly string[]): string {
  return values.length > 40 ? `${values.slice(0, 3).join(' | ')} | … (${values.length})` : values.join(' | ')
}

function resolve(schema: Shape, root: Shape): Shape {
  const ref = textOf(schema.$ref)
  if (!ref.startsWith('#/')) return schema
  let at: unknown = root
  for (const step of ref.slice(2).split('/')) at = recordOf(at)[step]
  return recordOf(at)
}
