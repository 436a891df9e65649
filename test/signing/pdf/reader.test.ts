import { deflateSync } from 'node:zlib'
import { expect } from 'chai'
import fc from 'fast-check'
import { encrypted, notAPdf, truncated, withDanglingStartxref } from '../../../fixtures/documents/broken.ts'
import { SigningError } from '../../../signing/errors.ts'
import { decodeStream } from '../../../signing/pdf/filters.ts'
import { readForm } from '../../../signing/pdf/form.ts'
import { Lexer } from '../../../signing/pdf/lexer.ts'
import {
  isDict,
  isString,
  type PdfDict,
  type PdfValue,
  pdfArray,
  pdfDict,
  pdfName,
  pdfText,
  sameValue,
  textOf,
} from '../../../signing/pdf/objects.ts'
import { readPages } from '../../../signing/pdf/pages.ts'
import { parseValue } from '../../../signing/pdf/parser.ts'
import { looksLikePdf, openPdf } from '../../../signing/pdf/pdf-file.ts'
import { serialize } from '../../../signing/pdf/serialize.ts'
import { asText, smallPdf } from './small-pdf.ts'

function parse(text: string): PdfValue {
  const lexer = new Lexer(Buffer.from(text, 'latin1'), 0)
  const value = parseValue(lexer)
  lexer.skipSpace()
  expect(lexer.position, `all of ${text} is read`).to.equal(text.length)
  return value
}

function codeOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof SigningError) return error.code
    throw error
  }
  return 'no error'
}

describe('PDF syntax (ISO 32000-2, 7.3)', () => {
  it('reads the examples of the standard', () => {
    expect(['123', '43445', '+17', '-98', '0'].map(parse)).to.deep.equal([123, 43445, 17, -98, 0])
    expect(['34.5', '-3.62', '+123.6', '4.', '-.002', '0.0'].map(parse)).to.deep.equal([
      34.5, -3.62, 123.6, 4, -0.002, 0,
    ])
    const names = ['/Name1', '/A;Name_With-Various***Characters?', '/1.2', '/Adobe#20Green', '/A#42', '/']
    expect(names.map((text) => parse(text))).to.deep.equal(
      ['Name1', 'A;Name_With-Various***Characters?', '1.2', 'Adobe Green', 'AB', ''].map(pdfName),
    )
    const strings = [
      '(balanced (parentheses) and *!&}^% )',
      '()',
      '(two\\\nlines)',
      '(\\0053\\053\\53)',
      '<901FA>',
    ]
    expect(strings.map((text) => bytesOf(parse(text)))).to.deep.equal([
      'balanced (parentheses) and *!&}^% ',
      '',
      'twolines',
      '\x053++',
      '\x90\x1f\xa0',
    ])
    expect(parse('12 0 R')).to.deep.equal({ kind: 'reference', number: 12, generation: 0 })
    expect(isDict(parse('<< /A 1 % a comment\n /B [1 2 0 R null (x)] >>'))).to.equal(true)
  })

  it('refuses what is not in the standard', () => {
    const broken = [
      '1e5',
      '16#FF',
      '(open',
      '<12',
      '<1G>',
      '[1 2',
      '<< /A >>',
      '<< 1 2 >>',
      'nul',
      'truefalse',
      '',
    ]
    for (const text of broken)
      expect(
        codeOf(() => parse(text)),
        text,
      ).to.equal('PDF_MALFORMED')
  })

  it('takes a number sign without two digits for itself, as in names before PDF 1.2', () => {
    expect(['/A#4', '/C#', '/#zz'].map(parse)).to.deep.equal(['A#4', 'C#', '#zz'].map(pdfName))
  })

  it('keeps in mind that a key stood twice', () => {
    const dict = parse('<< /A 1 /A 2 >>')
    expect(isDict(dict) && [...(dict.duplicates ?? [])]).to.deep.equal(['A'])
  })

  it('refuses deep nesting without running out of stack', () => {
    expect(codeOf(() => parse('['.repeat(1_000_000)))).to.equal('PDF_MALFORMED')
    expect(codeOf(() => parse('<</A'.repeat(1_000_000)))).to.equal('PDF_MALFORMED')
  })

  it('reads back whatever it writes', () => {
    const names = fc.string({ unit: 'binary-ascii', maxLength: 20 }).filter((name) => !name.includes('\0'))
    const leaf = fc.oneof(
      fc.constantFrom<PdfValue>(null, true, false),
      fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
      fc.integer({ min: -1_000_000, max: 1_000_000 }).map((n) => n / 1000),
      names.map(pdfName),
      fc
        .uint8Array({ maxLength: 40 })
        .chain((bytes) => fc.boolean().map((hex): PdfValue => ({ kind: 'string', bytes, hex }))),
      fc
        .record({ number: fc.nat(1_000_000), generation: fc.nat(65535) })
        .map((reference): PdfValue => ({ kind: 'reference', ...reference })),
    )
    const { value } = fc.letrec<{ value: PdfValue }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        leaf,
        fc.array(tie('value'), { maxLength: 5 }).map(pdfArray),
        fc.dictionary(names, tie('value'), { maxKeys: 5 }).map(pdfDict),
      ),
    }))
    fc.assert(
      fc.property(value, (written) => {
        expect(sameValue(parse(serialize(written)), written)).to.equal(true)
      }),
      { numRuns: 500 },
    )
  })

  it('reads back every text, Vietnamese or not', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(textOf(pdfText(text))).to.equal(text)
      }),
    )
    expect(textOf({ kind: 'string', bytes: Uint8Array.of(0x80, 0xa0, 0x93), hex: false })).to.equal('•€ﬁ')
  })
})

function bytesOf(value: PdfValue): string {
  return isString(value) ? Buffer.from(value.bytes).toString('latin1') : 'not a string'
}

describe('decoding of structural streams (ISO 32000-2, 7.4)', () => {
  const flate = { Filter: pdfName('FlateDecode') }

  it('undoes every PNG predictor (RFC 2083 section 6)', () => {
    // Two bytes a pixel, three pixels a row; the expected rows were worked out by hand from the formulas.
    const rows = [
      [0, 1, 2, 3, 4, 5, 6],
      [1, 1, 2, 3, 4, 5, 6],
      [2, 1, 1, 1, 1, 1, 1],
      [3, 10, 10, 10, 10, 10, 10],
      [4, 1, 2, 3, 4, 5, 6],
    ]
    const parameters = { Predictor: 15, Colors: 2, Columns: 3 }
    const dict = pdfDict({ ...flate, DecodeParms: pdfDict(parameters) })
    const decoded = decodeStream(dict, deflateSync(Buffer.from(rows.flat())), 0)
    expect([...decoded]).to.deep.equal([
      ...[1, 2, 3, 4, 5, 6],
      ...[1, 2, 4, 6, 9, 12],
      ...[2, 3, 5, 7, 10, 13],
      ...[11, 11, 18, 19, 24, 26],
      ...[12, 13, 21, 23, 29, 32],
    ])
  })

  it('undoes hexadecimal digits, alone or over other data', () => {
    const text = (dict: PdfDict, raw: Uint8Array): string => asText(decodeStream(dict, raw, 0))
    const hex = { Filter: pdfArray([pdfName('ASCIIHexDecode')]) }
    expect(text(pdfDict(hex), Buffer.from('68 65\n6C6c6F>'))).to.equal('hello')
    expect(text(pdfDict(hex), Buffer.from('687'))).to.equal('hp')
    const both = pdfDict({ Filter: pdfArray([pdfName('ASCIIHexDecode'), pdfName('FlateDecode')]) })
    expect(text(both, Buffer.from(`${deflateSync('hello').toString('hex')}>`))).to.equal('hello')
    expect(codeOf(() => decodeStream(pdfDict(hex), Buffer.from('6x>'), 0))).to.equal('PDF_MALFORMED')
  })

  it('refuses other filters, broken data and bombs', () => {
    const bomb = deflateSync(Buffer.alloc(70 * 1024 * 1024))
    expect(
      codeOf(() => decodeStream(pdfDict({ Filter: pdfName('LZWDecode') }), new Uint8Array(4), 0)),
    ).to.equal('PDF_MALFORMED')
    expect(codeOf(() => decodeStream(pdfDict(flate), new Uint8Array(4), 0))).to.equal('PDF_MALFORMED')
    expect(codeOf(() => decodeStream(pdfDict(flate), bomb, 0))).to.equal('PDF_MALFORMED')
  })
})

describe('reading a PDF', () => {
  for (const objectStreams of [false, true]) {
    it(`finds what pdf-lib wrote, ${objectStreams ? 'in object streams' : 'with a table'}`, async () => {
      const file = openPdf(await smallPdf({ objectStreams, pages: 3 }))
      expect(file.revisions).to.have.length(1)
      expect(file.revisions[0]?.section.kind).to.equal(objectStreams ? 'stream' : 'table')
      expect(readPages(file.latest)).to.have.length(3)
      expect(readForm(file.latest)?.fields.map((field) => [field.name, field.type])).to.deep.equal([
        ['congvan.number', 'Tx'],
        ['congvan.date', 'Tx'],
        ['congvan.signature.individual', 'Sig'],
        ['congvan.signature.agency', 'Sig'],
      ])
      const counts = file.referenceCounts(0)
      expect(file.latest.numbers().some((number) => counts.isDangling(number))).to.equal(false)
    })
  }

  it('knows a PDF by its first or last bytes', async () => {
    const pdf = await smallPdf()
    expect(looksLikePdf(pdf)).to.equal(true)
    expect(looksLikePdf(pdf.subarray(5))).to.equal(true)
    expect(looksLikePdf(notAPdf())).to.equal(false)
  })

  it('names what is wrong with bad input', async () => {
    const pdf = await smallPdf()
    expect(codeOf(() => openPdf(notAPdf()))).to.equal('PDF_NOT_A_PDF')
    expect(codeOf(() => openPdf(new Uint8Array(0)))).to.equal('PDF_NOT_A_PDF')
    expect(codeOf(() => openPdf(truncated(pdf)))).to.equal('PDF_MALFORMED')
    expect(codeOf(() => openPdf(withDanglingStartxref(pdf)))).to.equal('PDF_MALFORMED')
    expect(codeOf(() => openPdf(Buffer.concat([pdf, Buffer.from('1 0 obj')])))).to.equal('PDF_MALFORMED')
    const locked = await encrypted(pdf, 'mật khẩu')
    expect(codeOf(() => openPdf(locked))).to.equal('PDF_ENCRYPTED')
  })

  it('refuses a chain of /Prev that runs in a circle', async () => {
    const text = asText(await smallPdf())
    const xref = text.lastIndexOf('xref\n0')
    const looped = text.replace('trailer\n<<', `trailer\n<<\n/Prev ${xref}`)
    expect(() => openPdf(Buffer.from(looped, 'latin1'))).to.throw(SigningError, 'circle')
  })

  it('refuses a stream whose length is the stream itself', () => {
    const body = '%PDF-1.7\n1 0 obj\n<< /Length 1 0 R >>\nstream\nx\nendstream\nendobj\n'
    const xref = 'xref\n0 2\n0000000000 65535 f \n0000000009 00000 n \ntrailer\n<< /Size 2 /Root 1 0 R >>\n'
    const file = openPdf(Buffer.from(`${body}${xref}startxref\n${body.length}\n%%EOF\n`))
    expect(codeOf(() => file.latest.object(1))).to.equal('PDF_MALFORMED')
  })

  it('throws nothing but its own errors, whatever the bytes', async () => {
    const samples = [await smallPdf(), await smallPdf({ objectStreams: true })]
    const mutation = fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 6 }),
    })
    fc.assert(
      fc.property(
        fc.constantFrom(...samples),
        fc.array(mutation, { minLength: 1, maxLength: 6 }),
        (pdf, mutations) => {
          const broken = Uint8Array.from(pdf)
          for (const { at, bytes } of mutations)
            broken.set(bytes, Math.floor(at * (pdf.length - bytes.length)))
          codeOf(() => readEverything(broken))
        },
      ),
      { numRuns: 800 },
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        codeOf(() =>
          readEverything(Buffer.concat([Buffer.from('%PDF-1.7\n'), noise, Buffer.from('\n%%EOF\n')])),
        )
      }),
    )
  })
})

function readEverything(bytes: Uint8Array): void {
  const file = openPdf(bytes)
  readPages(file.latest)
  readForm(file.latest)
  file.referenceCounts(file.revisions.length - 1)
}
