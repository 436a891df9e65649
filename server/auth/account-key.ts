/**
 * The key that seals what an account keeps secret and the server must read again (the secret of a second factor).
 * It lies in a file of the node's own, mode 600, and never in the database: who copies the database alone can make no
 * codes. AES-256-GCM (NIST SP 800-38D); the account's id is authenticated with it, so that a sealed secret cannot be
 * moved to another account.
 */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { CongvanError } from '../errors.ts'

export interface AccountKey {
  /** Version, nonce, tag and ciphertext in one piece. */
  seal(userId: string, secret: Uint8Array): Buffer
  /** @throws CongvanError `ACCOUNT_KEY_UNUSABLE` when it was sealed by another key or for another account */
  open(userId: string, sealed: Uint8Array): Buffer
  /**
   * HMAC-SHA-256 of a text by a key of this purpose alone (HKDF, RFC 5869), hexadecimal: a hash that nobody finds the
   * text of by trying them all, as one could with the few addresses that there are.
   */
  hash(purpose: string, text: string): string
}

const VERSION = 1
const NONCE = 12
const TAG = 16
const FORM = /^[0-9a-f]{64}$/

/**
 * The key in a file; made there when there is none yet. Two processes that start together use the one file that was
 * made first.
 *
 * @throws CongvanError `ACCOUNT_KEY_UNUSABLE` when the file is open to others or holds something else
 */
export function openAccountKey(file: string): AccountKey {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o711 })
    writeFileSync(file, `${randomBytes(32).toString('hex')}\n`, { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw unusable(file, error)
  }
  try {
    if (process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0) {
      throw new Error('mode must be 600 / cần chmod 600')
    }
    const text = readFileSync(file, 'utf8').trim()
    if (!FORM.test(text)) throw new Error('64 hexadecimal digits are wanted / cần 64 chữ số hệ 16')
    return accountKey(Buffer.from(text, 'hex'), file)
  } catch (error) {
    throw unusable(file, error)
  }
}

function accountKey(key: Buffer, file: string): AccountKey {
  const derived = new Map<string, Buffer>()
  const keyFor = (purpose: string): Buffer => {
    const known = derived.get(purpose) ?? Buffer.from(hkdfSync('sha256', key, '', purpose, 32))
    derived.set(purpose, known)
    return known
  }
  return {
    hash: (purpose, text) => createHmac('sha256', keyFor(purpose)).update(text).digest('hex'),
    seal(userId, secret) {
      const nonce = randomBytes(NONCE)
      const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG })
      cipher.setAAD(Buffer.from(userId))
      const sealed = Buffer.concat([cipher.update(secret), cipher.final()])
      return Buffer.concat([Uint8Array.of(VERSION), nonce, cipher.getAuthTag(), sealed])
    },
    open(userId, sealed) {
      try {
        if (sealed[0] !== VERSION) throw new Error(`unknown form ${sealed[0]}`)
        const nonce = sealed.subarray(1, 1 + NONCE)
        const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG })
        decipher.setAAD(Buffer.from(userId))
        decipher.setAuthTag(sealed.subarray(1 + NONCE, 1 + NONCE + TAG))
        return Buffer.concat([decipher.update(sealed.subarray(1 + NONCE + TAG)), decipher.final()])
      } catch (error) {
        throw unusable(file, error)
      }
    },
  }
}

function unusable(file: string, cause: unknown): CongvanError {
  if (cause instanceof CongvanError) return cause
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new CongvanError('ACCOUNT_KEY_UNUSABLE', { file, reason }, { cause })
}
