/** Where CRLs are published (RFC 5280 sections 4.2.1.13 and 5.2.5), as far as it ties a list to a certificate. */
import type { Certificate } from './certificate.ts'
import { EXTENSION } from './certificate-extensions.ts'
import { contextTag, type DerNode, parseDer, TAG } from './der.ts'
import { DerFields, expectTag, onlyChild } from './der-values.ts'
import { readGeneralName } from './general-names.ts'
import { nameKey, readRelativeName, relativeNameKey } from './name.ts'

/** Texts that are equal exactly when two names of a point are. */
export interface DistributionPoint {
  /** Empty for a name relative to the issuer. */
  readonly fullNames: readonly string[]
  /** The single relative name under the issuer; undefined for full names. */
  readonly relativeName: string | undefined
}

/** A `DistributionPointName`. */
export function readDistributionPointName(node: DerNode): DistributionPoint {
  if (node.tag === contextTag(1, true)) {
    return { fullNames: [], relativeName: relativeNameKey(readRelativeName(node)) }
  }
  expectTag(node, contextTag(0, true))
  const fullNames = node.children.map(readGeneralName).map((name) => {
    if (name.form === 'directory') return `directory:${nameKey(name.name)}`
    return name.form === 'other' ? Buffer.from(name.raw).toString('hex') : `${name.form}:${name.text}`
  })
  return { fullNames, relativeName: undefined }
}

/**
 * Whether one of the certificate's distribution points bears a name of `point` (RFC 5280 section 6.3.3 b 2 i).
 * Points with a CRL issuer of their own belong to indirect lists and do not count.
 */
export function namesPoint(certificate: Certificate, point: DistributionPoint): boolean {
  const extension = certificate.extensions.all.get(EXTENSION.crlDistributionPoints)
  if (extension === undefined) return false
  const list = parseDer(extension.value)
  expectTag(list, TAG.SEQUENCE)
  return list.children.some((entry) => {
    const fields = new DerFields(entry)
    const wrapped = fields.optional(contextTag(0, true))
    fields.optional(contextTag(1, false))
    const crlIssuer = fields.optional(contextTag(2, true))
    fields.finish('DistributionPoint')
    if (wrapped === undefined || crlIssuer !== undefined) return false
    const own = readDistributionPointName(onlyChild(wrapped))
    if (point.relativeName !== undefined) return own.relativeName === point.relativeName
    return own.fullNames.some((name) => point.fullNames.includes(name))
  })
}
