import { contextTag, type DerNode, malformed } from './der.ts'
import { DerFields, onlyChild } from './der-values.ts'
import {
  type DistributionPointName,
  type ReasonMask,
  readDistributionPointName,
  readReasons,
} from './distribution-points.ts'

/** What an `issuingDistributionPoint` limits a list to (RFC 5280 section 5.2.5). */
export interface CrlScope {
  /** As received: the scopes of a list and of its delta must be equal. */
  readonly raw: Uint8Array
  readonly point: DistributionPointName | undefined
  readonly onlyUserCertificates: boolean
  readonly onlyCaCertificates: boolean
  readonly onlyAttributeCertificates: boolean
  /** Undefined for all reasons. */
  readonly onlySomeReasons: ReasonMask | undefined
  readonly indirect: boolean
}

export function readScope(node: DerNode): CrlScope {
  const fields = new DerFields(node)
  const point = fields.optional(contextTag(0, true))
  const flag = (number: number) => {
    const found = fields.optional(contextTag(number, false))
    if (found === undefined) return false
    // IMPLICIT, so that the check of DER did not know it for a BOOLEAN: any other octets would be a limit overlooked.
    const [octet, ...rest] = found.content
    if (rest.length > 0 || (octet !== 0 && octet !== 0xff)) throw malformed(found.start, 'BOOLEAN')
    return octet === 0xff
  }
  const onlyUserCertificates = flag(1)
  const onlyCaCertificates = flag(2)
  const reasons = fields.optional(contextTag(3, false))
  const indirect = flag(4)
  const onlyAttributeCertificates = flag(5)
  fields.finish('IssuingDistributionPoint')
  return {
    raw: node.raw,
    point: point === undefined ? undefined : readDistributionPointName(onlyChild(point)),
    onlyUserCertificates,
    onlyCaCertificates,
    onlyAttributeCertificates,
    onlySomeReasons: reasons === undefined ? undefined : readReasons(reasons),
    indirect,
  }
}
