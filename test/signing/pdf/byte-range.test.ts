import { expect } from 'chai'
import {
  byteRangePlaceholder,
  contentsPlaceholder,
  readSignedBytes,
  type SignedBytes,
  writeByteRange,
  writeContents,
} from '../../../signing/pdf/byte-range.ts'
import { isoDate, pdfDate } from '../../../signing/pdf/dates.ts'
import { Lexer } from '../../../signing/pdf/lexer.ts'
import { locksField } from '../../../signing/pdf/locks.ts'
import { parseDict } from '../../../signing/pdf/parser.ts'

const der = '3003020105'

/** A dictionary at the start of a made-up file of 100 bytes and more, as the reader would hand it over. */
function read(text: string): SignedBytes {
  const bytes = Buffer.from(text.padEnd(100), 'latin1')
  return readSignedBytes(bytes, parseDict(new Lexer(bytes, 0)))
}

/** The dictionary with a byte range that fits its `/Contents`. */
function fitting(contents: string, more = ''): string {
  const template = (range: string) => `<< /ByteRange ${range} /Contents ${contents} ${more}>>`
  const at = template('[0 00 00 00]').indexOf(contents)
  const end = at + contents.length
  return template(`[0 ${String(at).padStart(2)} ${String(end).padStart(2)} ${String(100 - end).padStart(2)}]`)
}

describe('byte range and contents of a signature', () => {
  it('takes a gap that is exactly the value of /Contents', () => {
    for (const padding of ['', '00', '000000']) {
      const { range, cms, faults } = read(fitting(`<${der}${padding}>`))
      expect(faults).to.deep.equal([])
      expect(Buffer.from(cms ?? []).toString('hex')).to.equal(der)
      expect(range?.[3]).to.be.greaterThan(0)
    }
  })

  it('reads back what it writes', () => {
    const text = `<< /ByteRange ${byteRangePlaceholder} /Contents ${contentsPlaceholder(20)} >>`.padEnd(150)
    const bytes = Uint8Array.from(Buffer.from(text, 'latin1'))
    const range = writeByteRange(bytes, text.indexOf('['), text.indexOf('<0'), 20)
    writeContents(bytes, range, Buffer.from(der, 'hex'))
    const signed = readSignedBytes(bytes, parseDict(new Lexer(bytes, 0)))
    expect(signed.faults).to.deep.equal([])
    expect(signed.range).to.deep.equal(range)
    expect(range[2] + range[3]).to.equal(bytes.length)
  })

  const wrong: readonly (readonly [string, string, readonly string[]])[] = [
    ['no byte range', `<< /Contents <${der}> >>`, ['BYTE_RANGE_MALFORMED']],
    ['an empty one', `<< /ByteRange [] /Contents <${der}> >>`, ['BYTE_RANGE_MALFORMED']],
    ['one pair', `<< /ByteRange [0 9] /Contents <${der}> >>`, ['BYTE_RANGE_MALFORMED']],
    ['three pairs', `<< /ByteRange [0 1 2 3 4 5] /Contents <${der}> >>`, ['BYTE_RANGE_MALFORMED']],
    ['a negative number', `<< /ByteRange [0 -1 2 3] /Contents <${der}> >>`, ['BYTE_RANGE_MALFORMED']],
    ['a real number', `<< /ByteRange [0 1.0 2 3] /Contents <${der}> >>`, ['BYTE_RANGE_MALFORMED']],
    ['a reference', `<< /ByteRange [0 1 2 3 0 R] /Contents <${der}> >>`, ['BYTE_RANGE_MALFORMED']],
    ['a comment inside', `<< /ByteRange [0 1 2%\n3] /Contents <${der}> >>`, ['BYTE_RANGE_MALFORMED']],
    ['more than the file', `<< /ByteRange [0 1 2 999] /Contents <${der}> >>`, ['BYTE_RANGE_OUTSIDE_FILE']],
    ['parts that overlap', `<< /ByteRange [0 50 40 60] /Contents <${der}> >>`, ['BYTE_RANGE_OUTSIDE_FILE']],
    [
      'a gap elsewhere',
      `<< /ByteRange [0 10 20 80] /Contents <${der}> >>`,
      ['BYTE_RANGE_GAP_IS_NOT_CONTENTS'],
    ],
    [
      'a start behind the beginning',
      fitting(`<${der}>`)
        .replace('[0', '[1')
        .replace(/\d\d\]/, (n) => `${Number.parseInt(n, 10) - 9}]`),
      ['BYTE_RANGE_GAP_IS_NOT_CONTENTS'],
    ],
    ['no contents', '<< /ByteRange [0 1 2 3] >>', ['CONTENTS_MALFORMED']],
    [
      'contents as a literal string',
      `<< /ByteRange [0 1 2 3] /Contents (0${der}) >>`,
      ['CONTENTS_MALFORMED'],
    ],
    ['empty contents', fitting('<>'), ['CONTENTS_MALFORMED']],
    ['contents of zeros', fitting('<000000>'), ['CONTENTS_MALFORMED']],
    ['an empty SEQUENCE', fitting('<3000>'), ['CONTENTS_MALFORMED']],
    ['an indefinite length (BER)', fitting('<30800201050000>'), ['CONTENTS_MALFORMED']],
    ['DER that is cut off', fitting('<30030201>'), ['CONTENTS_MALFORMED']],
    ['white space between the digits', fitting(`<3003 0201 05>`), ['CONTENTS_MALFORMED']],
    ['an odd number of digits', fitting(`<${der}0>`), ['CONTENTS_MALFORMED']],
    ['padding that is not zero', fitting(`<${der}0001>`), ['CONTENTS_PADDING_NOT_ZERO']],
    [
      'contents twice',
      fitting(`<${der}>`, `/Contents <${der}>`),
      ['SIGNATURE_DICTIONARY_AMBIGUOUS', 'BYTE_RANGE_GAP_IS_NOT_CONTENTS'],
    ],
    [
      'byte range twice',
      fitting(`<${der}>`, '/ByteRange [0 0 0 0]'),
      ['SIGNATURE_DICTIONARY_AMBIGUOUS', 'BYTE_RANGE_GAP_IS_NOT_CONTENTS'],
    ],
  ]
  for (const [name, text, faults] of wrong) {
    it(`refuses ${name}`, () => {
      expect(read(text).faults).to.deep.equal(faults)
    })
  }
})

describe('dates of a PDF (ISO 32000-2, 7.9.4)', () => {
  it('are written in the time of Việt Nam, over midnight and New Year too', () => {
    expect(pdfDate(new Date('2026-01-05T07:25:16Z'))).to.equal("D:20260105142516+07'00'")
    expect(pdfDate(new Date('2025-12-31T17:00:00Z'))).to.equal("D:20260101000000+07'00'")
  })

  it('are read where they name a moment', () => {
    const dates: readonly (readonly [string, string | undefined])[] = [
      ["D:20260105142516+07'00'", '2026-01-05T14:25:16+07:00'],
      ["D:20260105142516+07'00", '2026-01-05T14:25:16+07:00'],
      ['D:20260105072516Z', '2026-01-05T07:25:16Z'],
      ["D:20260105072516Z00'00'", '2026-01-05T07:25:16Z'],
      ["D:199812231952-08'00'", '1998-12-23T19:52:00-08:00'],
      ['D:20260105142516', undefined],
      ["D:20260230142516+07'00'", undefined],
      ["D:20261305142516+07'00'", undefined],
      ['2026-01-05', undefined],
    ]
    for (const [text, iso] of dates) expect(isoDate(text), text).to.equal(iso)
  })
})

describe('field locks (ISO 32000-2, 12.8.2.4)', () => {
  it('hold a field and everything below a name', () => {
    const include = { action: 'Include', fields: ['a.b', 'c'] } as const
    const exclude = { action: 'Exclude', fields: ['a.b', 'c'] } as const
    const names = ['a.b', 'a.b.d', 'a.bc', 'a', 'c', 'x']
    expect(names.map((name) => locksField(include, name))).to.deep.equal([
      true,
      true,
      false,
      false,
      true,
      false,
    ])
    expect(names.map((name) => locksField(exclude, name))).to.deep.equal([
      false,
      false,
      true,
      true,
      false,
      true,
    ])
    expect(names.every((name) => locksField({ action: 'All' }, name))).to.equal(true)
  })
})
