/**
 * The second factor: time-based one-time passwords by RFC 6238 with what every authenticator understands (HMAC-SHA-1,
 * six digits, thirty seconds), and recovery codes for a lost phone. Pure.
 */
import { createHash, randomBytes } from 'node:crypto'
import { Secret, TOTP } from 'otpauth'

const PERIOD = 30
const DIGITS = 6
/** Steps before and after the present one that are taken too (RFC 6238 section 5.2): clocks differ, people type. */
const WINDOW = 1
/** RFC 4226 section 4 R6 wants 160 bits. */
const SECRET_BYTES = 20
const RECOVERY_CODES = 10

export function newTotpSecret(): Uint8Array {
  return randomBytes(SECRET_BYTES)
}

/** The secret as authenticators take it: typed (base32) and as a picture (`otpauth://`). */
export function describeTotp(
  secret: Uint8Array,
  issuer: string,
  login: string,
): { readonly secret: string; readonly uri: string } {
  const totp = new TOTP({ issuer, label: login, secret: asSecret(secret), digits: DIGITS, period: PERIOD })
  return { secret: totp.secret.base32, uri: totp.toString() }
}

/** The code of a moment. */
export function totpCode(secret: Uint8Array, at: Date): string {
  return TOTP.generate({
    secret: asSecret(secret),
    digits: DIGITS,
    period: PERIOD,
    timestamp: at.getTime(),
  })
}

/**
 * The time step that a code is of, counted from 1970; `undefined` when it is of none near enough. Whoever takes the
 * code keeps the step and takes no code of it again, nor of an earlier one.
 */
export function totpStep(secret: Uint8Array, code: string, at: Date): number | undefined {
  if (!/^\d{6}$/.test(code)) return undefined
  const delta = TOTP.validate({
    token: code,
    secret: asSecret(secret),
    digits: DIGITS,
    period: PERIOD,
    timestamp: at.getTime(),
    window: WINDOW,
  })
  return delta === null ? undefined : Math.floor(at.getTime() / 1000 / PERIOD) + delta
}

function asSecret(bytes: Uint8Array): Secret {
  return new Secret({ buffer: new Uint8Array(bytes).buffer })
}

/** Crockford's digits: no I, L, O or U to misread. */
const RECOVERY_DIGITS = '0123456789abcdefghjkmnpqrstvwxyz'

/** Ten codes of 80 random bits, `xxxx-xxxx-xxxx-xxxx`, each good for one sign-in. */
export function newRecoveryCodes(): string[] {
  return Array.from({ length: RECOVERY_CODES }, () => {
    const text = [...randomBytes(16)].map((byte) => RECOVERY_DIGITS[byte % 32]).join('')
    return (text.match(/.{4}/g) ?? []).join('-')
  })
}

/** What is kept of a recovery code. It is random, not chosen, so one hash is enough. */
export function recoveryCodeSha256(code: string): string {
  const plain = code.toLowerCase().replace(/[\s-]/g, '')
  return createHash('sha256').update(plain).digest('hex')
}
