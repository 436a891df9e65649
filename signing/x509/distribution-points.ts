/** Where CRLs are published (RFC 5280 sections 4.2.1.13 and 5.2.5), as far as it ties a list to a certificate. */
import { contextTag, type DerNode, malformed, TAG } from './der.ts'
import { DerFields, expectTag, onlyChild, readNamedBits } from './der-values.ts'
import { directoryKey, type GeneralName, generalNameKey, readGeneralName } from './general-names.ts'
import { type NameAttribute, nameKey, readRelativeName, relativeNameKey } from './name.ts'

/** A `DistributionPointName` as received; a relative name has no meaning without the name of the CRL's issuer. */
export type DistributionPointName =
  | { readonly kind: 'full'; readonly names: readonly GeneralName[] }
  | { readonly kind: 'relative'; readonly attributes: readonly NameAttribute[] }

export interface DistributionPoint {
  readonly name: DistributionPointName | undefined
  /** Undefined for all reasons. */
  readonly reasons: ReasonMask | undefined
  /** Undefined when the certificate's issuer publishes the list. */
  readonly crlIssuer: readonly GeneralName[] | undefined
}

/** `ReasonFlags` as a number: bit n is reason n; bit 0 is not used. */
export type ReasonMask = number

/** keyCompromise (1) to aACompromise (8). */
export const ALL_REASONS: ReasonMask = 0b1_1111_1110

export function readReasons(node: DerNode): ReasonMask {
  let mask = 0
  for (const bit of readNamedBits(node, node.tag)) if (bit < 9) mask |= 1 << bit
  return mask & ALL_REASONS
}

export function readDistributionPointName(node: DerNode): DistributionPointName {
  if (node.tag === contextTag(1, true)) return { kind: 'relative', attributes: readRelativeName(node) }
  expectTag(node, contextTag(0, true))
  if (node.children.length === 0) throw malformed(node.start, 'empty list of names')
  return { kind: 'full', names: node.children.map(readGeneralName) }
}

/** `CRLDistributionPoints`, also of `freshestCRL`. */
export function readDistributionPoints(list: DerNode): readonly DistributionPoint[] {
  expectTag(list, TAG.SEQUENCE)
  return list.children.map((entry) => {
    const fields = new DerFields(entry)
    const wrapped = fields.optional(contextTag(0, true))
    const reasons = fields.optional(contextTag(1, false))
    const crlIssuer = fields.optional(contextTag(2, true))
    fields.finish('DistributionPoint')
    return {
      name: wrapped === undefined ? undefined : readDistributionPointName(onlyChild(wrapped)),
      reasons: reasons === undefined ? undefined : readReasons(reasons),
      crlIssuer: crlIssuer?.children.map(readGeneralName),
    }
  })
}

/**
 * Texts that are equal exactly when two names of points are; a relative name stands below the name of the CRL's
 * issuer.
 * @param issuerKeys `nameKey`s of those to whom a relative name may be relative
 */
export function pointKeys(name: DistributionPointName, issuerKeys: readonly string[]): readonly string[] {
  if (name.kind === 'full') return name.names.map(generalNameKey)
  const own = relativeNameKey(name.attributes)
  return issuerKeys.map((issuer) => directoryKey(issuer === '' ? own : `${issuer}\n${own}`))
}

/** `nameKey`s of the directory names among general names. */
export function directoryKeys(names: readonly GeneralName[]): readonly string[] {
  return names.flatMap((name) => (name.form === 'directory' ? [nameKey(name.name)] : []))
}
