import { SigningError } from '../errors.ts'
import type { C14nMethod } from './canonicalize.ts'
import { EXCLUSIVE_C14N } from './names.ts'
import { attributeValue, childElements, isElementNamed, type TreeElement } from './tree.ts'

const noPrefixes: ReadonlySet<string> = new Set()

const methods: ReadonlyMap<string, Pick<C14nMethod, 'kind' | 'comments'>> = new Map([
  ['http://www.w3.org/TR/2001/REC-xml-c14n-20010315', { kind: 'inclusive-1.0', comments: false }],
  ['http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments', { kind: 'inclusive-1.0', comments: true }],
  ['http://www.w3.org/2006/12/xml-c14n11', { kind: 'inclusive-1.1', comments: false }],
  ['http://www.w3.org/2006/12/xml-c14n11#WithComments', { kind: 'inclusive-1.1', comments: true }],
  [EXCLUSIVE_C14N, { kind: 'exclusive-1.0', comments: false }],
  [`${EXCLUSIVE_C14N}WithComments`, { kind: 'exclusive-1.0', comments: true }],
])

/** What XMLDSig applies to a node-set where octets are due and no method is named (section 4.4.3.2). */
export const defaultC14n: C14nMethod = {
  kind: 'inclusive-1.0',
  comments: false,
  inclusivePrefixes: noPrefixes,
}

export function isC14nMethod(algorithm: string): boolean {
  return methods.has(algorithm)
}

/**
 * The canonical form that an element names (`CanonicalizationMethod` or `Transform`).
 *
 * @throws SigningError `ALGORITHM_UNSUPPORTED` for another algorithm, `XML_SIGNATURE_MALFORMED` for parameters that
 *   the algorithm does not have
 */
export function readC14nMethod(element: TreeElement): C14nMethod {
  const algorithm = attributeValue(element, 'Algorithm') ?? ''
  const method = methods.get(algorithm)
  if (method === undefined) throw new SigningError('ALGORITHM_UNSUPPORTED', { algorithm })
  const [parameter, ...others] = childElements(element)
  if (parameter === undefined) return { ...method, inclusivePrefixes: noPrefixes }
  const isPrefixList = isElementNamed(parameter, EXCLUSIVE_C14N, 'InclusiveNamespaces')
  if (!isPrefixList || method.kind !== 'exclusive-1.0' || others.length > 0) {
    throw new SigningError('XML_SIGNATURE_MALFORMED', { reason: `parameters of ${algorithm}` })
  }
  const prefixes = (attributeValue(parameter, 'PrefixList') ?? '').split(/\s+/).filter(Boolean)
  if (prefixes.length > 64) throw new SigningError('XML_LIMIT_EXCEEDED', { limit: 'prefixes in a list > 64' })
  return {
    ...method,
    inclusivePrefixes: new Set(prefixes.map((prefix) => (prefix === '#default' ? '' : prefix))),
  }
}
