/** Ways to spoil what was valid, chosen by fast-check so that a seed repeats them and a failure shrinks. */
import fc from 'fast-check'

/** Texts that programs have stumbled over. */
export const hostileTexts: readonly string[] = [
  '',
  ' ',
  '0',
  '-1',
  '00',
  '1e308',
  '9007199254740993',
  '-9223372036854775809',
  'NaN',
  'null',
  'true',
  '__proto__',
  'constructor',
  '../../etc/passwd',
  '..\\..\\windows\\win.ini',
  '%2e%2e%2f',
  'a\u0000b',
  '\ufeff',
  '\u202egnp.fdp',
  "'; drop table offers; --",
  'H40',
  'h40.12.3',
  'H40.12.5',
  'G22',
  'H99.1',
  '2025/02/30',
  '0000/00/00',
  '9999/12/31 24:00:00',
  '2025-02-30T00:00:00Z',
  '9999-12-31T23:59:59.999Z',
  '2025-03-11T02:00:00+14:00',
  'a'.repeat(64),
  'A'.repeat(64),
  'ệ'.repeat(5_000),
  'e\u0323\u0302'.repeat(500),
]

/** One change; the numbers are taken modulo what there is to choose from. */
export interface TextEdit {
  readonly way: number
  readonly at: number
  readonly length: number
  readonly with: string
}

export const textEdits: fc.Arbitrary<TextEdit[]> = fc.array(
  fc.record({
    way: fc.nat(11),
    at: fc.nat(100_000),
    length: fc.nat(40),
    with: fc.constantFrom(...hostileTexts),
  }),
  { maxLength: 3 },
)

/** Changes the tree of a message, mostly leaving it well formed. */
export function spoilXml(xml: string, edits: readonly TextEdit[]): string {
  return edits.reduce(spoilXmlOnce, xml)
}

function spoilXmlOnce(xml: string, { way, at, length, with: text }: TextEdit): string {
  const elements = [...xml.matchAll(/<([\w:]+)[^<>]*>[^<>]*<\/\1>/g)]
  const tags = [...xml.matchAll(/<\/?[\w:]+[^<>]*>/g)]
  const element = elements[at % Math.max(elements.length, 1)]
  const tag = tags[at % Math.max(tags.length, 1)]
  if (element === undefined || tag === undefined) return xml
  const [whole, name] = element
  const cut = (from: number, to: number, between: string) => xml.slice(0, from) + between + xml.slice(to)
  const end = element.index + whole.length
  switch (way) {
    case 0:
      return cut(element.index, end, `<${name}>${escaped(text)}</${name}>`)
    case 1:
      return cut(element.index, end, '')
    case 2:
      return cut(end, end, whole.repeat(1 + (length % 3)))
    case 3: {
      const other = elements[length % elements.length]
      return cut(end, end, other?.[0] ?? '')
    }
    case 4:
      return cut(tag.index, tag.index, escaped(text))
    case 5:
      return cut(tag.index + tag[0].length - 1, tag.index + tag[0].length - 1, ` a="${escaped(text)}"`)
    case 6:
      return cut(tag.index + tag[0].length - 1, tag.index + tag[0].length - 1, ' xmlns="urn:x"')
    case 7:
      return cut(tag.index, tag.index, '<a>'.repeat(length * 10) + '</a>'.repeat(length * 10))
    case 8:
      return cut(tag.index, tag.index, ['<!-- -->', '<?a b?>', '<![CDATA[a]]>', '&#0;', '&a;'][at % 5] ?? '')
    case 9:
      return cut(tag.index, tag.index + tag[0].length, '')
    case 10:
      return cut(tag.index + 1, tag.index + 1, text.slice(0, length))
    default:
      return xml.slice(0, tag.index)
  }
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}

/** Changes bytes, mostly leaving nothing well formed. */
export function spoilBytes(bytes: Uint8Array, edits: readonly TextEdit[]): Uint8Array {
  return edits.reduce(spoilBytesOnce, Buffer.from(bytes))
}

function spoilBytesOnce(bytes: Uint8Array, { way, at, length, with: text }: TextEdit): Uint8Array {
  const place = at % Math.max(bytes.length, 1)
  const [head, tail] = [bytes.subarray(0, place), bytes.subarray(place)]
  switch (way % 6) {
    case 0: {
      const flipped = Buffer.from(bytes)
      flipped[place] = (flipped[place] ?? 0) ^ (1 + length)
      return flipped
    }
    case 1:
      return head
    case 2:
      return Buffer.concat([head, Buffer.from(text), tail])
    case 3:
      return Buffer.concat([head, tail.subarray(length)])
    case 4:
      return Buffer.concat([bytes, bytes.subarray(0, length)])
    default:
      return Buffer.concat([head, Buffer.alloc(length, 0xff), tail])
  }
}
