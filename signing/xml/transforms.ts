import { SigningError } from '../errors.ts'
import { isC14nMethod, readC14nMethod } from './c14n-methods.ts'
import { canonicalize } from './canonicalize.ts'
import type { Dereferenced } from './dereference.ts'
import { decodeBase64 } from './dsig-structure.ts'
import { ENVELOPED_SIGNATURE, XMLDSIG } from './names.ts'
import { forEachMember, type NodeSet, wholeDocument, without } from './node-set.ts'
import { generalXmlLimits, openXml } from './open-xml.ts'
import { type ProcessingBudget, spend } from './processing-budget.ts'
import {
  allElements,
  attributeValue,
  childElements,
  isElementNamed,
  rootOf,
  type TreeElement,
} from './tree.ts'
import type { IdIndex } from './tree-ids.ts'
import { filterByXPath2, XPATH_FILTER_2 } from './xpath-filter.ts'

export const BASE64 = 'http://www.w3.org/2000/09/xmldsig#base64'
const XPATH = 'http://www.w3.org/TR/1999/REC-xpath-19991116'
const MOST_TRANSFORMS = 8

const allSignatures = /^not\(ancestor-or-self::([\w.-]+):Signature\)$/
const thisSignature =
  /^count\(ancestor-or-self::([\w.-]+):Signature\|here\(\)\/ancestor::([\w.-]+):Signature\[1\]\)>count\(ancestor-or-self::([\w.-]+):Signature\)$/

export interface TransformContext {
  /** The signature whose reference is processed: what `enveloped-signature` and `here()` mean. */
  readonly signature: TreeElement
  readonly ids: IdIndex
  readonly budget: ProcessingBudget
}

/**
 * Runs the transforms of one reference. Only those whose result can be told in words are known: canonical forms,
 * `enveloped-signature`, `base64`, XPath Filter 2.0, and the XPath expressions that mean "without signatures". XSLT,
 * decryption and free XPath filters can turn any content into any other, and are refused.
 *
 * @throws SigningError `XML_TRANSFORM_UNSUPPORTED`, `XML_SIGNATURE_MALFORMED`, `XML_LIMIT_EXCEEDED`, and those of
 *   `openXml` where octets have to be parsed again
 */
export function runTransforms(
  data: Dereferenced,
  transforms: readonly TreeElement[],
  context: TransformContext,
): Dereferenced {
  if (transforms.length > MOST_TRANSFORMS) {
    throw new SigningError('XML_LIMIT_EXCEEDED', { limit: `transforms > ${MOST_TRANSFORMS}` })
  }
  return transforms.reduce((value, transform) => runTransform(value, transform, context), data)
}

function runTransform(data: Dereferenced, transform: TreeElement, context: TransformContext): Dereferenced {
  const algorithm = attributeValue(transform, 'Algorithm') ?? ''
  if (isC14nMethod(algorithm)) {
    const nodes = toNodes(data, context)
    const octets = canonicalize(nodes, readC14nMethod(transform), context.budget)
    return { kind: 'octets', octets, from: nodes }
  }
  switch (algorithm) {
    case ENVELOPED_SIGNATURE:
      return { kind: 'nodes', nodes: withoutSignature(data, context) }
    case BASE64:
      return {
        kind: 'octets',
        octets: decode(data, context),
        from: data.kind === 'nodes' ? data.nodes : null,
      }
    case XPATH:
      return { kind: 'nodes', nodes: withoutSignatures(data, transform, context) }
    case XPATH_FILTER_2:
      return { kind: 'nodes', nodes: filterByXPath2(toNodes(data, context), transform, context) }
    default:
      throw new SigningError('XML_TRANSFORM_UNSUPPORTED', { transform: algorithm })
  }
}

function toNodes(data: Dereferenced, { budget }: TransformContext): NodeSet {
  if (data.kind === 'nodes') return data.nodes
  return wholeDocument(openXml(data.octets, generalXmlLimits, budget), true)
}

/** XMLDSig section 6.6.4: the transform is defined only for the document that the signature itself stands in. */
function withoutSignature(data: Dereferenced, { signature }: TransformContext): NodeSet {
  if (data.kind === 'octets' || data.nodes.tree.root !== rootOf(signature)) {
    throw refused('enveloped-signature in another document')
  }
  return without(data.nodes, [signature])
}

/** RFC 2045: characters outside of the alphabet would be skipped; here they are refused, white space aside. */
function decode(data: Dereferenced, { budget }: TransformContext): Buffer {
  const text = data.kind === 'octets' ? Buffer.from(data.octets).toString('latin1') : textOf(data.nodes)
  spend(budget, 'characters', text.length)
  const bytes = decodeBase64(text)
  if (bytes === undefined) throw refused('base64 over what is no base64')
  return bytes
}

function textOf(nodes: NodeSet): string {
  const pieces: string[] = []
  forEachMember(nodes, (node) => {
    if (node.kind === 'text') pieces.push(node.value)
  })
  return pieces.join('')
}

/**
 * The two XPath expressions that mean an enveloped signature: every signature out, or this one
 * (XMLDSig section 6.6.4 gives the second with `here()`).
 */
function withoutSignatures(data: Dereferenced, transform: TreeElement, context: TransformContext): NodeSet {
  const [xpath, ...others] = childElements(transform)
  if (xpath === undefined || others.length > 0 || !isElementNamed(xpath, XMLDSIG, 'XPath')) {
    throw new SigningError('XML_SIGNATURE_MALFORMED', { reason: 'an XPath transform without its one XPath' })
  }
  const nodes = toNodes(data, context)
  const expression = xpath.children.map((child) => (child.kind === 'text' ? child.value : '\0')).join('')
  const meaning = envelopedMeaning(expression, xpath.scope)
  if (meaning === undefined) throw refused(`XPath ${expression.trim().slice(0, 120)}`)
  spend(context.budget, 'comparisons', nodes.tree.size)
  if (meaning === 'this') return withoutSignature({ kind: 'nodes', nodes }, context)
  return without(
    nodes,
    allElements(nodes.tree.root).filter((element) => isElementNamed(element, XMLDSIG, 'Signature')),
  )
}

/** Which signatures an expression leaves out; undefined for one that means anything else. */
function envelopedMeaning(
  expression: string,
  scope: ReadonlyMap<string, string>,
): 'this' | 'all' | undefined {
  const compact = expression.replace(/\s+/g, '')
  const isDsig = (prefix: string | undefined) => prefix !== undefined && scope.get(prefix) === XMLDSIG
  const all = allSignatures.exec(compact)
  if (all !== null) return isDsig(all[1]) ? 'all' : undefined
  const one = thisSignature.exec(compact)
  return one?.slice(1).every(isDsig) === true ? 'this' : undefined
}

function refused(transform: string): SigningError {
  return new SigningError('XML_TRANSFORM_UNSUPPORTED', { transform })
}
