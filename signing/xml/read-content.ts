import { SigningError } from '../errors.ts'
import { canonicalOctets } from './c14n.ts'
import { writeCanonical } from './canonical-writer.ts'
import type { XmlElement } from './element.ts'
import { withXml } from './parse.ts'
import { readTree } from './read-tree.ts'
import type { XmlLimits } from './scan.ts'
import { snapshot } from './snapshot.ts'
import type { XmlTree } from './tree.ts'

export interface XmlContent {
  readonly root: XmlElement
  /** The exclusive canonical form of the root element. */
  readonly octets: Buffer
}

/**
 * Reads a file into plain values together with its canonical octets. Two independent programs read the file and make
 * the octets: libxml2, and `readTree` with the canonical writer. Unless they agree the file is refused, so that what
 * is read from the values is certainly what a digest over the octets covers.
 *
 * @throws SigningError those of `withXml`, `readTree`, `snapshot` and `canonicalOctets`; `XML_PROFILE_UNSUPPORTED` where the two differ
 */
export function readContent(xml: Uint8Array, limits: XmlLimits): XmlContent {
  return withXml(xml, limits, (document) => {
    const root = snapshot(ownTree(xml))
    const octets = canonicalOctets(document)
    requireEqual(Buffer.from(writeCanonical(root)), octets)
    return { root, octets }
  })
}

/** The file as our own reader sees it. `withXml` has made sure of the encoding. */
export function ownTree(xml: Uint8Array): XmlTree {
  const bytes = Buffer.from(xml.buffer, xml.byteOffset, xml.byteLength)
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
  return readTree(bytes.toString('utf8', hasMark ? 3 : 0))
}

/**
 * @param own octets of our own reader and writer
 * @param other those of libxml2
 * @throws SigningError `XML_PROFILE_UNSUPPORTED`
 */
export function requireEqual(own: Buffer, other: Buffer): void {
  if (!own.equals(other)) {
    throw new SigningError('XML_PROFILE_UNSUPPORTED', {
      reason: 'two canonical forms of the content differ',
    })
  }
}
