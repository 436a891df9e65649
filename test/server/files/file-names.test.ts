import { expect } from 'chai'
import fc from 'fast-check'
import { extensionOf, isSendableName, sendableName } from '../../../server/files/file-names.ts'
import { contentFits, sniffContent } from '../../../server/files/sniff-content.ts'
import { annexLabels } from '../../../server/relay/message-files.ts'

describe('documents: names and content of files', () => {
  it('makes a name that may be sent of any name, and never one that is taken [N204]', () => {
    const name = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 80 }),
      fc.constantFrom(
        '../../etc/passwd',
        'Phụ lục 1 (bản cuối).PDF',
        'đề án.docx',
        '.htaccess',
        'a.b.c',
        '…',
        'x\u202Efdp.exe',
      ),
    )
    fc.assert(
      fc.property(fc.array(name, { maxLength: 8 }), (names) => {
        const taken: string[] = []
        for (const one of names) {
          const made = sendableName(one, taken)
          expect(isSendableName(made), made).to.equal(true)
          expect(taken.map((other) => other.toLowerCase())).not.to.include(made.toLowerCase())
          taken.push(made)
        }
      }),
      { numRuns: 40 },
    )
  })

  it('leaves a name alone that may be sent', () => {
    for (const name of ['phu-luc-1.pdf', 'A1.csv', 'so_lieu_2026.xlsx', `${'a'.repeat(46)}.pdf`]) {
      expect(isSendableName(name), name).to.equal(true)
      expect(sendableName(name)).to.equal(name)
    }
    for (const name of [
      'phụ-lục.pdf',
      'a b.pdf',
      `${'a'.repeat(47)}.pdf`,
      'a.PDF',
      '-a.pdf',
      'a',
      '.pdf',
      'a..pdf',
    ])
      expect(isSendableName(name), name).to.equal(false)
    expect(sendableName('Phụ lục 1 (bản cuối).PDF')).to.equal('Phu-luc-1-ban-cuoi.pdf')
    expect(sendableName('C:\\Tài liệu\\đề án.docx')).to.equal('de-an.docx')
    expect(extensionOf('a.tar.GZ')).to.equal('gz')
  })

  it('tells what a file is by its bytes', () => {
    const zip = (names: readonly string[], first = '') => makeZip(names, first)
    const types = ['[Content_Types].xml']
    for (const [extension, bytes] of [
      ['pdf', Buffer.from('%PDF-1.7\n')],
      ['docx', zip([...types, 'word/document.xml'])],
      ['xlsx', zip([...types, 'xl/workbook.xml'])],
      ['pptx', zip([...types, 'ppt/presentation.xml'])],
      ['odt', zip(['mimetype', 'content.xml'], 'application/vnd.oasis.opendocument.text')],
      ['ods', zip(['mimetype', 'content.xml'], 'application/vnd.oasis.opendocument.spreadsheet')],
      ['zip', zip(['a.txt'])],
      ['rtf', Buffer.from('{\\rtf1}')],
      ['jpg', Buffer.from([0xff, 0xd8, 0xff, 0xe0])],
    ] as const) {
      expect(sniffContent(bytes), extension).to.equal(extension)
      expect(contentFits(extension, bytes), extension).to.equal(true)
      if (extension !== 'zip') expect(contentFits('zip', bytes), extension).to.equal(false)
    }
    const macros = zip([...types, 'word/document.xml', 'word/vbaProject.bin'])
    for (const extension of ['docx', 'zip']) expect(contentFits(extension, macros)).to.equal(false)
    expect(contentFits('exe', Buffer.from('MZ'))).to.equal(false)
    expect(contentFits('txt', Buffer.from('Cộng hòa'))).to.equal(true)
    expect(contentFits('txt', Buffer.from([0xff, 0xfe, 0x41, 0x00]))).to.equal(true)
  })

  it('reads any bytes without an error', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.uint8Array({ maxLength: 200 }).map((tail) => Buffer.concat([makeZip(['a'], ''), tail])),
      fc.uint8Array({ maxLength: 60 }).map((tail) => Buffer.concat([Buffer.from('PK\x03\x04'), tail])),
    )
    fc.assert(
      fc.property(
        bytes,
        fc.constantFrom('pdf', 'docx', 'odt', 'txt', 'xml', 'tiff', '', 'x'),
        (file, extension) => {
          expect(contentFits(extension, file)).to.be.a('boolean')
        },
      ),
    )
  })

  it('numbers two or more annexes in Roman numerals [N095]', () => {
    expect(annexLabels(0)).to.deep.equal([])
    expect(annexLabels(1)).to.deep.equal(['Phụ lục'])
    const labels = annexLabels(99)
    expect([labels[0], labels[3], labels[8], labels[39], labels[98]]).to.deep.equal([
      'Phụ lục I',
      'Phụ lục IV',
      'Phụ lục IX',
      'Phụ lục XL',
      'Phụ lục XCIX',
    ])
    expect(new Set(labels).size).to.equal(99)
  })
})

/** Stored entries without content but for the first; APPNOTE 4.3. */
function makeZip(names: readonly string[], first: string): Buffer {
  const local: Buffer[] = []
  const central: Buffer[] = []
  let offset = 0
  for (const [index, name] of names.entries()) {
    const data = Buffer.from(index === 0 ? first : '')
    const head = Buffer.alloc(30)
    head.writeUInt32LE(0x04034b50, 0)
    head.writeUInt32LE(data.length, 18)
    head.writeUInt32LE(data.length, 22)
    head.writeUInt16LE(name.length, 26)
    const entry = Buffer.alloc(46)
    entry.writeUInt32LE(0x02014b50, 0)
    entry.writeUInt16LE(name.length, 28)
    entry.writeUInt32LE(offset, 42)
    local.push(head, Buffer.from(name), data)
    central.push(entry, Buffer.from(name))
    offset += head.length + name.length + data.length
  }
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(names.length, 10)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...local, ...central, end])
}
