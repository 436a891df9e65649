import { expect } from 'chai'
import { SigningError } from '../../../signing/errors.ts'
import { isDict, isName } from '../../../signing/pdf/objects.ts'
import { openPdf } from '../../../signing/pdf/pdf-file.ts'
import { asText } from './small-pdf.ts'

/** What was tolerated, or why the file was refused. */
function outcomeOf(text: string): string {
  try {
    const file = openPdf(Buffer.from(text, 'latin1'))
    expect(isName(file.latest.entry(file.latest.catalog, 'Type'), 'Catalog')).to.equal(true)
    return [...new Set(file.irregularities.map(({ code }) => code))].join(' ')
  } catch (error) {
    if (error instanceof SigningError) return error.message
    throw error
  }
}

const objects = [
  '1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n',
  '2 0 obj\n<< /Type /Pages /Kids [] /Count 0 >>\nendobj\n',
]

interface Parts {
  readonly before?: string
  readonly entry?: (offset: number) => string
  readonly subsection?: string
  readonly body?: readonly string[]
  readonly startxref?: (offset: number) => number
  readonly after?: string
}

const regularEntry = (offset: number): string => `${String(offset).padStart(10, '0')} 00000 n \n`

/** A small file of one table, with some parts of it written otherwise. */
function written(parts: Parts = {}): string {
  const { entry = regularEntry, body = objects } = parts
  let text = `${parts.before ?? ''}%PDF-1.4\n`
  const entries: string[] = []
  for (const object of body) {
    if (/^[12] 0 obj/.test(object) && entries.length < 2) entries.push(entry(text.length))
    text += object
  }
  const at = text.length
  const table = `xref\n${parts.subsection ?? '0 3'}\n0000000000 65535 f \n${entries.join('')}`
  const end = parts.startxref?.(at) ?? at
  return `${text}${table}trailer\n<< /Size 3 /Root 1 0 R >>\nstartxref\n${end}\n%%EOF\n${parts.after ?? ''}`
}

describe('files that are not quite regular', () => {
  it('opens a regular file without a note', () => {
    expect(outcomeOf(written())).to.equal('')
  })

  it('opens what every reader takes alike, and says so', () => {
    const cases: readonly (readonly [string, Parts])[] = [
      ['HEADER_NOT_AT_START', { before: '\ufeff\n'.replace('\ufeff', '\xef\xbb\xbf') }],
      ['HEADER_NOT_AT_START', { before: 'Content-Type: application/pdf\r\n\r\n' }],
      ['DATA_AFTER_END', { after: '</body></html>' }],
      ['XREF_OFFSET_WRONG', { startxref: (at) => at + 1 }],
      ['XREF_OFFSET_WRONG', { startxref: (at) => at - 3 }],
      ['XREF_TABLE_IRREGULAR', { subsection: '1 3' }],
      ['XREF_TABLE_IRREGULAR', { subsection: '0  3' }],
      ['XREF_TABLE_IRREGULAR', { entry: (offset) => `${String(offset).padStart(10, '0')} 00000 n\n` }],
      ['XREF_TABLE_IRREGULAR', { entry: (offset) => `${String(offset).padStart(10, ' ')} 00000 n \n` }],
    ]
    for (const [expected, parts] of cases) {
      const outcome = outcomeOf(written(parts))
      // White space before the section is passed over anyhow.
      expect(outcome, JSON.stringify(parts) + String(parts.startxref)).to.equal(expected)
    }
  })

  it('refuses the same where a reader that looks for objects would see another document', () => {
    const other = '2 0 obj\n<< /Type /Pages /Kids [9 0 R] /Count 1 >>\nendobj\n'
    const hidden = [...objects, other]
    const loose = (offset: number): string => `${String(offset).padStart(10, '0')} 00000 n\n`
    expect(outcomeOf(written({ body: hidden }))).to.equal('')
    expect(outcomeOf(written({ body: hidden, entry: loose }))).to.include('nothing names')
    expect(outcomeOf(written({ body: hidden, startxref: (at) => at + 1 }))).to.include('nothing names')
    expect(outcomeOf(written({ before: `${other}\n` }))).to.include('nothing names')
    const inString = '1 0 obj\n<< /Type /Catalog /Pages 2 0 R /X (7 0 obj null endobj) >>\nendobj\n'
    expect(outcomeOf(written({ body: [inString, objects[1] ?? ''], entry: loose }))).to.include(
      'nothing names',
    )
    expect(outcomeOf(written({ after: other }))).to.include('data after the end')
    expect(outcomeOf(written({ startxref: (at) => at + 20 }))).to.include('is expected')
  })

  it('refuses an irregular table in an update, which could be read as naming older objects', () => {
    const first = written()
    const at = first.length
    const update = `${objects[1]}xref\n2 1\n${String(at).padStart(10, '0')} 00000 n\ntrailer\n`
    const trailer = `<< /Size 3 /Root 1 0 R /Prev ${first.indexOf('xref')} >>\n`
    const section = at + (objects[1] ?? '').length
    const text = `${first}${update}${trailer}startxref\n${section}\n%%EOF\n`
    expect(outcomeOf(text)).to.include('cross-reference entry of 20 bytes')
    expect(outcomeOf(text.replace(' 00000 n\ntrailer', ' 00000 n \ntrailer'))).to.equal('')
  })

  it('refuses an offset that points into the number of an object', () => {
    const body = ['11 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n', objects[1] ?? '']
    let text = written({ body })
    const at = text.indexOf('11 0 obj')
    text = text.replace('0000000000 65535 f \n', `0000000000 65535 f \n${regularEntry(at + 1)}`)
    expect(outcomeOf(text)).to.include('points into a number')
  })

  it('reads data after "stream" with spaces or a lone carriage return, where the length fits', () => {
    for (const end of ['\n', '\r\n', '\r', ' \r\n', '  \n']) {
      const body = [...objects, `3 0 obj\n<< /Length 4 >>\nstream${end}data\nendstream\nendobj\n`]
      const text = written({ body })
      const at = text.indexOf('3 0 obj')
      const named = text
        .replace('0 3\n', '0 4\n')
        .replace('trailer', `${regularEntry(at)}trailer`)
        .replace('/Size 3', '/Size 4')
      const file = openPdf(Buffer.from(named, 'latin1'))
      const object = file.latest.object(3)
      expect(isDict(object?.value), JSON.stringify(end)).to.equal(true)
      const data = object === undefined ? undefined : file.streamData(object)
      expect(data === undefined ? '' : asText(data), JSON.stringify(end)).to.equal('data')
    }
  })
})
