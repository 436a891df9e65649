/**
 * Where in the bytes of a document something is put: parsers tell elements, not byte positions, and a document that is
 * signed must keep its own bytes (design 6, rule 3). So the markup is walked once more, counting start tags.
 */
import { SigningError } from '../errors.ts'

/** Byte offsets of one element. */
export interface ElementRange {
  readonly start: number
  /** Behind the `>` of the start tag. */
  readonly contentStart: number
  /** Of the `<` of the end tag; for an empty-element tag as `contentStart`. */
  readonly contentEnd: number
  readonly end: number
  /** Written as `<name/>`. */
  readonly isEmptyTag: boolean
}

/** A change of bytes: `bytes[at, at + removed)` gives way to `before`, what is put in, and `after`. */
export interface Insertion {
  readonly at: number
  readonly removed: number
  readonly before: string
  readonly after: string
}

const LT = 0x3c
const GT = 0x3e
const SLASH = 0x2f
const EXCLAMATION = 0x21
const QUESTION = 0x3f
const DOUBLE_QUOTE = 0x22
const SINGLE_QUOTE = 0x27

/**
 * The bytes of the element whose start tag is the `index`-th of the document, counted from 0.
 *
 * @param xml a document that a parser has found well-formed and without DOCTYPE
 * @param total how many elements the parser saw: where the two counts differ nothing may be put in
 * @throws SigningError `XML_MALFORMED` when the counts differ
 */
export function elementRange(xml: Buffer, index: number, total: number): ElementRange {
  const open: { start: number; contentStart: number; index: number }[] = []
  let count = 0
  let found: ElementRange | undefined
  for (let at = xml.indexOf(LT); at !== -1; ) {
    const next = xml[at + 1]
    let end: number
    if (next === EXCLAMATION) {
      end = xml[at + 2] === 0x5b ? after(xml, ']]>', at + 9) : after(xml, '-->', at + 4)
    } else if (next === QUESTION) end = after(xml, '?>', at + 2)
    else if (next === SLASH) {
      end = after(xml, '>', at + 2)
      const element = open.pop()
      if (element?.index === index) found = { ...element, contentEnd: at, end, isEmptyTag: false }
    } else {
      end = tagEnd(xml, at)
      const isEmptyTag = xml[end - 2] === SLASH
      const element = { start: at, contentStart: end, index: count }
      if (!isEmptyTag) open.push(element)
      else if (count === index) found = { ...element, contentEnd: end, end, isEmptyTag }
      count += 1
    }
    at = xml.indexOf(LT, end)
  }
  if (found === undefined || count !== total) {
    throw new SigningError('XML_MALFORMED', { reason: `${count} start tags, ${total} elements` })
  }
  return found
}

/** How to put something behind the last child of an element; an empty-element tag becomes a pair of tags. */
export function asLastChild(xml: Buffer, range: ElementRange): Insertion {
  if (!range.isEmptyTag) return { at: range.contentEnd, removed: 0, before: '', after: '' }
  const name = /^<([^\s/>]+)/.exec(xml.toString('utf8', range.start, range.end))?.[1] ?? ''
  return { at: range.end - 2, removed: 2, before: '>', after: `</${name}>` }
}

/** The document with `text` put in. */
export function insertText(xml: Uint8Array, insertion: Insertion, text: string): Buffer {
  const { at, removed, before, after: behind } = insertion
  return Buffer.concat([xml.subarray(0, at), Buffer.from(before + text + behind), xml.subarray(at + removed)])
}

/** Behind the `>` that ends a tag; those within quoted values do not. */
function tagEnd(xml: Buffer, start: number): number {
  for (let at = start + 1; at < xml.length; at += 1) {
    const byte = xml[at]
    if (byte === GT) return at + 1
    if (byte === DOUBLE_QUOTE || byte === SINGLE_QUOTE) {
      at = xml.indexOf(byte, at + 1)
      if (at === -1) break
    }
  }
  throw new SigningError('XML_MALFORMED', { reason: `the markup at byte ${start} does not end` })
}

function after(xml: Buffer, terminator: string, from: number): number {
  const found = xml.indexOf(terminator, from, 'latin1')
  if (found !== -1) return found + terminator.length
  throw new SigningError('XML_MALFORMED', { reason: `the markup at byte ${from} does not end` })
}
