import { expect } from 'chai'
import fc from 'fast-check'
import { makeTestPki } from '../../../fixtures/pki/make-pki.ts'
import { SigningError } from '../../../signing/errors.ts'
import { berToDer } from '../../../signing/x509/ber.ts'
import { parseCertificate } from '../../../signing/x509/certificate.ts'
import { parseCrl } from '../../../signing/x509/crl.ts'
import { parseDer, TAG } from '../../../signing/x509/der.ts'
import {
  decodeOid,
  readNamedBits,
  readSmallInteger,
  readText,
  readTime,
} from '../../../signing/x509/der-values.ts'
import {
  integer,
  namedBits,
  oid,
  sequence,
  setOf,
  time,
  tlv,
  utf8String,
} from '../../../signing/x509/der-write.ts'

function bytes(hex: string): Uint8Array {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex')
}

/** The reason and byte of the refusal; `none` when it is taken. */
function refusal(der: Uint8Array): string {
  try {
    parseDer(der)
  } catch (error) {
    if (!(error instanceof SigningError)) throw error
    expect(error.code).to.equal('DER_MALFORMED')
    return `${error.params.position}: ${error.params.reason}`
  }
  return 'none'
}

describe('DER reader (X.690)', () => {
  const refused: readonly (readonly [string, string, string])[] = [
    ['nothing', '', '0: cut off'],
    ['a tag alone', '30', '0: cut off'],
    ['indefinite length (10.1)', '3080 0000', '0: indefinite length'],
    ['a long form for a short length (10.1)', '0481 01 00', '0: length not in its shortest form'],
    ['leading zeros in a length (10.1)', `04820080${'00'.repeat(128)}`, '0: length not in its shortest form'],
    ['a length beyond the input', '0402 00', '0: longer than what contains it'],
    ['a child beyond its parent', '3003 0402 00', '2: longer than what contains it'],
    ['data after the value', '0500 00', '2: data after the end of the value'],
    ['a string in pieces (10.2)', '2403 0401 00', '0: a primitive type is encoded as constructed'],
    ['a primitive SEQUENCE', '1000', '0: a SEQUENCE or SET is encoded as primitive'],
    ['TRUE as 01 (11.1)', '0101 01', '0: BOOLEAN'],
    ['an INTEGER with a leading zero (8.3.2)', '0202 0001', '0: INTEGER is not encoded in the fewest bytes'],
    ['an INTEGER with a leading ff (8.3.2)', '0202 ff80', '0: INTEGER is not encoded in the fewest bytes'],
    ['an empty INTEGER', '0200', '0: empty INTEGER'],
    ['a NULL with content', '0501 00', '0: NULL with content'],
    ['unused bits that are one (11.2.1)', '0302 01ff', '0: unused bits of a BIT STRING are not zero'],
    ['eight unused bits', '0302 0800', '0: BIT STRING'],
    ['an arc with padding (8.19.2)', '0603 2a8001', '0: OBJECT IDENTIFIER with a padded arc'],
    ['an arc that is cut off', '0602 2a86', '0: OBJECT IDENTIFIER is cut off'],
    ['a high tag number', '1f8101 00', '0: tag number above 30'],
    ['an end-of-contents marker', '3002 0000', '2: end-of-contents marker'],
    ['deep nesting', nested(60), '80: nested too deep'],
  ]
  for (const [what, hex, reason] of refused) {
    it(`refuses ${what}`, () => {
      expect(refusal(bytes(hex))).to.equal(reason)
    })
  }

  it('refuses what is too long before it reads it', () => {
    expect(() => parseDer(new Uint8Array(100), { maxBytes: 99, maxDepth: 5 })).to.throw(
      'larger than the limit',
    )
  })

  it('reads the examples of X.690', () => {
    // 8.19.5: {joint-iso-itu-t 100 3}; 8.3: -128 and 128 in the fewest bytes.
    expect(decodeOid(bytes('813403'))).to.equal('2.100.3')
    expect(refusal(bytes('020180'))).to.equal('none')
    expect(readSmallInteger(parseDer(bytes('02020080')))).to.equal(128)
    expect(readText(parseDer(bytes('1a054a6f6e6573')))).to.equal('Jones')
    expect([...readNamedBits(parseDer(bytes('0304066e5dc0')))]).to.deep.equal([
      1, 2, 4, 5, 6, 9, 11, 12, 13, 15, 16, 17,
    ])
  })

  it('reads times of RFC 5280 section 4.1.2.5 and no others', () => {
    const read = (tag: number, text: string) => readTime(parseDer(tlv(tag, Buffer.from(text)))).toISOString()
    expect(read(TAG.UTC_TIME, '491231235959Z')).to.equal('2049-12-31T23:59:59.000Z')
    expect(read(TAG.UTC_TIME, '500101000000Z')).to.equal('1950-01-01T00:00:00.000Z')
    expect(read(TAG.GENERALIZED_TIME, '20500101000000Z')).to.equal('2050-01-01T00:00:00.000Z')
    expect(read(TAG.GENERALIZED_TIME, '00010101000000Z')).to.equal('0001-01-01T00:00:00.000Z')
    const wrong = [
      '4912312359Z',
      '491231235959+0700',
      '490230000000Z',
      '491231240000Z',
      '491231235960Z',
      '49123123595Z ',
    ]
    for (const text of wrong) expect(() => read(TAG.UTC_TIME, text), text).to.throw(SigningError)
    for (const text of ['20500101000000.5Z', '20500101000000', '20501301000000Z']) {
      expect(() => read(TAG.GENERALIZED_TIME, text), text).to.throw(SigningError)
    }
  })

  it('refuses text that is not UTF-8', () => {
    expect(() => readText(parseDer(bytes('0c02c3 28')))).to.throw(SigningError)
  })

  it('reads back what the writer writes', () => {
    const second = fc.date({ min: new Date('1950-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
    fc.assert(
      fc.property(
        fc.nat(),
        fc.string({ unit: 'binary' }),
        second,
        fc.uniqueArray(fc.nat(40)),
        (number, text, date, bits) => {
          const members = [integer(number), utf8String(text), time(date), namedBits(bits)]
          const [numberNode, textNode, timeNode, bitsNode] = parseDer(sequence(...members)).children
          if (!numberNode || !textNode || !timeNode || !bitsNode) throw new Error('members are missing')
          expect(readSmallInteger(numberNode)).to.equal(number)
          expect(readText(textNode)).to.equal(text)
          expect(readTime(timeNode).getTime()).to.equal(Math.floor(date.getTime() / 1000) * 1000)
          expect([...readNamedBits(bitsNode)]).to.deep.equal(bits.toSorted((a, b) => a - b))
          expect(refusal(setOf(members))).to.equal('none')
        },
      ),
    )
  })

  it('writes and reads object identifiers of any arcs', () => {
    const arcs = fc.tuple(fc.constantFrom(0n, 1n), fc.bigInt(0n, 39n), fc.array(fc.bigInt(0n, 2n ** 130n)))
    fc.assert(
      fc.property(arcs, ([first, second, rest]) => {
        const dotted = [first, second, ...rest].join('.')
        expect(decodeOid(parseDer(oid(dotted)).content)).to.equal(dotted)
      }),
    )
  })
})

describe('DER reader on mutilated input', () => {
  it('answers with its own error or a value, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (input) => {
        for (const read of [parseDer, parseCertificate, parseCrl, berToDer]) expectOwnError(() => read(input))
      }),
      { numRuns: 500 },
    )
  })

  it('answers with its own error or a value for every changed, cut or doubled byte of real structures', async () => {
    const pki = await makeTestPki({ seedTime: new Date() })
    const inputs = [pki.samples.individual.certificate, pki.governmentCrl()]
    fc.assert(
      fc.property(
        fc.constantFrom(...inputs),
        fc.nat(),
        fc.nat(255),
        fc.constantFrom('set', 'cut', 'insert'),
        (input, at, value, how) => {
          const position = at % input.length
          const head = input.subarray(0, position)
          const tail = input.subarray(how === 'set' ? position + 1 : position)
          const broken = how === 'cut' ? head : Buffer.concat([head, Uint8Array.of(value), tail])
          for (const read of [parseCertificate, parseCrl, berToDer]) expectOwnError(() => read(broken))
        },
      ),
      { numRuns: 2000 },
    )
  })
})

describe('BER to DER', () => {
  it('makes lengths definite and strings whole', () => {
    // SEQUENCE, indefinite: OCTET STRING in two pieces, TRUE as 01, a length in the long form.
    const ber = bytes('3080 2480 0401 aa 0401 bb 0000 0101 01 048101 cc 0000')
    expect(Buffer.from(berToDer(ber)).toString('hex')).to.equal('300a0402aabb0101ff0401cc')
  })

  it('changes no byte of DER', async () => {
    const pki = await makeTestPki({ seedTime: new Date() })
    for (const der of [pki.root, pki.samples.agency.certificate, ...pki.crls()]) {
      expect(Buffer.compare(berToDer(der), der)).to.equal(0)
    }
  })

  it('refuses an end that never comes, and trailing data', () => {
    for (const hex of ['3080 0401aa', '3080 0000 00', '2480 0201 01 0000']) {
      expect(() => berToDer(bytes(hex)), hex).to.throw(SigningError)
    }
  })
})

function expectOwnError(action: () => unknown): void {
  try {
    action()
  } catch (error) {
    expect(error).to.be.instanceOf(SigningError)
  }
}

function nested(depth: number): string {
  let inner = new Uint8Array()
  for (let i = 0; i < depth; i += 1) inner = tlv(TAG.SEQUENCE, inner)
  return Buffer.from(inner).toString('hex')
}
