/**
 * Files of a bundle that repeat what others hold, in the forms that `xmlsec1`, `openssl` and `sha256sum` read. Whoever
 * makes a bundle and whoever verifies one derive them alike. Pure.
 */
import { createHash, createPublicKey, X509Certificate } from 'node:crypto'
import { toDerSignature } from '../../http/node-signature.ts'

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** A certificate as PEM (RFC 7468). */
export function certificatePem(der: Uint8Array): Uint8Array {
  return Buffer.from(new X509Certificate(der).toString())
}

/**
 * The key and the signature of a part of the directory, for `openssl dgst -verify`. Its JWS was checked before.
 *
 * @param jws in compact form
 */
export function partHelpers(jws: Uint8Array): { readonly key: Uint8Array; readonly signature: Uint8Array } {
  const [header = '', , signature = ''] = Buffer.from(jws).toString('latin1').split('.')
  const { jwk } = JSON.parse(Buffer.from(header, 'base64url').toString('utf8'))
  const key = createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' })
  return { key: Buffer.from(key), signature: toDerSignature(Buffer.from(signature, 'base64url')) }
}

/** For `sha256sum -c`: every file but the list itself, in the order of their names. */
export function sumsText(hashes: ReadonlyMap<string, string>): Uint8Array {
  const lines = [...hashes]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, hash]) => `${hash}  ${name}\n`)
  return Buffer.from(lines.join(''))
}

/** A sealed file with the key that sealed it and, where the file says so itself, the node. */
export interface SealLine {
  readonly file: string
  readonly fingerprint: string
  /** `-` for a status, which names no node. */
  readonly node: string
}

export function sealsText(seals: readonly SealLine[]): Uint8Array {
  const lines = seals
    .toSorted((a, b) => (a.file < b.file ? -1 : 1))
    .map((one) => `${one.file} ${one.fingerprint} ${one.node}\n`)
  return Buffer.from(lines.join(''))
}
