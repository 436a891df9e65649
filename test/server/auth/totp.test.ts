import { createHmac } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { openAccountKey } from '../../../server/auth/account-key.ts'
import { lockSeconds } from '../../../server/auth/failure-store.ts'
import {
  describeTotp,
  newRecoveryCodes,
  newTotpSecret,
  recoveryCodeSha256,
  totpCode,
  totpStep,
} from '../../../server/auth/totp.ts'
import { CongvanError } from '../../../server/errors.ts'

/** RFC 6238 appendix B, SHA-1: seconds since 1970 and the code of eight digits; ours are its last six. */
const vectors: readonly [number, string][] = [
  [59, '94287082'],
  [1111111109, '07081804'],
  [1111111111, '14050471'],
  [1234567890, '89005924'],
  [2000000000, '69279037'],
  [20000000000, '65353130'],
]
const SECRET = Buffer.from('12345678901234567890', 'ascii')
const at = (seconds: number) => new Date(seconds * 1000)

describe('auth: second factor', () => {
  it('makes the codes of RFC 6238', () => {
    for (const [seconds, code] of vectors) {
      expect(totpCode(SECRET, at(seconds)), String(seconds)).to.equal(code.slice(-6))
      expect(totpStep(SECRET, code.slice(-6), at(seconds))).to.equal(Math.floor(seconds / 30))
    }
  })

  it('takes the code of the step before and after, of no other, and nothing but six digits', () => {
    const now = 1_800_000_000
    const code = totpCode(SECRET, at(now))
    const step = now / 30
    for (const [off, expected] of [
      [0, step],
      [29, step],
      [30, step],
      [-30, step],
      [60, undefined],
      [-31, undefined],
    ] as const) {
      expect(totpStep(SECRET, code, at(now + off)), String(off)).to.equal(expected)
    }
    for (const wrong of ['', code.slice(1), `${code}0`, ` ${code}`, 'abcdef', code.replace(/./g, '٣')]) {
      expect(totpStep(SECRET, wrong, at(now)), wrong).to.equal(undefined)
    }
  })

  it('is told to authenticators as they know it', () => {
    const { secret, uri } = describeTotp(SECRET, 'Công Văn nut-thu', 'vt.xa')
    expect(secret).to.equal('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ')
    const url = new URL(uri)
    expect(url.protocol).to.equal('otpauth:')
    expect(decodeURIComponent(url.pathname)).to.contain('Công Văn nut-thu:vt.xa')
    expect(Object.fromEntries(url.searchParams)).to.deep.include({
      secret,
      issuer: 'Công Văn nut-thu',
      algorithm: 'SHA1',
      digits: '6',
      period: '30',
    })
    expect(newTotpSecret()).to.have.length(20)
  })

  it('has ten recovery codes that differ, known again however they are typed', () => {
    const codes = newRecoveryCodes()
    expect(new Set(codes).size).to.equal(10)
    for (const code of codes) expect(code).to.match(/^[0-9a-hjkmnp-tv-z]{4}(-[0-9a-hjkmnp-tv-z]{4}){3}$/)
    const [code = ''] = codes
    expect(recoveryCodeSha256(code.toUpperCase().replaceAll('-', ' '))).to.equal(recoveryCodeSha256(code))
    expect(recoveryCodeSha256(codes[1] ?? '')).not.to.equal(recoveryCodeSha256(code))
  })
})

describe('auth: the account key', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'congvan-key-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const codeOf = (act: () => unknown): string => {
    try {
      act()
    } catch (error) {
      return error instanceof CongvanError ? error.code : String(error)
    }
    return 'none'
  }

  it('is made once, for its owner only, and opens what it sealed', () => {
    const file = join(folder, 'data', 'account-key')
    const sealed = openAccountKey(file).seal('a', SECRET)
    const made = readFileSync(file, 'utf8')
    expect(statSync(file).mode & 0o777).to.equal(0o600)
    expect(openAccountKey(file).open('a', sealed)).to.deep.equal(SECRET)
    expect(readFileSync(file, 'utf8')).to.equal(made)
    expect(sealed.includes(SECRET)).to.equal(false)
    expect(openAccountKey(file).seal('a', SECRET).equals(sealed), 'a nonce of its own').to.equal(false)
  })

  it('opens nothing of another account, of another key, or with a bit changed', () => {
    const key = openAccountKey(join(folder, 'one'))
    const sealed = key.seal('a', SECRET)
    expect(codeOf(() => key.open('b', sealed))).to.equal('ACCOUNT_KEY_UNUSABLE')
    expect(codeOf(() => openAccountKey(join(folder, 'two')).open('a', sealed))).to.equal(
      'ACCOUNT_KEY_UNUSABLE',
    )
    for (const index of sealed.keys()) {
      const changed = Buffer.from(sealed)
      changed[index] = (changed[index] ?? 0) ^ 1
      expect(
        codeOf(() => key.open('a', changed)),
        String(index),
      ).to.equal('ACCOUNT_KEY_UNUSABLE')
    }
  })

  it('hashes as HMAC-SHA-256 by a key of each purpose from HKDF (RFC 2104, RFC 5869)', () => {
    const file = join(folder, 'hash')
    const key = openAccountKey(file)
    const master = Buffer.from(readFileSync(file, 'utf8').trim(), 'hex')
    // RFC 5869 section 2: without a salt it is a string of zeros; 32 bytes are one round of expansion.
    const hmac = (by: Uint8Array, ...data: (string | Uint8Array)[]) => {
      const mac = createHmac('sha256', by)
      for (const one of data) mac.update(one)
      return mac.digest()
    }
    const derived = hmac(hmac(new Uint8Array(32), master), 'nơi', Uint8Array.of(1))
    expect(key.hash('nơi', '203.0.113.7')).to.equal(hmac(derived, '203.0.113.7').toString('hex'))
    expect(key.hash('nơi', '203.0.113.7')).to.equal(openAccountKey(file).hash('nơi', '203.0.113.7'))
    expect(key.hash('khác', '203.0.113.7')).not.to.equal(key.hash('nơi', '203.0.113.7'))
  })

  it('is refused when others may read it, or when it is none', () => {
    const file = join(folder, 'key')
    writeFileSync(file, `${'0'.repeat(64)}\n`, { mode: 0o644 })
    expect(codeOf(() => openAccountKey(file))).to.equal('ACCOUNT_KEY_UNUSABLE')
    const short = join(folder, 'short')
    writeFileSync(short, 'abc\n', { mode: 0o600 })
    expect(codeOf(() => openAccountKey(short))).to.equal('ACCOUNT_KEY_UNUSABLE')
  })
})

describe('auth: locks', () => {
  it('begin at the limit, double, and end at the longest', () => {
    const policy = { attempts: 5, lockSeconds: 60, longestLockSeconds: 3600 }
    const found = [1, 4, 5, 6, 7, 10, 11, 12, 10_000].map((failures) => lockSeconds(failures, policy))
    expect(found).to.deep.equal([0, 0, 60, 120, 240, 1920, 3600, 3600, 3600])
  })
})
