/** Whether a stream is XMP metadata (ISO 32000-2, 14.3.2; ISO 16684-1). */
import { XmlElement } from 'libxml2-wasm'
import { SigningError } from '../errors.ts'
import { withXml } from '../xml/parse.ts'
import type { XmlLimits } from '../xml/scan.ts'
import { decodeStream } from './filters.ts'
import { type IndirectObject, isDict, isName } from './objects.ts'
import type { PdfFile } from './pdf-file.ts'

const limits: XmlLimits = {
  maxBytes: 4 * 1024 * 1024,
  maxElements: 50_000,
  maxDepth: 64,
  maxAttributes: 256,
  maxTextBytes: 1024 * 1024,
}

const rdf = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#'
const meta = 'adobe:ns:meta/'

/** A metadata stream that holds well-formed XML without a document type, whose root is XMP's or RDF's. */
export function isXmpMetadata(file: PdfFile, object: IndirectObject): boolean {
  const { value, stream } = object
  if (stream === undefined || !isDict(value) || value.duplicates !== undefined) return false
  if (!isName(value.entries.get('Type'), 'Metadata') || !isName(value.entries.get('Subtype'), 'XML'))
    return false
  try {
    const raw = file.streamData(object)
    if (raw === undefined) return false
    return withXml(decodeStream(value, raw, stream.start, limits.maxBytes), limits, ({ root }) => isXmp(root))
  } catch (error) {
    if (error instanceof SigningError) return false
    throw error
  }
}

function isXmp(root: XmlElement): boolean {
  const content = root.namespaceUri === meta ? childOf(root) : root
  const isMeta = root.namespaceUri !== meta || root.name === 'xmpmeta' || root.name === 'xapmeta'
  return isMeta && content?.namespaceUri === rdf && content.name === 'RDF'
}

function childOf(element: XmlElement): XmlElement | undefined {
  for (let child = element.firstChild; child !== null; child = child.next) {
    if (child instanceof XmlElement) return child
  }
  return undefined
}
