import type { KeyObject } from 'node:crypto'
import { type DigestAlgorithm, digest } from '../algorithms.ts'
import { SigningError } from '../errors.ts'
import { defaultC14n, readC14nMethod } from './c14n-methods.ts'
import { canonicalize } from './canonicalize.ts'
import { type CheckContext, type CheckedReference, checkReference, wholeElement } from './check-reference.ts'
import type { Attachments } from './dereference.ts'
import { readManifest, readSignatureParts, type SignatureParts } from './dsig-structure.ts'
import { type KeyInfo, readKeyInfo } from './key-info.ts'
import { XMLDSIG } from './names.ts'
import { subtree } from './node-set.ts'
import type { ProcessingBudget } from './processing-budget.ts'
import { readSignatureMethod, type SignatureMethod } from './signature-method.ts'
import { type FoundSigner, findSigner } from './signer-certificate.ts'
import { childElements, isElementNamed, type TreeElement, type XmlTree } from './tree.ts'
import type { IdIndex } from './tree-ids.ts'
import { readXadesProperties, type TimestampProperty, type XadesProperties } from './xades-properties.ts'

/** All that can be found out about a signature without a policy. */
export interface SignatureFacts {
  readonly parts: SignatureParts
  readonly method: SignatureMethod
  readonly keyInfo: KeyInfo
  readonly properties: XadesProperties | null
  readonly references: readonly CheckedReference[]
  /** References of the manifests that are signed; the signature holds whatever they come to (XMLDSig 5.1). */
  readonly manifestReferences: readonly CheckedReference[]
  readonly signer: FoundSigner
  /** Whether every reference and the signature value hold; null where one could not be checked. */
  readonly cryptoIntact: boolean | null
  /** Digest of what a time-stamp over the signature value is over. */
  readonly stampedValue: (stamp: TimestampProperty) => (algorithm: DigestAlgorithm) => Uint8Array
}

export interface ExamineContext {
  readonly tree: XmlTree
  readonly ids: IdIndex
  readonly attachments: Attachments
  readonly budget: ProcessingBudget
  /** Certificates that the caller gave, DER. */
  readonly certificates: readonly Uint8Array[]
  /** Keys to check values with that no certificate explains. */
  readonly keys: readonly KeyObject[]
  /** How many references may still be processed in this file. */
  readonly allowance: { references: number }
}

/**
 * Core validation of XMLDSig 1.1 (section 3.2): the digests of all references and the signature value over the
 * canonical form of `SignedInfo`. References and value are read from the very tree that is canonicalised.
 *
 * @throws SigningError `XML_SIGNATURE_MALFORMED`, `XML_LIMIT_EXCEEDED`, `XML_DUPLICATE_ID`, `ALGORITHM_UNSUPPORTED` for
 *   the canonical form of SignedInfo
 */
export function examineSignature(element: TreeElement, context: ExamineContext): SignatureFacts {
  const { tree, budget } = context
  const parts = readSignatureParts(element)
  const method = readSignatureMethod(parts.signatureMethod)
  const keyInfo = readKeyInfo(parts.keyInfo, context)
  const properties = readXadesProperties(parts)
  const check: CheckContext = { ...context, signature: element }
  takeReferences(context, parts.references.length)
  const references = parts.references.map((reference) => checkReference(reference, check))
  const manifestReferences = references
    .flatMap((reference) => manifestsOf(reference))
    .flatMap((manifest) => {
      const list = readManifest(manifest)
      takeReferences(context, list.length)
      return list.map((reference) => checkReference(reference, check))
    })
  const c14n = readC14nMethod(parts.canonicalizationMethod)
  const signer = findSigner({
    method,
    keyInfo,
    properties,
    others: [...(properties?.unsigned.certificates ?? []), ...context.certificates],
    signedOctets: canonicalize(subtree(tree, parts.signedInfo, true), c14n, budget),
    value: parts.value,
    keys: context.keys,
    budget,
  })
  return {
    parts,
    method,
    keyInfo,
    properties,
    references,
    manifestReferences,
    signer,
    cryptoIntact: allHold([...references.map(({ intact }) => intact), signer.valueHolds]),
    stampedValue: ({ canonicalizationMethod: named }) => {
      const form = named === null ? defaultC14n : readC14nMethod(named)
      const octets = canonicalize(subtree(tree, parts.signatureValue, true), form, budget)
      return (algorithm) => digest(algorithm, octets)
    },
  }
}

function takeReferences({ allowance }: ExamineContext, count: number): void {
  allowance.references -= count
  if (allowance.references < 0) throw new SigningError('XML_LIMIT_EXCEEDED', { limit: 'references' })
}

/** The manifests that a reference which holds covers: the element itself, or those directly in an Object. */
function manifestsOf(reference: CheckedReference): readonly TreeElement[] {
  const apex = wholeElement(reference)
  if (apex === null) return []
  if (isElementNamed(apex, XMLDSIG, 'Manifest')) return [apex]
  if (!isElementNamed(apex, XMLDSIG, 'Object')) return []
  return childElements(apex).filter((child) => isElementNamed(child, XMLDSIG, 'Manifest'))
}

function allHold(results: readonly (boolean | null)[]): boolean | null {
  if (results.includes(false)) return false
  return results.includes(null) ? null : true
}
