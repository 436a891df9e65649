/** What a piece of DER is, told from its first tags; whether it is sound is for others to judge. */
export type DerKind = 'certificate' | 'crl' | 'ocsp' | 'cms'

interface Header {
  readonly tag: number
  /** Where the content begins; where the next element begins, undefined for an indefinite length. */
  readonly content: number
  readonly end: number | undefined
}

const SEQUENCE = 0x30
const INTEGER = 0x02
const OBJECT_IDENTIFIER = 0x06
const ENUMERATED = 0x0a
const VERSION_TAG = 0xa0
const UTC_TIME = 0x17
const GENERALIZED_TIME = 0x18
const signedData = Buffer.from('06092a864886f70d010702', 'hex')

export function derKind(bytes: Uint8Array): DerKind | undefined {
  const outer = header(bytes, 0)
  if (outer?.tag !== SEQUENCE) return undefined
  const inner = header(bytes, outer.content)
  if (inner === undefined) return undefined
  if (inner.tag === ENUMERATED) return 'ocsp'
  if (inner.tag === OBJECT_IDENTIFIER) {
    const oid = bytes.subarray(outer.content, outer.content + signedData.length)
    return signedData.equals(oid) ? 'cms' : undefined
  }
  // OCSPResponse is told by its status, a certificate by its version or, without one, by validity after the issuer.
  if (inner.tag !== SEQUENCE) return undefined
  return toBeSignedKind(bytes, inner.content)
}

/** TBSCertificate and TBSCertList (RFC 5280, 4.1 and 5.1) differ after the issuer: a SEQUENCE, or a time. */
function toBeSignedKind(bytes: Uint8Array, start: number): DerKind | undefined {
  let field = header(bytes, start)
  if (field?.tag === VERSION_TAG) return 'certificate'
  if (field?.tag === INTEGER) field = next(bytes, field)
  if (field?.tag !== SEQUENCE) return undefined
  const issuer = next(bytes, field)
  const after = issuer === undefined ? undefined : next(bytes, issuer)
  if (issuer?.tag !== SEQUENCE || after === undefined) return undefined
  if (after.tag === UTC_TIME || after.tag === GENERALIZED_TIME) return 'crl'
  return after.tag === SEQUENCE ? 'certificate' : undefined
}

function next(bytes: Uint8Array, previous: Header): Header | undefined {
  return previous.end === undefined ? undefined : header(bytes, previous.end)
}

function header(bytes: Uint8Array, at: number): Header | undefined {
  const tag = bytes[at]
  const first = bytes[at + 1]
  if (tag === undefined || first === undefined) return undefined
  if (first < 0x80) return { tag, content: at + 2, end: at + 2 + first }
  const count = first & 0x7f
  if (count === 0) return { tag, content: at + 2, end: undefined }
  if (count > 4 || at + 2 + count > bytes.length) return undefined
  let length = 0
  for (const byte of bytes.subarray(at + 2, at + 2 + count)) length = length * 256 + byte
  return { tag, content: at + 2 + count, end: at + 2 + count + length }
}
