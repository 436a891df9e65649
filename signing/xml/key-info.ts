import type { KeyObject } from 'node:crypto'
import { digest, digestByXml } from '../algorithms.ts'
import { SigningError } from '../errors.ts'
import type { Certificate } from '../x509/certificate.ts'
import { formatName } from '../x509/name.ts'
import type { Attachments } from './dereference.ts'
import { base64Content, textContent } from './dsig-structure.ts'
import { keyOfValue, readKeyValue } from './key-value.ts'
import { XMLDSIG } from './names.ts'
import { attributeValue, childElements, isElementNamed, type TreeElement } from './tree.ts'
import type { IdIndex } from './tree-ids.ts'

const XMLDSIG_11 = 'http://www.w3.org/2009/xmldsig11#'
const MOST_PARTS = 100

export interface KeyInfo {
  /** DER, in their order. */
  readonly certificates: readonly Buffer[]
  /** DER. */
  readonly crls: readonly Buffer[]
  /** What else names the signer's certificate; each says whether a certificate is meant. */
  readonly hints: readonly ((certificate: Certificate) => boolean)[]
  /** A bare key: never a source of trust. */
  readonly keyValue: KeyObject | undefined
  /** Names of children that are not looked at. */
  readonly ignored: readonly string[]
}

export interface KeyInfoContext {
  readonly ids: IdIndex
  readonly attachments: Attachments
}

const nothing: KeyInfo = { certificates: [], crls: [], hints: [], keyValue: undefined, ignored: [] }

/**
 * Reads `ds:KeyInfo`. It is not signed, and nothing in it is believed: certificates are offered to path building,
 * everything else only helps to find one. `RetrievalMethod` and `KeyInfoReference` are followed within the file, once.
 *
 * @throws SigningError `XML_SIGNATURE_MALFORMED`, `XML_DUPLICATE_ID`, `XML_LIMIT_EXCEEDED`
 */
export function readKeyInfo(element: TreeElement | null, context: KeyInfoContext, isInner = false): KeyInfo {
  if (element === null) return nothing
  return parts(element)
    .map((child) => readChild(child, context, isInner))
    .reduce(joined, nothing)
}

function joined(left: KeyInfo, right: KeyInfo): KeyInfo {
  return {
    certificates: [...left.certificates, ...right.certificates].slice(0, MOST_PARTS),
    crls: [...left.crls, ...right.crls].slice(0, MOST_PARTS),
    hints: [...left.hints, ...right.hints].slice(0, MOST_PARTS),
    keyValue: left.keyValue ?? right.keyValue,
    ignored: [...left.ignored, ...right.ignored].slice(0, MOST_PARTS),
  }
}

/** @throws SigningError `XML_LIMIT_EXCEEDED` */
function parts(element: TreeElement): TreeElement[] {
  const children = childElements(element)
  if (children.length > MOST_PARTS) {
    throw new SigningError('XML_LIMIT_EXCEEDED', { limit: `parts of ${element.localName} > ${MOST_PARTS}` })
  }
  return children
}

function readChild(child: TreeElement, context: KeyInfoContext, isInner: boolean): KeyInfo {
  const isDsig = child.namespace === XMLDSIG
  if (isDsig && child.localName === 'X509Data') return readX509Data(child)
  if (isDsig && child.localName === 'KeyName') return nothing
  if ((isDsig && child.localName === 'KeyValue') || child.localName === 'DEREncodedKeyValue') {
    return { ...nothing, keyValue: readKeyValue(child) }
  }
  const target = isInner ? undefined : sameFileTarget(child, context)
  if (target !== undefined && isElementNamed(child, XMLDSIG_11, 'KeyInfoReference')) {
    if (isElementNamed(target, XMLDSIG, 'KeyInfo')) return readKeyInfo(target, context, true)
  }
  const isRetrieval = isElementNamed(child, XMLDSIG, 'RetrievalMethod') && childElements(child).length === 0
  return (
    (isRetrieval
      ? retrieved(attributeValue(child, 'Type'), attributeValue(child, 'URI'), target, context)
      : undefined) ?? {
      ...nothing,
      ignored: [child.localName],
    }
  )
}

/** What a `RetrievalMethod` without transforms points at, by its type; undefined where that is none of these. */
function retrieved(
  type: string | undefined,
  uri: string | undefined,
  target: TreeElement | undefined,
  { attachments }: KeyInfoContext,
): KeyInfo | undefined {
  if (type === `${XMLDSIG}rawX509Certificate`) {
    const given = uri === undefined ? undefined : attachments.get(uri)
    if (given === undefined) return undefined
    return { ...nothing, certificates: [Buffer.from(typeof given === 'function' ? given() : given)] }
  }
  if (target === undefined || type !== XMLDSIG + target.localName) return undefined
  if (isElementNamed(target, XMLDSIG, 'X509Data')) return readX509Data(target)
  return { ...nothing, keyValue: keyOfValue(target) }
}

function sameFileTarget(child: TreeElement, { ids }: KeyInfoContext): TreeElement | undefined {
  const uri = attributeValue(child, 'URI')
  return uri?.startsWith('#') === true ? ids.find(uri.slice(1)) : undefined
}

function readX509Data(element: TreeElement): KeyInfo {
  return parts(element)
    .map((child): KeyInfo => {
      switch (child.localName) {
        case 'X509Certificate':
          return { ...nothing, certificates: [base64Content(child)] }
        case 'X509CRL':
          return { ...nothing, crls: [base64Content(child)] }
        default: {
          const hint = readHint(child)
          return hint === undefined
            ? { ...nothing, ignored: [child.localName] }
            : { ...nothing, hints: [hint] }
        }
      }
    })
    .reduce(joined, nothing)
}

function readHint(child: TreeElement): ((certificate: Certificate) => boolean) | undefined {
  switch (child.localName) {
    case 'X509IssuerSerial': {
      const number = childElements(child).find(({ localName }) => localName === 'X509SerialNumber')
      const serial = number === undefined ? '' : textContent(number).trim()
      if (!/^-?\d{1,60}$/.test(serial)) return undefined
      // Names are spelt in too many ways to compare them as text; a wrong certificate cannot verify the value.
      return (certificate) => serialOf(certificate) === BigInt(serial)
    }
    case 'X509SKI': {
      const wanted = base64Content(child)
      return ({ extensions: { subjectKeyIdentifier: own } }) =>
        own !== undefined && Buffer.compare(own, wanted) === 0
    }
    case 'X509SubjectName': {
      const wanted = nameParts(textContent(child))
      return ({ subject }) => nameParts(formatName(subject)) === wanted
    }
    case 'X509Digest': {
      const algorithm = digestByXml(attributeValue(child, 'Algorithm') ?? '')
      const wanted = base64Content(child)
      return ({ der }) => algorithm !== undefined && Buffer.compare(digest(algorithm, der), wanted) === 0
    }
    default:
      return undefined
  }
}

/** The serial number as XML writes it, decimal. */
export function serialOf({ serialHex }: Certificate): bigint {
  return serialHex.startsWith('-') ? -BigInt(`0x${serialHex.slice(1)}`) : BigInt(`0x${serialHex}`)
}

/** The values of a name in RFC 4514 or its predecessors, whatever order and spacing they come in. */
function nameParts(name: string): string {
  return name
    .split(/(?<!\\)[,+;]/)
    .map((part) =>
      part
        .slice(part.indexOf('=') + 1)
        .trim()
        .toLowerCase(),
    )
    .sort()
    .join('\n')
}
