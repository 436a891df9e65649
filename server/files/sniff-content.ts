/**
 * What a file is by its bytes, whatever its name and its sender say (NB161 art 8.3a names the types in use). Pure.
 *
 * Only the beginning of a file is looked at, and of a ZIP its list of entries: enough to tell whether the extension
 * tells the truth, not whether the file is sound.
 */
import { isUtf8 } from 'node:buffer'

const types = {
  pdf: 'application/pdf',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  pptx: 'application/vnd.openxmlformats-officedocument.presentationml.presentation',
  odt: 'application/vnd.oasis.opendocument.text',
  ods: 'application/vnd.oasis.opendocument.spreadsheet',
  odp: 'application/vnd.oasis.opendocument.presentation',
  doc: 'application/msword',
  xls: 'application/vnd.ms-excel',
  ppt: 'application/vnd.ms-powerpoint',
  rtf: 'application/rtf',
  txt: 'text/plain',
  csv: 'text/csv',
  xml: 'application/xml',
  zip: 'application/zip',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  png: 'image/png',
  gif: 'image/gif',
  tif: 'image/tiff',
  tiff: 'image/tiff',
} as const satisfies Record<string, string>

export type KnownExtension = keyof typeof types

export const UNKNOWN_TYPE = 'application/octet-stream'

/** The media type of files with an extension; that of unknown bytes for one that is not known here. */
export function typeOfExtension(extension: string): string {
  return Object.hasOwn(types, extension) ? types[extension as KnownExtension] : UNKNOWN_TYPE
}

/** Whether the bytes are what the extension says. An extension that is not known here is never believed. */
export function contentFits(extension: string, bytes: Uint8Array): boolean {
  switch (extension) {
    case 'txt':
    case 'csv':
      return isText(bytes)
    case 'xml':
      return isText(bytes) && /^\uFEFF?\s*</u.test(head(bytes, 1000))
    case 'doc':
    case 'xls':
    case 'ppt':
      return begins(bytes, [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1])
    case 'jpeg':
      return sniffContent(bytes) === 'jpg'
    case 'tiff':
      return sniffContent(bytes) === 'tif'
    default:
      return Object.hasOwn(types, extension) && sniffContent(bytes) === extension
  }
}

/** The extension that the bytes deserve, where they begin in a way that tells; `undefined` otherwise. */
export function sniffContent(bytes: Uint8Array): KnownExtension | undefined {
  if (begins(bytes, [0x25, 0x50, 0x44, 0x46, 0x2d])) return 'pdf'
  if (begins(bytes, [0x50, 0x4b, 0x03, 0x04])) return sniffZip(bytes)
  if (begins(bytes, [0x7b, 0x5c, 0x72, 0x74, 0x66])) return 'rtf'
  if (begins(bytes, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])) return 'png'
  if (begins(bytes, [0xff, 0xd8, 0xff])) return 'jpg'
  if (begins(bytes, [0x47, 0x49, 0x46, 0x38])) return 'gif'
  if (begins(bytes, [0x49, 0x49, 0x2a, 0x00]) || begins(bytes, [0x4d, 0x4d, 0x00, 0x2a])) return 'tif'
  return undefined
}

/** What packs a program: never attached, whatever the settings allow. */
const MACROS = /(?:^|\/)vbaProject\.bin$/u

/** Office files are ZIPs that say in their entries what they are (ECMA-376 part 2; ODF 1.3 part 2, 3.3). */
function sniffZip(bytes: Uint8Array): KnownExtension | undefined {
  const names = zipEntries(bytes)
  if (names === undefined || names.some((name) => MACROS.test(name))) return undefined
  if (names.includes('[Content_Types].xml')) {
    for (const [folder, extension] of [
      ['word/', 'docx'],
      ['xl/', 'xlsx'],
      ['ppt/', 'pptx'],
    ] as const) {
      if (names.some((name) => name.startsWith(folder))) return extension
    }
  }
  // The entry `mimetype` comes first and is not compressed, so that it stands at a fixed place.
  if (names[0] === 'mimetype') {
    const text = head(bytes, 200)
    // A template or a drawing has a longer name or another one, which is none of these.
    for (const extension of ['odt', 'ods', 'odp'] as const) {
      if (text.slice(38).startsWith(types[extension]) && text.slice(38 + types[extension].length)[0] !== '-')
        return extension
    }
  }
  return 'zip'
}

const END_OF_DIRECTORY = 0x06054b50
const ENTRY = 0x02014b50
const MOST_ENTRIES = 10_000

/** The names in the central directory; `undefined` where there is none that can be read. */
function zipEntries(bytes: Uint8Array): string[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let end = bytes.length - 22
  const lowest = Math.max(0, end - 65_535)
  while (end >= lowest && view.getUint32(end, true) !== END_OF_DIRECTORY) end -= 1
  if (end < lowest) return undefined
  const count = view.getUint16(end + 10, true)
  const names: string[] = []
  let at = view.getUint32(end + 16, true)
  for (let index = 0; index < Math.min(count, MOST_ENTRIES); index += 1) {
    if (at + 46 > end || view.getUint32(at, true) !== ENTRY) return undefined
    const length = view.getUint16(at + 28, true)
    if (at + 46 + length > end) return undefined
    names.push(Buffer.from(bytes.subarray(at + 46, at + 46 + length)).toString('utf8'))
    at += 46 + length + view.getUint16(at + 30, true) + view.getUint16(at + 32, true)
  }
  return names
}

/** Text in UTF-8, or in UTF-16 with its mark; older code pages have no way to be told from anything. */
function isText(bytes: Uint8Array): boolean {
  if (bytes.length === 0) return false
  if (begins(bytes, [0xff, 0xfe]) || begins(bytes, [0xfe, 0xff])) return bytes.length % 2 === 0
  return isUtf8(bytes) && !bytes.includes(0)
}

function head(bytes: Uint8Array, length: number): string {
  return Buffer.from(bytes.subarray(0, length)).toString('utf8')
}

function begins(bytes: Uint8Array, signature: readonly number[]): boolean {
  return bytes.length >= signature.length && signature.every((byte, index) => bytes[index] === byte)
}
