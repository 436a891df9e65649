import { createHash, createHmac } from 'node:crypto'
import { expect } from 'chai'
import fc from 'fast-check'
import { canonicalEntry, canonicalJson, commitment, leafHash } from '../../../server/audit/entry.ts'

describe('log entry', () => {
  it('has the published canonical bytes', () => {
    const bytes = canonicalEntry({
      id: '11111111-2222-4333-8444-555555555555',
      nodeId: 'xa',
      agencyId: '99999999-aaaa-4bbb-8ccc-dddddddddddd',
      kind: 'document.issued',
      occurredAt: new Date('2026-01-05T07:00:00.123Z'),
      actor: 'user:00000000-0000-4000-8000-000000000001',
      subject: 'document:00000000-0000-4000-8000-000000000002',
      facts: { number: 5, symbol: 'UBND-VP', sha256: 'ab' },
      commitments: { signer: 'cd' },
    })
    expect(Buffer.from(bytes).toString('utf8')).to.equal(
      '{"actor":"user:00000000-0000-4000-8000-000000000001","agency":"99999999-aaaa-4bbb-8ccc-dddddddddddd",' +
        '"at":"2026-01-05T07:00:00.123Z","commitments":{"signer":"cd"},' +
        '"facts":{"number":5,"sha256":"ab","symbol":"UBND-VP"},"id":"11111111-2222-4333-8444-555555555555",' +
        '"kind":"document.issued","node":"xa","subject":"document:00000000-0000-4000-8000-000000000002","v":1}',
    )
    // RFC 9162 section 2.1.1: the hash of a leaf is SHA-256 over a zero byte and the entry.
    const expected = createHash('sha256')
      .update(Buffer.concat([Buffer.of(0), bytes]))
      .digest('hex')
    expect(Buffer.from(leafHash(bytes)).toString('hex')).to.equal(expected)
  })

  it('sorts keys by UTF-16 code units and escapes as RFC 8785 does', () => {
    // The key order and escapes of RFC 8785 section 3.2.2 and 3.2.3.
    const value = {
      '\u20ac': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew Letter Dalet With Dagesh',
      '1': 'One',
      '\ud83d\ude00': 'Emoji: Grinning Face',
      '\u0080': 'Control',
      '\u00f6': 'Latin Small Letter O With Diaeresis',
    }
    const keys = Object.keys(JSON.parse(Buffer.from(canonicalJson(value)).toString('utf8')) as object)
    // Object.keys puts integer-like keys first, as "1" is here.
    expect(keys.filter((key) => key !== '1')).to.deep.equal(
      ['\r', '\u0080', '\u00f6', '\u20ac', '\ud83d\ude00', '\ufb33'.normalize('NFC')].sort((a, b) =>
        a < b ? -1 : 1,
      ),
    )
    expect(Buffer.from(canonicalJson('\u20ac$\u000f\nA\'B"\\\\"/')).toString('utf8')).to.equal(
      '"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"',
    )
  })

  it('refuses what has no canonical form', () => {
    for (const value of [1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, '\ud800']) {
      expect(() => canonicalJson(value)).to.throw(RangeError)
    }
  })

  it('is the same whatever the order of keys, and reads back as JSON', () => {
    const text = fc.string({ unit: 'grapheme' }).map((value) => value.normalize('NFC'))
    fc.assert(
      fc.property(
        fc.dictionary(text, fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null))),
        (value) => {
          const shuffled = Object.fromEntries(Object.entries(value).reverse())
          const bytes = canonicalJson(value)
          expect(Buffer.from(canonicalJson(shuffled)).equals(Buffer.from(bytes))).to.equal(true)
          const read = JSON.parse(Buffer.from(bytes).toString('utf8')) as Record<string, unknown>
          expect(Object.entries(read).sort()).to.deep.equal(
            Object.entries(value)
              .map(([key, one]) => [key, Object.is(one, -0) ? 0 : one])
              .sort(),
          )
        },
      ),
    )
  })

  it('commits to a personal value under its salt', () => {
    const salt = Buffer.alloc(32, 7)
    const expected = createHmac('sha256', salt).update('Văn thư'.normalize('NFC')).digest('hex')
    expect(commitment(salt, 'Văn thư'.normalize('NFD'))).to.equal(expected)
    expect(commitment(Buffer.alloc(32, 8), 'Văn thư')).not.to.equal(expected)
  })
})
