/** Namespaces and identifiers of XML-DSig (W3C Rec. 2013, RFC 9231) and XAdES (ETSI EN 319 132-1). */
export const XMLDSIG = 'http://www.w3.org/2000/09/xmldsig#'
export const XADES = 'http://uri.etsi.org/01903/v1.3.2#'
export const EXCLUSIVE_C14N = 'http://www.w3.org/2001/10/xml-exc-c14n#'
export const ENVELOPED_SIGNATURE = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature'
export const SIGNED_PROPERTIES_TYPE = 'http://uri.etsi.org/01903#SignedProperties'
export const XML_NAMESPACE = 'http://www.w3.org/XML/1998/namespace'

/** The XML declaration that every sealed file begins with, byte for byte. */
export const XML_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'

export interface ExpandedName {
  readonly namespace: string
  readonly localName: string
}

/** `{namespace}local`, for messages and for map keys. */
export function expandedName(name: ExpandedName): string {
  return name.namespace === '' ? name.localName : `{${name.namespace}}${name.localName}`
}
