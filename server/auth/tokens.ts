/** Bearer tokens: 32 random bytes shown once; the database keeps only their SHA-256. */
import { createHash, randomBytes } from 'node:crypto'

const FORM = /^cv_[\w-]{43}$/

export function newToken(): { readonly token: string; readonly sha256: string } {
  const token = `cv_${randomBytes(32).toString('base64url')}`
  return { token, sha256: tokenSha256(token) }
}

export function tokenSha256(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

/** The token in an `Authorization: Bearer` header (RFC 6750), if it has our form. */
export function readBearer(header: string | undefined): string | undefined {
  const [, token] = /^Bearer ([^\s]+)$/i.exec(header ?? '') ?? []
  return token !== undefined && FORM.test(token) ? token : undefined
}
