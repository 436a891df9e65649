import { createHash } from 'node:crypto'
import { expect } from 'chai'
import { encodeDocument, encodeStatus } from '../../../server/edxml/encode.ts'
import {
  type DocumentMessage,
  documentMessage,
  formatDocumentId,
  type StatusMessage,
  statusMessage,
} from '../../../server/edxml/envelope.ts'
import { narrow } from '../../../server/edxml/narrow.ts'
import { CongvanError } from '../../../server/errors.ts'
import { vectors } from './vectors.ts'

function messageOf<Message>(
  prefix: 'document' | 'status',
  name: string,
  schema: Parameters<typeof narrow>[0],
) {
  const found = vectors(prefix).find((vector) => vector.name === name)
  if (found === undefined) throw new Error(`no vector ${name}`)
  return narrow(schema, found.message) as Message
}

const document = messageOf<DocumentMessage>('document', 'document-full', documentMessage)
const status = messageOf<StatusMessage>('status', 'status-accepted', statusMessage)

/** The field named by the refusal. */
function refusedField(encode: () => unknown): string {
  try {
    encode()
  } catch (error) {
    if (error instanceof CongvanError && error.code === 'INPUT_INVALID') return String(error.params.field)
    throw error
  }
  throw new Error('was not refused')
}

describe('edXML encoder', () => {
  for (const vector of vectors('document')) {
    it(`writes ${vector.name} as the standard's tree wants it`, () => {
      const xml = encodeDocument(narrow(documentMessage, vector.message))
      expect(xml).to.equal(vector.xml)
      expect(createHash('sha256').update(xml).digest('hex')).to.equal(vector.sha256)
    })
  }

  for (const vector of vectors('status')) {
    it(`writes ${vector.name} as the standard's tree wants it`, () => {
      const xml = encodeStatus(narrow(statusMessage, vector.message))
      expect(xml).to.equal(vector.xml)
      expect(createHash('sha256').update(xml).digest('hex')).to.equal(vector.sha256)
    })
  }

  it('cuts timestamps to the second and writes them in the time of Việt Nam', () => {
    const xml = encodeStatus({ ...status, timestamp: new Date('2025-12-31T16:59:59.999Z') })
    expect(xml).to.contain('<Timestamp>2025/12/31 23:59:59</Timestamp>')
  })

  it('forms the customary document id', () => {
    expect(
      formatDocumentId({
        organId: '000.00.00.G22',
        promulgationDate: '2015-09-30',
        codeNumber: '7816',
        codeNotation: 'VPCP-TTĐT',
      }),
    ).to.equal('000.00.00.G22,2015/09/30,7816/VPCP-TTĐT')
  })

  describe('refuses, naming the element,', () => {
    const [first] = document.to
    if (first === undefined) throw new Error('the vector has recipients')
    const refused: [string, string, Partial<Record<keyof DocumentMessage, unknown>>][] = [
      ['no recipient', 'To', { to: [] }],
      ['a recipient twice', 'To[3]/OrganId', { to: [...document.to, { ...first, organName: 'Tên khác' }] }],
      [
        '5,001 recipients',
        'To',
        { to: Array.from({ length: 5_001 }, (_, at) => ({ ...first, organId: `H${at}` })) },
      ],
      [
        'an agency code of 36 characters',
        'To[1]/OrganId',
        { to: [{ ...first, organId: `H${'1'.repeat(35)}` }] },
      ],
      ['a comma in an agency code', 'From/OrganId', { from: { ...first, organId: 'H40,1' } }],
      ['an empty agency name', 'From/OrganName', { from: { ...first, organName: '' } }],
      ['a subject of 501 characters', 'Subject', { subject: 'ệ'.repeat(501) }],
      ['a control character', 'Subject', { subject: 'a\u0007b' }],
      ['a line break in a line', 'Subject', { subject: 'a\nb' }],
      ['a carriage return', 'Content', { content: 'a\r\nb' }],
      ['a character of the C1 set', 'Content', { content: 'a\u0085b' }],
      ['a lone surrogate', 'Subject', { subject: 'a\ud800b' }],
      ['a non-character', 'Subject', { subject: 'a\uffffb' }],
      ['a byte order mark', 'Subject', { subject: '\ufeffab' }],
      [
        'a code number of 12 characters',
        'Code/CodeNumber',
        { code: { codeNumber: '1'.repeat(12), codeNotation: 'X' } },
      ],
      ['a day that does not exist', 'DueDate', { dueDate: '2025-02-30' }],
      ['999 pages and one', 'OtherInfo/PageAmount', { otherInfo: { pageAmount: 1000 } }],
      ['an unknown priority', 'OtherInfo/Priority', { otherInfo: { priority: 5 } }],
      ['an unknown business type', 'Bussiness/BussinessDocType', { business: { businessDocType: 4 } }],
      ['no trace header', 'TraceHeader', { traceHeaders: [] }],
      ['an invalid moment', 'NotAfter', { notAfter: new Date(Number.NaN) }],
      ['a year that has no XML form', 'NotAfter', { notAfter: new Date('+010000-01-01T00:00:00Z') }],
      ['a missing subject', 'Subject', { subject: undefined }],
      ['an unknown property', 'message', { secret: true } as object],
    ]
    for (const [what, field, change] of refused) {
      it(what, () => {
        expect(refusedField(() => encodeDocument({ ...document, ...change } as DocumentMessage))).to.equal(
          field,
        )
      })
    }

    const [file] = document.attachments
    if (file === undefined) throw new Error('the vector has attachments')
    const badFiles: [string, string, object][] = [
      ['a path as file name', 'AttachmentName', { attachmentName: '../x.pdf' }],
      ['a parent folder as file name', 'AttachmentName', { attachmentName: '..' }],
      ['a hash in upper case', 'Sha256', { sha256: file.sha256.toUpperCase() }],
      ['a negative length', 'Length', { length: -1 }],
      ['a length beyond exact integers', 'Length', { length: 2 ** 53 }],
      ['a content id without cid:', 'ContentId', { contentId: 'x' }],
      ['a content type with parameters', 'ContentType', { contentType: 'text/plain; charset=utf-8' }],
    ]
    for (const [what, field, change] of badFiles) {
      it(what, () => {
        const attachments = [{ ...file, ...change }]
        expect(refusedField(() => encodeDocument({ ...document, attachments }))).to.equal(
          `Reference[1]/${field}`,
        )
      })
    }

    it('a content id twice', () => {
      expect(refusedField(() => encodeDocument({ ...document, attachments: [file, file] }))).to.equal(
        'Reference[2]/ContentId',
      )
    })

    it('a status code of no table', () => {
      expect(refusedField(() => encodeStatus({ ...status, statusCode: '07' }))).to.equal('StatusCode')
    })
  })

  it('counts characters as a reader does, whatever their normal form', () => {
    const subject = 'ệ'.repeat(500).normalize('NFD')
    expect(encodeDocument({ ...document, subject })).to.contain(`<Subject>${subject}</Subject>`)
  })

  it('takes 5,000 recipients', () => {
    const to = Array.from({ length: 5_000 }, (_, at) => ({ organId: `H${at}`, organName: 'Xã' }))
    expect(encodeDocument({ ...document, to }).match(/<To>/g)).to.have.length(5_000)
  })
})
