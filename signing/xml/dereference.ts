import { SigningError } from '../errors.ts'
import { type NodeSet, subtree, wholeDocument } from './node-set.ts'
import type { TreeElement, XmlTree } from './tree.ts'
import type { IdIndex } from './tree-ids.ts'

/** Octets that a signature refers to outside of its file, by the reference's exact URI. Nothing is ever fetched. */
export type Attachments = ReadonlyMap<string, Uint8Array | (() => Uint8Array)>

export interface ReferenceContext {
  readonly tree: XmlTree
  readonly ids: IdIndex
  readonly attachments: Attachments
}

export type Dereferenced =
  | { readonly kind: 'nodes'; readonly nodes: NodeSet }
  /** `from`: the nodes that the octets were written from; null for octets from elsewhere. */
  | { readonly kind: 'octets'; readonly octets: Uint8Array; readonly from: NodeSet | null }

/**
 * What a reference points at (XMLDSig 1.1 section 4.4.3): an empty URI and `#id` leave comments out, `#xpointer(/)`
 * and `#xpointer(id('x'))` keep them; every other URI is looked up among the octets that the caller gave. A reference
 * without URI takes the octets given under the empty string.
 *
 * @throws SigningError `XML_DATA_NOT_FOUND`, `XML_DUPLICATE_ID`, `XML_TRANSFORM_UNSUPPORTED` for other XPointers
 */
export function dereference(uri: string | undefined, context: ReferenceContext): Dereferenced {
  if (uri === '') return { kind: 'nodes', nodes: wholeDocument(context.tree, false) }
  if (uri?.startsWith('#') !== true) return external(uri ?? '', context.attachments)
  const fragment = uri.slice(1)
  if (fragment === 'xpointer(/)') return { kind: 'nodes', nodes: wholeDocument(context.tree, true) }
  const byPointer = /^xpointer\(id\((?:'([^'"()]*)'|"([^'"()]*)")\)\)$/.exec(fragment)
  const id = byPointer?.[1] ?? byPointer?.[2] ?? fragment
  if (byPointer === null && /[()]/.test(fragment)) {
    throw new SigningError('XML_TRANSFORM_UNSUPPORTED', { transform: uri })
  }
  const element = findById(id, context)
  return { kind: 'nodes', nodes: subtree(context.tree, element, byPointer !== null) }
}

/** @throws SigningError `XML_DATA_NOT_FOUND`, `XML_DUPLICATE_ID` */
function findById(id: string, { ids }: ReferenceContext): TreeElement {
  const found = ids.find(id)
  if (found === undefined) throw new SigningError('XML_DATA_NOT_FOUND', { uri: `#${id}` })
  return found
}

function external(uri: string, attachments: Attachments): Dereferenced {
  const given = attachments.get(uri)
  if (given === undefined) throw new SigningError('XML_DATA_NOT_FOUND', { uri: uri === '' ? '-' : uri })
  return { kind: 'octets', octets: typeof given === 'function' ? given() : given, from: null }
}
