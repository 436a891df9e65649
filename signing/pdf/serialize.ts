/** Values as PDF syntax. Only objects of a new revision are written; bytes that exist are never written again. */
import type { PdfValue } from './objects.ts'

/** The value in the syntax of ISO 32000-2, 7.3; one character a byte. */
export function serialize(value: PdfValue): string {
  if (value === null) return 'null'
  if (typeof value === 'boolean') return String(value)
  if (typeof value === 'number') return serializeNumber(value)
  switch (value.kind) {
    case 'name':
      return serializeName(value.name)
    case 'reference':
      return `${value.number} ${value.generation} R`
    case 'string':
      return value.hex ? `<${Buffer.from(value.bytes).toString('hex')}>` : serializeLiteral(value.bytes)
    case 'array':
      return `[${value.items.map(serialize).join(' ')}]`
    case 'dict': {
      const entries = [...value.entries].map(([key, item]) => `${serializeName(key)} ${serialize(item)}`)
      return entries.length === 0 ? '<< >>' : `<< ${entries.join(' ')} >>`
    }
  }
}

/** Plain decimals, since PDF knows no exponent, and as many as it takes to read the same number back. */
function serializeNumber(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError('PDF has no such number')
  if (Number.isInteger(value)) return BigInt(value).toString()
  const shortest = String(value)
  return shortest.includes('e') ? value.toFixed(20).replace(/\.?0+$/, '') : shortest
}

function serializeName(name: string): string {
  const escaped = name.replace(/[^!-~]|[#()<>[\]{}/%]/g, (character) => {
    return `#${character.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
  return `/${escaped}`
}

function serializeLiteral(bytes: Uint8Array): string {
  let text = '('
  for (const byte of bytes) {
    if (byte === 0x28 || byte === 0x29 || byte === 0x5c) text += `\\${String.fromCharCode(byte)}`
    else if (byte < 0x20 || byte > 0x7e) text += `\\${byte.toString(8).padStart(3, '0')}`
    else text += String.fromCharCode(byte)
  }
  return `${text})`
}
