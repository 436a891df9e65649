import { XmlC14NMode, type XmlDocument, XmlError, type XmlElement as XmlTreeElement } from 'libxml2-wasm'
import { SigningError } from '../errors.ts'

/**
 * The octets of a parsed document or of one element in it under Exclusive XML Canonicalization 1.0 without
 * comments and without an inclusive prefix list.
 *
 * @throws SigningError `XML_NOT_CANONICAL` for what has no canonical form, such as a file whose namespace is a
 *   relative URI (Canonical XML 1.0 section 1.3)
 */
export function canonicalOctets(node: XmlDocument | XmlTreeElement): Buffer {
  const pieces: Buffer[] = []
  try {
    node.canonicalize(
      {
        // The view is into the parser's memory and is reused after the call, hence the copy.
        write: (piece) => {
          pieces.push(Buffer.from(piece))
          return piece.length
        },
        close: () => true,
      },
      { mode: XmlC14NMode.XML_C14N_EXCLUSIVE_1_0, withComments: false },
    )
  } catch (error) {
    if (!(error instanceof XmlError)) throw error
    throw new SigningError('XML_NOT_CANONICAL', { reason: error.message }, { cause: error })
  }
  return Buffer.concat(pieces)
}
