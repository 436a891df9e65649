/**
 * Distinguished names: reading (RFC 5280 section 4.1.2.4), showing (RFC 4514) and comparing (RFC 5280
 * section 7.1, which takes RFC 4518 for the preparation of text).
 */
import { contextTag, type DerNode, malformed, TAG } from './der.ts'
import { expectTag, readOid, readText } from './der-values.ts'

/** Attribute types used by name (X.520, RFC 4519, ETSI EN 319 412-1). */
export const ATTRIBUTE = {
  commonName: '2.5.4.3',
  surname: '2.5.4.4',
  serialNumber: '2.5.4.5',
  country: '2.5.4.6',
  locality: '2.5.4.7',
  state: '2.5.4.8',
  street: '2.5.4.9',
  organization: '2.5.4.10',
  organizationalUnit: '2.5.4.11',
  title: '2.5.4.12',
  givenName: '2.5.4.42',
  organizationIdentifier: '2.5.4.97',
  userId: '0.9.2342.19200300.100.1.1',
  domainComponent: '0.9.2342.19200300.100.1.25',
  emailAddress: '1.2.840.113549.1.9.1',
} as const

export interface NameAttribute {
  /** Dotted decimal. */
  readonly type: string
  /** The text; undefined where the value is of no string type. */
  readonly text: string | undefined
  /** The value as DER. */
  readonly value: DerNode
}

export interface DistinguishedName {
  /** DER as received. */
  readonly raw: Uint8Array
  /** Relative names in the order of the certificate, each of one or more attributes. */
  readonly relativeNames: readonly (readonly NameAttribute[])[]
}

/** Reads a `Name`. */
export function readName(node: DerNode): DistinguishedName {
  expectTag(node, TAG.SEQUENCE)
  return { raw: node.raw, relativeNames: node.children.map(readRelativeName) }
}

/** Reads a `RelativeDistinguishedName`; also of an IMPLICIT tag, as in distribution points. */
export function readRelativeName(node: DerNode): readonly NameAttribute[] {
  if (node.tag !== TAG.SET && node.tag !== contextTag(1, true)) expectTag(node, TAG.SET)
  const attributes = node.children.map((pair): NameAttribute => {
    expectTag(pair, TAG.SEQUENCE)
    const [type, value, ...rest] = pair.children
    if (type === undefined || value === undefined || rest.length > 0) {
      throw malformed(pair.start, 'attribute of a name')
    }
    return { type: readOid(type), text: readText(value), value }
  })
  if (attributes.length === 0) throw malformed(node.start, 'empty relative name')
  return attributes
}

/** All texts of one attribute type, in order. */
export function nameTexts(name: DistinguishedName, type: string): readonly string[] {
  return name.relativeNames
    .flat()
    .flatMap((one) => (one.type === type && one.text !== undefined ? [one.text] : []))
}

const descriptors: Readonly<Record<string, string>> = {
  [ATTRIBUTE.commonName]: 'CN',
  [ATTRIBUTE.surname]: 'sn',
  [ATTRIBUTE.serialNumber]: 'serialNumber',
  [ATTRIBUTE.country]: 'C',
  [ATTRIBUTE.locality]: 'L',
  [ATTRIBUTE.state]: 'ST',
  [ATTRIBUTE.street]: 'STREET',
  [ATTRIBUTE.organization]: 'O',
  [ATTRIBUTE.organizationalUnit]: 'OU',
  [ATTRIBUTE.title]: 'title',
  [ATTRIBUTE.givenName]: 'givenName',
  [ATTRIBUTE.organizationIdentifier]: 'organizationIdentifier',
  [ATTRIBUTE.userId]: 'UID',
  [ATTRIBUTE.domainComponent]: 'DC',
  [ATTRIBUTE.emailAddress]: 'emailAddress',
}

/**
 * The RFC 4514 string: last relative name first, registered descriptors as names. Types without a descriptor
 * or text stand as `1.2.3=#hex`.
 */
export function formatName(name: DistinguishedName): string {
  return name.relativeNames
    .toReversed()
    .map((attributes) => attributes.map(formatAttribute).join('+'))
    .join(',')
}

const MOST_SHOWN = 256
const shown = new WeakMap<DistinguishedName, string>()

/** `formatName` for messages: made once for each name, and cut where it is longer than people read. */
export function shortName(name: DistinguishedName): string {
  let text = shown.get(name)
  if (text === undefined) {
    const whole = formatName(name)
    text = whole.length > MOST_SHOWN ? `${whole.slice(0, MOST_SHOWN)}…` : whole
    shown.set(name, text)
  }
  return text
}

function formatAttribute({ type, text, value }: NameAttribute): string {
  const descriptor = descriptors[type]
  return descriptor === undefined || text === undefined
    ? `${type}=#${Buffer.from(value.raw).toString('hex')}`
    : `${descriptor}=${escapeText(text)}`
}

function escapeText(text: string): string {
  return text
    .replace(/[\\",+;<>]/g, '\\$&')
    .replace(/^[ #]/, '\\$&')
    .replace(/ $/, '\\ ')
    .replace(/\p{Cc}/gu, (character) =>
      [...Buffer.from(character)].map((byte) => `\\${byte.toString(16).padStart(2, '0')}`).join(''),
    )
}

/**
 * A text that is the same for two names exactly when RFC 5280 section 7.1 calls them equal: attribute by
 * attribute, text without regard to case, width and repeated spaces, other values byte by byte.
 */
export function nameKey(name: DistinguishedName): string {
  const known = keys.get(name)
  if (known !== undefined) return known
  const made = name.relativeNames.map(relativeNameKey).join('\n')
  keys.set(name, made)
  return made
}

/** A name may be long, and is compared with that of every certificate at hand. */
const keys = new WeakMap<DistinguishedName, string>()

export function relativeNameKey(attributes: readonly NameAttribute[]): string {
  return attributes
    .map(({ type, text, value }) => {
      const compared = text === undefined ? `#${Buffer.from(value.raw).toString('hex')}` : prepare(text)
      return JSON.stringify([type, compared])
    })
    .toSorted()
    .join('+')
}

/** Insignificant characters and space handling of RFC 4518 sections 2.2 to 2.6 over NFKC with case folded. */
export function prepare(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\u00ad\u200b-\u200d\u2060\ufeff]/g, '')
    .replace(/[\s\p{Z}]+/gu, ' ')
    .trim()
}
