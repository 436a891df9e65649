import { SigningError } from '../errors.ts'
import { canonicalOctets } from './c14n.ts'
import { writeCanonical } from './canonical-writer.ts'
import type { XmlElement } from './element.ts'
import { withXml } from './parse.ts'
import type { XmlLimits } from './scan.ts'
import { snapshot } from './snapshot.ts'

export interface XmlContent {
  readonly root: XmlElement
  /** The exclusive canonical form of the root element. */
  readonly octets: Buffer
}

/**
 * Reads a file into plain values together with its canonical octets. Two independent programs make the octets:
 * libxml2 from its own tree, and the canonical writer from the values. Unless they agree the file is refused, so
 * that what is read from the values is certainly what a digest over the octets covers.
 *
 * @throws SigningError those of `withXml` and `snapshot`; `XML_PROFILE_UNSUPPORTED` where the two differ
 */
export function readContent(xml: Uint8Array, limits: XmlLimits): XmlContent {
  return withXml(xml, limits, (document) => {
    const root = snapshot(document.root)
    const octets = canonicalOctets(document)
    requireSameForm(root, octets)
    return { root, octets }
  })
}

/** @throws SigningError `XML_PROFILE_UNSUPPORTED` */
export function requireSameForm(root: XmlElement, octets: Buffer): void {
  if (!octets.equals(Buffer.from(writeCanonical(root)))) {
    throw new SigningError('XML_PROFILE_UNSUPPORTED', {
      reason: 'two canonical forms of the content differ',
    })
  }
}
