/**
 * PKCS#12 files (RFC 7292): the keys of persons and agencies on the client's side.
 *
 * Structure and key derivation are read here, ciphers are those of `node:crypto`; RC2, which it lacks and old
 * files use for certificates, is taken from node-forge. Nothing is verified with forge.
 */
import { SigningError } from '../errors.ts'
import { berToDer, joinPieces } from '../x509/ber.ts'
import { type Certificate, tryParseCertificate } from '../x509/certificate.ts'
import { contextTag, type DerNode, malformed, parseDer, TAG } from '../x509/der.ts'
import { DerFields, onlyChild, readOctetString, readOid, readSmallInteger } from '../x509/der-values.ts'
import type { KeyProvider } from './key-provider.ts'
import { belongsTo, importPkcs8, type KeyOptions, keyObjectProvider } from './pkcs8.ts'
import { decryptPbe, macHolds, type PasswordForm, passwordForms } from './pkcs12-crypto.ts'

const OID = {
  data: '1.2.840.113549.1.7.1',
  encryptedData: '1.2.840.113549.1.7.6',
  keyBag: '1.2.840.113549.1.12.10.1.1',
  shroudedKeyBag: '1.2.840.113549.1.12.10.1.2',
  certificateBag: '1.2.840.113549.1.12.10.1.3',
  safeContentsBag: '1.2.840.113549.1.12.10.1.6',
  x509Certificate: '1.2.840.113549.1.9.22.1',
} as const

/** Keys (PKCS#8) and certificates of a file, DER, in its order. */
interface Contents {
  readonly keys: Uint8Array[]
  readonly certificates: Uint8Array[]
}

/**
 * Opens a PKCS#12 file.
 *
 * The signer's certificate is the one that fits the key; those that link it upward become the chain.
 *
 * @param bytes BER or DER
 * @throws SigningError `KEY_WRONG_PASSWORD`, `KEY_FILE_MALFORMED`, `KEY_UNSUPPORTED`, `KEY_CERTIFICATE_MISMATCH`
 */
export function loadPkcs12(bytes: Uint8Array, password: string, options: KeyOptions = {}): KeyProvider {
  const { keys, certificates } = unwrap(bytes, password)
  if (keys.length === 0) throw new SigningError('KEY_FILE_MALFORMED', { reason: 'no private key' })
  const parsed = certificates.flatMap((der): Certificate[] => {
    const certificate = tryParseCertificate(der)
    return certificate === undefined ? [] : [certificate]
  })
  if (parsed.length === 0) throw new SigningError('KEY_FILE_MALFORMED', { reason: 'no certificate' })
  for (const pkcs8 of keys) {
    const key = importPkcs8(pkcs8)
    const own = parsed.find((candidate) => belongsTo(key, candidate))
    if (own !== undefined) {
      const others = parsed.filter((other) => other !== own).map(({ der }) => der)
      return keyObjectProvider(key, own.der, others, options)
    }
  }
  throw new SigningError('KEY_CERTIFICATE_MISMATCH')
}

function unwrap(bytes: Uint8Array, password: string): Contents {
  try {
    const pfx = new DerFields(parseDer(berToDer(bytes)))
    if (readSmallInteger(pfx.take(TAG.INTEGER, 'version')) !== 3) throw malformed(0, 'version of the PFX')
    const safe = readData(readContentInfo(pfx.take(TAG.SEQUENCE, 'authSafe')))
    const mac = pfx.optional(TAG.SEQUENCE)
    pfx.finish('PFX')
    // Without a MAC nothing tells the right form of the password beforehand: each is tried on the contents.
    const forms = passwordForms(password).filter((form) => mac === undefined || macHolds(mac, safe, form))
    for (const form of forms) {
      const contents = openSafe(safe, form)
      if (contents !== undefined) return contents
    }
  } catch (error) {
    if (!(error instanceof SigningError) || error.code !== 'DER_MALFORMED') throw error
    throw new SigningError('KEY_FILE_MALFORMED', { reason: error.message }, { cause: error })
  }
  throw new SigningError('KEY_WRONG_PASSWORD')
}

/** Everything in the `AuthenticatedSafe`; undefined when this form of the password does not open it. */
function openSafe(safe: Uint8Array, form: PasswordForm): Contents | undefined {
  const contents: Contents = { keys: [], certificates: [] }
  for (const member of parseDer(berToDer(safe)).children) {
    const info = readContentInfo(member)
    const plain = info.type === OID.encryptedData ? openEncryptedData(info.content, form) : readData(info)
    if (plain === undefined) return undefined
    const bags = readDecrypted(plain)
    if (bags === undefined || !collect(bags, form, contents)) return undefined
  }
  return contents
}

/** A wrong key may leave valid padding by chance: what then does not even parse was not opened. */
function readDecrypted(plain: Uint8Array): DerNode | undefined {
  try {
    return parseDer(berToDer(plain))
  } catch (error) {
    if (error instanceof SigningError) return undefined
    throw error
  }
}

/** Adds keys and certificates of a `SafeContents`; false when a key does not open. */
function collect(bags: DerNode, form: PasswordForm, into: Contents): boolean {
  for (const bag of bags.children) {
    const fields = new DerFields(bag)
    const type = readOid(fields.take(TAG.OID, 'bagId'))
    const value = onlyChild(fields.take(contextTag(0, true), 'bagValue'))
    if (type === OID.keyBag) into.keys.push(value.raw)
    if (type === OID.certificateBag) into.certificates.push(...readCertificateBag(value))
    if (type === OID.safeContentsBag && !collect(value, form, into)) return false
    if (type === OID.shroudedKeyBag) {
      const key = openShroudedKey(value, form)
      if (key === undefined) return false
      into.keys.push(key)
    }
  }
  return true
}

function readCertificateBag(value: DerNode): readonly Uint8Array[] {
  const fields = new DerFields(value)
  const type = readOid(fields.take(TAG.OID, 'certId'))
  const wrapped = fields.take(contextTag(0, true), 'certValue')
  return type === OID.x509Certificate ? [readOctetString(onlyChild(wrapped))] : []
}

/** `EncryptedPrivateKeyInfo` (RFC 5958 section 3). */
function openShroudedKey(value: DerNode, form: PasswordForm): Uint8Array | undefined {
  const fields = new DerFields(value)
  const algorithm = fields.take(TAG.SEQUENCE, 'encryptionAlgorithm')
  const plain = decryptPbe(algorithm, readOctetString(fields.take(TAG.OCTET_STRING, 'encryptedData')), form)
  return plain === undefined ? undefined : readDecrypted(plain)?.raw
}

function openEncryptedData(content: DerNode, form: PasswordForm): Uint8Array | undefined {
  const fields = new DerFields(content)
  fields.take(TAG.INTEGER, 'version')
  const inner = new DerFields(fields.take(TAG.SEQUENCE, 'encryptedContentInfo'))
  inner.take(TAG.OID, 'contentType')
  const algorithm = inner.take(TAG.SEQUENCE, 'contentEncryptionAlgorithm')
  return decryptPbe(algorithm, joinPieces(inner.any('encryptedContent')), form)
}

function readContentInfo(node: DerNode): { type: string; content: DerNode } {
  const fields = new DerFields(node)
  const type = readOid(fields.take(TAG.OID, 'contentType'))
  return { type, content: onlyChild(fields.take(contextTag(0, true), 'content')) }
}

function readData({ type, content }: { type: string; content: DerNode }): Uint8Array {
  if (type !== OID.data) throw new SigningError('KEY_UNSUPPORTED', { reason: `PKCS#12 content ${type}` })
  return readOctetString(content)
}
