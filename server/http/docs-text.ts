/** Small readers of the OpenAPI document and of its two-language texts, for the reference page. Pure. */
import type { Language } from '../../signing/index.ts'

export type Shape = Readonly<Record<string, unknown>>

export function isRecord(value: unknown): value is Shape {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function recordOf(value: unknown): Shape {
  return isRecord(value) ? value : {}
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : ''
}

/** The half of `tiếng Việt / English` that is asked for; a text with one half alone is that half. */
export function inLanguage(text: string, language: Language): string {
  const at = text.indexOf(' / ')
  if (at < 0) return text
  return language === 'vi' ? text.slice(0, at) : text.slice(at + 3)
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (one) => entities[one] ?? one)
}
