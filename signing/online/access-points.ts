/** Where a certificate says that its issuer, OCSP and CRLs are to be had (RFC 5280 sections 4.2.1.13 and 4.2.2.1). */
import { SigningError } from '../errors.ts'
import type { Certificate } from '../x509/certificate.ts'
import { EXTENSION } from '../x509/certificate-extensions.ts'
import { contextTag, type DerNode, parseDer, TAG } from '../x509/der.ts'
import { DerFields, expectTag, onlyChild, readOid } from '../x509/der-values.ts'
import { readGeneralName } from '../x509/general-names.ts'

export interface AccessPoints {
  readonly ocsp: readonly string[]
  readonly caIssuers: readonly string[]
  readonly crl: readonly string[]
}

const AUTHORITY_INFORMATION_ACCESS = '1.3.6.1.5.5.7.1.1'
const OCSP = '1.3.6.1.5.5.7.48.1'
const CA_ISSUERS = '1.3.6.1.5.5.7.48.2'

/** More of a kind than any CA names; the rest is not looked at. */
const MOST_ADDRESSES = 4
const LONGEST_ADDRESS = 2048

/** Addresses with `http:` or `https:`, in the order of the certificate; a broken extension names none. */
export function accessPoints(certificate: Certificate): AccessPoints {
  const descriptions = readable(() => readAccess(certificate)) ?? []
  const of = (method: string): string[] =>
    descriptions.filter((one) => one.method === method).map(({ url }) => url)
  return {
    ocsp: webAddresses(of(OCSP)),
    caIssuers: webAddresses(of(CA_ISSUERS)),
    crl: webAddresses(readable(() => readPoints(certificate)) ?? []),
  }
}

function webAddresses(urls: readonly string[]): string[] {
  const web = urls.filter((url) => /^https?:\/\//i.test(url) && url.length <= LONGEST_ADDRESS)
  return [...new Set(web)].slice(0, MOST_ADDRESSES)
}

function readAccess(certificate: Certificate): { method: string; url: string }[] {
  const extension = certificate.extensions.all.get(AUTHORITY_INFORMATION_ACCESS)
  if (extension === undefined) return []
  const list = parseDer(extension.value)
  expectTag(list, TAG.SEQUENCE)
  return list.children.flatMap((node) => {
    const fields = new DerFields(node)
    const method = readOid(fields.take(TAG.OID, 'accessMethod'))
    return uriOf(fields.any('accessLocation')).map((url) => ({ method, url }))
  })
}

/** Full names only; points with a CRL issuer of their own are left out, for indirect lists are not used here. */
function readPoints(certificate: Certificate): string[] {
  const extension = certificate.extensions.all.get(EXTENSION.crlDistributionPoints)
  if (extension === undefined) return []
  const list = parseDer(extension.value)
  expectTag(list, TAG.SEQUENCE)
  return list.children.flatMap((node) => {
    const fields = new DerFields(node)
    const wrapped = fields.optional(contextTag(0, true))
    fields.optional(contextTag(1, false))
    const crlIssuer = fields.optional(contextTag(2, true))
    if (wrapped === undefined || crlIssuer !== undefined) return []
    const name = onlyChild(wrapped)
    return name.tag === contextTag(0, true) ? name.children.flatMap(uriOf) : []
  })
}

function uriOf(node: DerNode): string[] {
  const name = readGeneralName(node)
  return name.form === 'uri' ? [name.text] : []
}

function readable<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof SigningError) return undefined
    throw error
  }
}
