import { XmlC14NMode, type XmlDocument, type XmlElement as XmlTreeElement } from 'libxml2-wasm'

/**
 * The octets of a parsed document or of one element in it under Exclusive XML Canonicalization 1.0 without
 * comments and without an inclusive prefix list.
 */
export function canonicalOctets(node: XmlDocument | XmlTreeElement): Buffer {
  const pieces: Buffer[] = []
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
  return Buffer.concat(pieces)
}
