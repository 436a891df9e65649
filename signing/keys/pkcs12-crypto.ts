/**
 * The password-based parts of PKCS#12: MAC (RFC 7292 section 4, PBMAC1 of RFC 9579) and encryption (PBES2 of
 * RFC 8018, the older schemes of RFC 7292 appendix C).
 */
import { createDecipheriv, createHmac, pbkdf2Sync, timingSafeEqual } from 'node:crypto'
import { createRequire } from 'node:module'
import type Forge from 'node-forge'
import { SigningError } from '../errors.ts'
import { readAlgorithm } from '../x509/algorithm-identifier.ts'
import { type DerNode, malformed, TAG } from '../x509/der.ts'
import { DerFields, readOctetString, readOid, readSmallInteger } from '../x509/der-values.ts'
import { bmpPassword, pkcs12Kdf } from './pkcs12-kdf.ts'

/** One way to turn a typed password into bytes: for the derivation of RFC 7292, and for PBKDF2. */
export interface PasswordForm {
  readonly bmp: Uint8Array
  readonly utf8: Uint8Array
}

/** More rounds than any writer uses; a hostile file must not stop the process. */
const MOST_ITERATIONS = 2_000_000

const digests: Readonly<Record<string, { node: string; size: number }>> = {
  '1.3.14.3.2.26': { node: 'sha1', size: 20 },
  '2.16.840.1.101.3.4.2.4': { node: 'sha224', size: 28 },
  '2.16.840.1.101.3.4.2.1': { node: 'sha256', size: 32 },
  '2.16.840.1.101.3.4.2.2': { node: 'sha384', size: 48 },
  '2.16.840.1.101.3.4.2.3': { node: 'sha512', size: 64 },
}

const hmacs: Readonly<Record<string, string>> = {
  '1.2.840.113549.2.7': 'sha1',
  '1.2.840.113549.2.8': 'sha224',
  '1.2.840.113549.2.9': 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
}

const pbes2Ciphers: Readonly<Record<string, { node: string; keySize: number }>> = {
  '2.16.840.1.101.3.4.1.2': { node: 'aes-128-cbc', keySize: 16 },
  '2.16.840.1.101.3.4.1.22': { node: 'aes-192-cbc', keySize: 24 },
  '2.16.840.1.101.3.4.1.42': { node: 'aes-256-cbc', keySize: 32 },
  '1.2.840.113549.3.7': { node: 'des-ede3-cbc', keySize: 24 },
}

/** Schemes of RFC 7292 appendix C; `rc2Bits` is the effective key length where the cipher is RC2. */
const pkcs12Ciphers: Readonly<Record<string, { keySize: number; rc2Bits?: number }>> = {
  '1.2.840.113549.1.12.1.3': { keySize: 24 },
  '1.2.840.113549.1.12.1.5': { keySize: 16, rc2Bits: 128 },
  '1.2.840.113549.1.12.1.6': { keySize: 5, rc2Bits: 40 },
}

const OID_PBES2 = '1.2.840.113549.1.5.13'
const OID_PBKDF2 = '1.2.840.113549.1.5.12'
const OID_PBMAC1 = '1.2.840.113549.1.5.14'

/**
 * The forms in which writers are known to use one password, the standard's first: as typed and in Unicode NFC and
 * NFD (Vietnamese is typed both ways); UTF-8 read as Latin-1 (OpenSSL before 1.1); wide characters for PBKDF2 too;
 * and for an empty password no bytes at all.
 */
export function passwordForms(password: string): readonly PasswordForm[] {
  const texts = [...new Set([password, password.normalize('NFC'), password.normalize('NFD')])]
  const forms: PasswordForm[] = texts.map((text) => ({ bmp: bmpPassword(text), utf8: Buffer.from(text) }))
  for (const text of texts) {
    const utf8 = Buffer.from(text)
    if (utf8.length !== text.length) {
      forms.push({ bmp: bmpPassword(utf8.toString('latin1')), utf8 })
      forms.push({ bmp: bmpPassword(text), utf8: bmpPassword(text) })
      forms.push({ bmp: bmpPassword(text), utf8: Buffer.from(text, 'latin1') })
    }
  }
  if (password === '') forms.push({ bmp: new Uint8Array(0), utf8: new Uint8Array(0) })
  return forms
}

/** Whether the MAC over the `AuthenticatedSafe` holds under this form of the password. */
export function macHolds(macData: DerNode, safe: Uint8Array, form: PasswordForm): boolean {
  const fields = new DerFields(macData)
  const info = new DerFields(fields.take(TAG.SEQUENCE, 'mac'))
  const algorithm = readAlgorithm(info.take(TAG.SEQUENCE, 'digestAlgorithm'))
  const expected = readOctetString(info.take(TAG.OCTET_STRING, 'digest'))
  const salt = readOctetString(fields.take(TAG.OCTET_STRING, 'macSalt'))
  const count = fields.optional(TAG.INTEGER)
  const iterations = count === undefined ? 1 : readIterations(count)
  const actual =
    algorithm.oid === OID_PBMAC1
      ? pbmac1(algorithm.parameters, safe, form)
      : classicMac(algorithm.oid, { salt, iterations }, safe, form)
  return actual.length === expected.length && timingSafeEqual(actual, expected)
}

function classicMac(
  type: string,
  { salt, iterations }: { salt: Uint8Array; iterations: number },
  safe: Uint8Array,
  form: PasswordForm,
): Uint8Array {
  const digest = digests[type]
  if (digest === undefined) throw unsupported(`MAC with digest ${type}`)
  const key = pkcs12Kdf({
    digest: digest.node,
    password: form.bmp,
    salt,
    iterations,
    purpose: 'mac',
    length: digest.size,
  })
  return createHmac(digest.node, key).update(safe).digest()
}

function pbmac1(parameters: DerNode | undefined, safe: Uint8Array, form: PasswordForm): Uint8Array {
  if (parameters === undefined) throw malformed(0, 'PBMAC1 without parameters')
  const fields = new DerFields(parameters)
  const derivation = fields.take(TAG.SEQUENCE, 'keyDerivationFunc')
  const scheme = readAlgorithm(fields.take(TAG.SEQUENCE, 'messageAuthScheme'))
  const hmac = hmacs[scheme.oid]
  if (hmac === undefined) throw unsupported(`PBMAC1 with ${scheme.oid}`)
  return createHmac(hmac, pbkdf2(derivation, form, undefined))
    .update(safe)
    .digest()
}

/**
 * Decrypts under a password-based scheme; undefined when the padding shows a wrong key.
 * @throws SigningError `KEY_UNSUPPORTED`, `DER_MALFORMED`
 */
export function decryptPbe(
  algorithm: DerNode,
  encrypted: Uint8Array,
  form: PasswordForm,
): Uint8Array | undefined {
  const { oid, parameters } = readAlgorithm(algorithm)
  if (parameters === undefined) throw malformed(algorithm.start, 'encryption without parameters')
  if (oid === OID_PBES2) return decryptPbes2(parameters, encrypted, form)
  const scheme = pkcs12Ciphers[oid]
  if (scheme === undefined) throw unsupported(`encryption ${oid}`)
  const fields = new DerFields(parameters)
  const salt = readOctetString(fields.take(TAG.OCTET_STRING, 'salt'))
  const iterations = readIterations(fields.take(TAG.INTEGER, 'iterations'))
  const derive = (purpose: 'key' | 'iv', length: number) =>
    pkcs12Kdf({ digest: 'sha1', password: form.bmp, salt, iterations, purpose, length })
  const key = derive('key', scheme.keySize)
  const iv = derive('iv', 8)
  return scheme.rc2Bits === undefined
    ? decipher('des-ede3-cbc', key, iv, encrypted)
    : decipherRc2(key, iv, encrypted, scheme.rc2Bits)
}

function decryptPbes2(
  parameters: DerNode,
  encrypted: Uint8Array,
  form: PasswordForm,
): Uint8Array | undefined {
  const fields = new DerFields(parameters)
  const derivation = fields.take(TAG.SEQUENCE, 'keyDerivationFunc')
  const scheme = readAlgorithm(fields.take(TAG.SEQUENCE, 'encryptionScheme'))
  const cipher = pbes2Ciphers[scheme.oid]
  if (cipher === undefined) throw unsupported(`encryption ${scheme.oid}`)
  if (scheme.parameters === undefined) throw malformed(parameters.start, 'cipher without IV')
  const iv = readOctetString(scheme.parameters)
  return decipher(cipher.node, pbkdf2(derivation, form, cipher.keySize), iv, encrypted)
}

/** PBKDF2 of RFC 8018; `wanted` is the cipher's key size, undefined where the parameters must tell (RFC 9579). */
function pbkdf2(derivation: DerNode, form: PasswordForm, wanted: number | undefined): Uint8Array {
  const { oid, parameters } = readAlgorithm(derivation)
  if (oid !== OID_PBKDF2 || parameters === undefined) throw unsupported(`key derivation ${oid}`)
  const fields = new DerFields(parameters)
  const salt = readOctetString(fields.take(TAG.OCTET_STRING, 'salt'))
  const iterations = readIterations(fields.take(TAG.INTEGER, 'iterationCount'))
  const lengthNode = fields.optional(TAG.INTEGER)
  const length = lengthNode === undefined ? wanted : readSmallInteger(lengthNode)
  if (length === undefined || length > 64 || (wanted !== undefined && length !== wanted)) {
    throw malformed(derivation.start, 'key length')
  }
  const prf = fields.optional(TAG.SEQUENCE)
  const digest = prf === undefined ? 'sha1' : hmacs[readOid(prf.children[0] ?? prf)]
  if (digest === undefined) throw unsupported('pseudo-random function of PBKDF2')
  return pbkdf2Sync(form.utf8, salt, iterations, length, digest)
}

function readIterations(node: DerNode): number {
  const count = readSmallInteger(node)
  if (count < 1 || count > MOST_ITERATIONS) throw malformed(node.start, 'iteration count out of range')
  return count
}

function decipher(
  cipher: string,
  key: Uint8Array,
  iv: Uint8Array,
  encrypted: Uint8Array,
): Uint8Array | undefined {
  if (iv.length !== (cipher === 'des-ede3-cbc' ? 8 : 16)) throw malformed(0, 'length of the IV')
  const stream = createDecipheriv(cipher, key, iv)
  try {
    return Buffer.concat([stream.update(encrypted), stream.final()])
  } catch {
    // Wrong padding is how a wrong password shows itself.
    return undefined
  }
}

function decipherRc2(
  key: Uint8Array,
  iv: Uint8Array,
  encrypted: Uint8Array,
  effectiveBits: number,
): Uint8Array | undefined {
  // Loaded only for the old files that need it: it takes longer to load than all the rest of the library.
  const forge = createRequire(import.meta.url)('node-forge') as typeof Forge
  const binary = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1')
  const stream = forge.rc2.createDecryptionCipher(binary(key), effectiveBits)
  stream.start(binary(iv))
  stream.update(forge.util.createBuffer(binary(encrypted)))
  return stream.finish() ? Buffer.from(stream.output.getBytes(), 'latin1') : undefined
}

function unsupported(reason: string): SigningError {
  return new SigningError('KEY_UNSUPPORTED', { reason })
}
