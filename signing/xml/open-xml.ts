import { XmlC14NMode, type XmlDocument } from 'libxml2-wasm'
import { SigningError } from '../errors.ts'
import { type C14nMethod, canonicalize } from './canonicalize.ts'
import { decodeXml } from './decode-text.ts'
import { wholeDocument } from './node-set.ts'
import { withXml } from './parse.ts'
import type { ProcessingBudget } from './processing-budget.ts'
import { readTree } from './read-tree.ts'
import type { XmlLimits } from './scan.ts'
import { allElements, type XmlTree } from './tree.ts'

/** Room for the signed XML of other makers: trusted lists, office documents, messages with attachments inside. */
export const generalXmlLimits: XmlLimits = {
  maxBytes: 32 * 1024 * 1024,
  maxElements: 200_000,
  // The parser's own limit is 256.
  maxDepth: 200,
  maxAttributes: 256,
  // The parser takes no text beyond 10 million bytes.
  maxTextBytes: 9_500_000,
}

/**
 * Reads a file that may be hostile into a tree. Two independent readers see it, libxml2 and `readTree`, and each
 * writes the canonical form of the whole document with comments; unless the two are the same octets the file is
 * refused. So what is digested from the tree is what any conforming reader finds in the file.
 *
 * @throws SigningError those of `decodeXml`, `scanXml`, `withXml` and `readTree`; `XML_READERS_DISAGREE`, `XML_NOT_CANONICAL`
 */
export function openXml(xml: Uint8Array, limits: XmlLimits, budget: ProcessingBudget): XmlTree {
  if (xml.length > limits.maxBytes) throw new SigningError('INPUT_TOO_LARGE', { limit: limits.maxBytes })
  const bytes = decodeXml(xml)
  return withXml(bytes, limits, (document) => {
    const tree = readTree(bytes.toString('utf8'))
    const kind = isHeavyWithNamespaces(tree) ? 'exclusive-1.0' : 'inclusive-1.0'
    const method = { kind, comments: true, inclusivePrefixes: new Set<string>() } as const
    const own = canonicalize(wholeDocument(tree, true), method, budget)
    if (!libxmlCanonical(document, kind).equals(own)) throw new SigningError('XML_READERS_DISAGREE')
    return tree
  })
}

/**
 * libxml2's inclusive form compares the namespaces in scope with one another at every element. Where that is too much,
 * the exclusive form is compared, which sees all but declarations that nothing uses.
 */
function isHeavyWithNamespaces({ root }: XmlTree): boolean {
  let work = 0
  for (const { scope } of allElements(root)) {
    work += scope.size * scope.size
    if (work > MOST_NAMESPACE_WORK) return true
  }
  return false
}

const MOST_NAMESPACE_WORK = 10_000_000

/** @throws SigningError `XML_NOT_CANONICAL` where libxml2 makes no canonical form, as for relative namespace names */
function libxmlCanonical(document: XmlDocument, kind: C14nMethod['kind']): Buffer {
  const pieces: Buffer[] = []
  const handler = {
    write: (piece: Uint8Array) => {
      pieces.push(Buffer.from(piece))
      return piece.length
    },
    close: () => true,
  }
  const mode = kind === 'inclusive-1.0' ? XmlC14NMode.XML_C14N_1_0 : XmlC14NMode.XML_C14N_EXCLUSIVE_1_0
  try {
    document.canonicalize(handler, { mode, withComments: true })
  } catch (error) {
    if (!(error instanceof Error)) throw error
    throw new SigningError('XML_NOT_CANONICAL', { reason: error.message }, { cause: error })
  }
  return Buffer.concat(pieces)
}
