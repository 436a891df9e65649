import {
  type DigestAlgorithm,
  digestAlgorithms,
  digestByXml,
  type SignatureAlgorithm,
  signatureAlgorithm,
  signatureAlgorithms,
  signatureByXml,
  XML_RSASSA_PSS,
} from '../algorithms.ts'
import { SigningError } from '../errors.ts'
import { textContent } from './dsig-structure.ts'
import { attributeValue, childElements, type TreeElement } from './tree.ts'

const PSS_PARAMETERS = 'http://www.w3.org/2007/05/xmldsig-more#'
const MGF1 = `${PSS_PARAMETERS}MGF1`
const hmacDigests: Readonly<Record<string, DigestAlgorithm['name']>> = {
  'http://www.w3.org/2000/09/xmldsig#hmac-sha1': 'SHA-1',
  'http://www.w3.org/2001/04/xmldsig-more#hmac-md5': 'MD5',
  'http://www.w3.org/2001/04/xmldsig-more#hmac-ripemd160': 'RIPEMD-160',
  'http://www.w3.org/2001/04/xmldsig-more#hmac-sha224': 'SHA-224',
  'http://www.w3.org/2001/04/xmldsig-more#hmac-sha256': 'SHA-256',
  'http://www.w3.org/2001/04/xmldsig-more#hmac-sha384': 'SHA-384',
  'http://www.w3.org/2001/04/xmldsig-more#hmac-sha512': 'SHA-512',
}

export type SignatureMethod =
  | {
      readonly kind: 'asymmetric'
      readonly algorithm: SignatureAlgorithm
      readonly saltLength?: number
      readonly mask?: DigestAlgorithm
    }
  /** A shared secret: whoever can check it can make it, so it is no signature of anybody. */
  | { readonly kind: 'hmac'; readonly digest: DigestAlgorithm; readonly outputBytes: number }
  | { readonly kind: 'unknown'; readonly name: string }

/** Reads `ds:SignatureMethod`. @throws SigningError `XML_SIGNATURE_MALFORMED` */
export function readSignatureMethod(element: TreeElement): SignatureMethod {
  const uri = attributeValue(element, 'Algorithm') ?? ''
  if (uri === XML_RSASSA_PSS) return readPss(element)
  const hmacDigest = hmacDigests[uri]
  if (hmacDigest !== undefined) return readHmac(element, hmacDigest)
  const algorithm = signatureByXml(uri)
  if (algorithm === undefined) return { kind: 'unknown', name: uri }
  if (childElements(element).length > 0) throw malformed(`parameters of ${uri}`)
  return { kind: 'asymmetric', algorithm }
}

/** RFC 9231 section 2.3.9: by default SHA-256, MGF1 with SHA-256, a salt as long as the digest. */
function readPss(element: TreeElement): SignatureMethod {
  const [parameters, ...others] = childElements(element)
  if (others.length > 0) throw malformed('RSAPSSParams')
  const found = new Map(
    (parameters === undefined ? [] : childElements(parameters)).map((child) => [child.localName, child]),
  )
  const digest = digestOf(found.get('DigestMethod'), 'SHA-256')
  const generator = found.get('MaskGenerationFunction')
  const generatorName = generator === undefined ? MGF1 : attributeValue(generator, 'Algorithm')
  const maskMethod = generator === undefined ? undefined : childElements(generator)[0]
  const mask = maskMethod === undefined ? digest : digestOf(maskMethod, 'SHA-256')
  const salt = found.get('SaltLength')
  const trailer = found.get('TrailerField')
  const saltText = salt === undefined ? String(digest?.size ?? 0) : textContent(salt).trim()
  const algorithm = signatureAlgorithms.find((one) => one.scheme === 'RSASSA-PSS' && one.digest === digest)
  const isKnown =
    algorithm !== undefined && mask !== undefined && generatorName === MGF1 && /^\d{1,3}$/.test(saltText)
  if (!isKnown || (trailer !== undefined && textContent(trailer).trim() !== '1')) {
    return { kind: 'unknown', name: `${XML_RSASSA_PSS} with these parameters` }
  }
  return {
    kind: 'asymmetric',
    algorithm,
    saltLength: Number(saltText),
    mask,
  }
}

/** A shortened output must keep half of the digest and 80 bits (XMLDSig 1.1 section 6.3.1, CVE-2009-0217). */
function readHmac(element: TreeElement, name: DigestAlgorithm['name']): SignatureMethod {
  const digest = digestAlgorithms.find((one) => one.name === name)
  const [length, ...others] = childElements(element)
  if (digest === undefined || others.length > 0) throw malformed('HMACOutputLength')
  if (length === undefined) return { kind: 'hmac', digest, outputBytes: digest.size }
  const bits = Number(textContent(length).trim())
  if (
    !Number.isInteger(bits) ||
    bits % 8 !== 0 ||
    bits < 80 ||
    bits < 4 * digest.size ||
    bits > 8 * digest.size
  ) {
    return {
      kind: 'unknown',
      name: `HMAC with ${name} cut to ${textContent(length).trim().slice(0, 20)} bits`,
    }
  }
  return { kind: 'hmac', digest, outputBytes: bits / 8 }
}

function digestOf(method: TreeElement | undefined, byDefault: DigestAlgorithm['name']) {
  if (method === undefined) return signatureAlgorithm('RSASSA-PSS', byDefault).digest
  return digestByXml(attributeValue(method, 'Algorithm') ?? '')
}

function malformed(reason: string): SigningError {
  return new SigningError('XML_SIGNATURE_MALFORMED', { reason })
}
