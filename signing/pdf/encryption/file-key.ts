/** The key of an encrypted file from a password: the algorithms of ISO 32000-2, 7.6.4.3 and 7.6.4.4. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { encryptBlocks, unwrapAes } from './aes.ts'
import type { EncryptionParameters } from './encryption-dictionary.ts'
import { legacyPasswords, unicodePasswords } from './password-bytes.ts'
import { rc4 } from './rc4.ts'

/**
 * The file's key, if the password is the user's or the owner's.
 * @param identifier first element of the file's `/ID`; empty where there is none
 */
export function fileKey(
  parameters: EncryptionParameters,
  identifier: Uint8Array,
  password: string,
): Uint8Array | undefined {
  const isModern = parameters.revision >= 5
  for (const bytes of isModern ? unicodePasswords(password) : legacyPasswords(password)) {
    const key = isModern ? modernKey(parameters, bytes) : legacyKey(parameters, identifier, bytes)
    if (key !== undefined) return key
  }
  return undefined
}

/** What short passwords are filled up with (algorithm 2, step a). */
const padding = Buffer.from('28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a', 'hex')

function padded(password: Uint8Array): Uint8Array {
  return Buffer.concat([password, padding]).subarray(0, 32)
}

function md5(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('md5')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/** Revisions 2 to 4: as the user's password, then as the owner's, which gives the user's (algorithms 6 and 7). */
function legacyKey(
  parameters: EncryptionParameters,
  identifier: Uint8Array,
  password: Uint8Array,
): Uint8Array | undefined {
  return (
    userKey(parameters, identifier, password) ??
    userKey(parameters, identifier, ownersUserPassword(parameters, password))
  )
}

function userKey(
  parameters: EncryptionParameters,
  identifier: Uint8Array,
  password: Uint8Array,
): Uint8Array | undefined {
  const { revision, keyBytes, owner, user, permissions, encryptsMetadata } = parameters
  const flags = Buffer.alloc(4)
  flags.writeInt32LE(permissions)
  const mark = revision >= 4 && !encryptsMetadata ? Buffer.alloc(4, 0xff) : Buffer.alloc(0)
  let digest = md5(padded(password), owner, flags, identifier, mark)
  for (let i = 0; revision >= 3 && i < 50; i += 1) digest = md5(digest.subarray(0, keyBytes))
  const key = digest.subarray(0, keyBytes)
  if (revision === 2) return timingSafeEqual(rc4(key, padding), user) ? key : undefined
  const expected = chained(key, md5(padding, identifier), ascending)
  return timingSafeEqual(expected, user.subarray(0, 16)) ? key : undefined
}

const ascending = Array.from({ length: 20 }, (_, i) => i)
const descending = [...ascending].reverse()

/** RC4 twenty times, each with the key changed by the number of the round. */
function chained(key: Uint8Array, data: Uint8Array, rounds: readonly number[]): Uint8Array {
  return rounds.reduce(
    (text, round) =>
      rc4(
        key.map((byte) => byte ^ round),
        text,
      ),
    data,
  )
}

function ownersUserPassword(
  { revision, keyBytes, owner }: EncryptionParameters,
  password: Uint8Array,
): Uint8Array {
  let digest = md5(padded(password))
  for (let i = 0; revision >= 3 && i < 50; i += 1) digest = md5(digest)
  const key = digest.subarray(0, keyBytes)
  return revision === 2 ? rc4(key, owner) : chained(key, owner, descending)
}

/** Revisions 5 and 6 (algorithm 2.A): 32 bytes of hash, 8 of salt for checking it, 8 for the key. */
function modernKey(parameters: EncryptionParameters, password: Uint8Array): Uint8Array | undefined {
  const { revision, owner, user, ownerKey, userKey } = parameters
  const hash = revision === 5 ? plainHash : hardenedHash
  const opens = (entry: Uint8Array, extra: Uint8Array): boolean => {
    return timingSafeEqual(hash(password, entry.subarray(32, 40), extra), entry.subarray(0, 32))
  }
  const none = new Uint8Array(0)
  if (opens(user, none)) return unwrapAes(hash(password, user.subarray(40, 48), none), userKey)
  if (opens(owner, user)) return unwrapAes(hash(password, owner.subarray(40, 48), user), ownerKey)
  return undefined
}

function plainHash(password: Uint8Array, salt: Uint8Array, extra: Uint8Array): Uint8Array {
  return createHash('sha256').update(password).update(salt).update(extra).digest()
}

const roundHashes = ['sha256', 'sha384', 'sha512'] as const

/** Algorithm 2.B: at least 64 rounds, and then until the last byte of a round allows to stop. */
function hardenedHash(password: Uint8Array, salt: Uint8Array, extra: Uint8Array): Uint8Array {
  let key = plainHash(password, salt, extra)
  for (let round = 1; ; round += 1) {
    const once = Buffer.concat([password, key, extra])
    const text = Buffer.concat(Array<Uint8Array>(64).fill(once))
    const sealed = encryptBlocks(key.subarray(0, 16), key.subarray(16, 32), text)
    // The first 16 bytes as a number modulo 3: 256 leaves 1, so that the sum of the bytes does.
    const sum = sealed.subarray(0, 16).reduce((total, byte) => total + byte, 0)
    key = createHash(roundHashes[sum % 3] ?? 'sha256')
      .update(sealed)
      .digest()
    if (round >= 64 && (sealed.at(-1) ?? 0) <= round - 32) return key.subarray(0, 32)
  }
}
