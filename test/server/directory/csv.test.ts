import { expect } from 'chai'
import fc from 'fast-check'
import { parseCsv } from '../../../server/directory/csv.ts'

const quote = (field: string) => `"${field.replaceAll('"', '""')}"`

describe('csv (RFC 4180)', () => {
  it('reads quoted fields with commas, quotes and line breaks, and counts lines', () => {
    const { records, problems } = parseCsv('\ufeffa,b\r\n"x, ""y""","1\r\n2"\r\n,\n')
    expect(problems).to.deep.equal([])
    expect(records).to.deep.equal([
      { line: 1, fields: ['a', 'b'] },
      { line: 2, fields: ['x, "y"', '1\r\n2'] },
      { line: 4, fields: ['', ''] },
    ])
  })

  it('names the line of a record with the wrong number of fields and goes on', () => {
    const { records, problems } = parseCsv('a,b\n1\n1,2,3\n1,2\n')
    expect(records.map((one) => one.line)).to.deep.equal([1, 4])
    expect(problems.map((one) => one.line)).to.deep.equal([2, 3])
  })

  it('stops at a stray or unclosed quote', () => {
    for (const text of ['a,b\n1,x"y\n', 'a,b\n1,"xy\n', 'a,b\n1,"x"y\n', 'a\rb\n']) {
      expect(parseCsv(text).problems, text).to.have.length(1)
    }
  })

  it('reads back whatever is written quoted', () => {
    const table = fc.integer({ min: 1, max: 5 }).chain((width) =>
      fc.array(
        fc.array(fc.string({ unit: fc.constantFrom(...'"",,\r\naếĐ 0') }), {
          minLength: width,
          maxLength: width,
        }),
        {
          minLength: 1,
        },
      ),
    )
    fc.assert(
      fc.property(table, fc.constantFrom('\n', '\r\n'), (rows, end) => {
        const text = rows.map((row) => row.map(quote).join(',') + end).join('')
        fc.pre(!text.startsWith('\ufeff'))
        const { records, problems } = parseCsv(text)
        expect(problems).to.deep.equal([])
        expect(records.map((one) => one.fields)).to.deep.equal(rows)
      }),
    )
  })

  it('ends on any input', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r', 'a') }), (text) => {
        const { records, problems } = parseCsv(text)
        expect(records.length + problems.length).to.be.at.most(text.length + 1)
      }),
    )
  })
})
