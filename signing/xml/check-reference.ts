import { type DigestAlgorithm, digest, digestByXml } from '../algorithms.ts'
import { SigningError } from '../errors.ts'
import { defaultC14n } from './c14n-methods.ts'
import { canonicalize } from './canonicalize.ts'
import { dereference, type ReferenceContext } from './dereference.ts'
import type { ReferenceParts } from './dsig-structure.ts'
import type { NodeSet } from './node-set.ts'
import { spend } from './processing-budget.ts'
import { BASE64, runTransforms, type TransformContext } from './transforms.ts'
import { attributeValue, type TreeElement } from './tree.ts'

export interface CheckedReference {
  readonly parts: ReferenceParts
  /** Whether the digest holds; null where that could not be found out, for the reason in `error`. */
  readonly intact: boolean | null
  readonly error: SigningError | null
  readonly digest: DigestAlgorithm | undefined
  /** The octets that were digested; null where there are none. */
  readonly octets: Uint8Array | null
  /** What of the file they were written from; null for data from elsewhere. */
  readonly nodes: NodeSet | null
}

export type CheckContext = ReferenceContext & TransformContext

/** Digests what a reference points at. Whatever is wrong with it becomes part of the result. */
export function checkReference(parts: ReferenceParts, context: CheckContext): CheckedReference {
  const algorithm = digestByXml(parts.digestMethod)
  try {
    if (algorithm === undefined) {
      throw new SigningError('ALGORITHM_UNSUPPORTED', { algorithm: parts.digestMethod })
    }
    // Once the budget is gone, no further reference costs anything.
    spend(context.budget, 'characters', 1)
    const data = runTransforms(dereference(parts.uri, context), parts.transforms, context)
    const nodes = data.kind === 'nodes' ? data.nodes : data.from
    const octets = data.kind === 'nodes' ? canonicalize(data.nodes, defaultC14n, context.budget) : data.octets
    const intact = Buffer.compare(digest(algorithm, octets), parts.digestValue) === 0
    const error = intact ? null : new SigningError('XML_DIGEST_MISMATCH', { reference: parts.uri ?? '' })
    return { parts, intact, error, digest: algorithm, octets, nodes }
  } catch (error) {
    if (!(error instanceof SigningError)) throw error
    return { parts, intact: null, error, digest: algorithm, octets: null, nodes: null }
  }
}

/** The element that a reference names as a whole: its apex, without filters, markup included. */
export function wholeElement(reference: CheckedReference): TreeElement | null {
  const { nodes, intact } = reference
  if (intact !== true || nodes === null || nodes.mask !== null || nodes.excluded.size > 0) return null
  return takesTextAlone(reference) ? null : nodes.apex
}

/** Whether a base64 transform takes the text of the elements and leaves their markup to anybody. */
export function takesTextAlone({ parts }: CheckedReference): boolean {
  return parts.transforms.some((one) => attributeValue(one, 'Algorithm') === BASE64)
}
