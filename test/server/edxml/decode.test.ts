import { expect } from 'chai'
import { decodeDocument, decodeStatus } from '../../../server/edxml/decode.ts'
import { decodeReceipt } from '../../../server/edxml/receipt.ts'
import { CongvanError } from '../../../server/errors.ts'
import type { XmlElement } from '../../../signing/index.ts'
import { readContent } from '../../../signing/xml/read-content.ts'
import { sealedXmlLimits } from '../../../signing/xml/scan.ts'
import { vectors } from './vectors.ts'

const prefixes = { document: decodeDocument, status: decodeStatus, receipt: decodeReceipt }

function xmlOf(name: string): string {
  const [kind] = name.split('-') as [keyof typeof prefixes]
  const found = vectors(kind).find((vector) => vector.name === name)
  if (found === undefined) throw new Error(`no vector ${name}`)
  return found.xml
}

/** What `decode` says of the vector after exactly one place of it was changed. */
function fieldAfter(
  name: string,
  decode: (root: XmlElement) => unknown,
  from: string,
  to: string,
): string | null {
  const xml = xmlOf(name)
  if (xml.split(from).length !== 2) throw new Error(`"${from}" does not stand once in ${name}`)
  const { root } = readContent(Buffer.from(xml.replace(from, () => to)), sealedXmlLimits)
  try {
    decode(root)
  } catch (error) {
    if (error instanceof CongvanError && error.code === 'INPUT_INVALID') return String(error.params.field)
    throw error
  }
  return null
}

describe('strict edXML decoder', () => {
  for (const [kind, decode] of Object.entries(prefixes) as [
    keyof typeof prefixes,
    (root: XmlElement) => unknown,
  ][]) {
    for (const vector of vectors(kind)) {
      it(`reads ${vector.name} back`, () => {
        const { root } = readContent(Buffer.from(vector.xml), sealedXmlLimits)
        expect(decode(root)).to.deep.equal(vector.message)
      })
    }
  }

  const header = 'edXML/edXMLEnvelope/edXMLHeader'
  const message = `${header}/MessageHeader`
  const manifest = 'edXML/edXMLEnvelope/edXMLBody/edXMLManifest'

  describe('names the element that is wrong in a document', () => {
    const cases: [string, string, string, string][] = [
      ['unknown element', '<DueDate>', '<Secret>1</Secret><DueDate>', `${message}/Secret`],
      ['missing element', '<FullName>Người ký 1</FullName>', '', `${message}/SignerInfo/FullName`],
      [
        'wrong order',
        '<Place>Xã A</Place><PromulgationDate>2025/06/30</PromulgationDate>',
        '<PromulgationDate>2025/06/30</PromulgationDate><Place>Xã A</Place>',
        `${message}/PromulgationInfo/Place`,
      ],
      [
        'an element twice',
        '<DueDate>2025/07/15</DueDate>',
        '<DueDate>2025/07/15</DueDate><DueDate>2025/07/15</DueDate>',
        `${message}/DueDate`,
      ],
      ['element of another namespace', '<Subject>', '<Subject xmlns="urn:x">', `${message}/Subject`],
      ['text between elements', '<Code><CodeNumber>', '<Code>x<CodeNumber>', `${message}/Code`],
      ['white space between elements', '<Code><CodeNumber>', '<Code>\n<CodeNumber>', `${message}/Code`],
      ['an attribute', '<CodeNumber>', '<CodeNumber a="1">', `${message}/Code/CodeNumber`],
      ['an attribute of a branch', '<SignerInfo>', '<SignerInfo a="1">', `${message}/SignerInfo`],
      ['empty text', '<Place>Xã A</Place>', '<Place></Place>', `${message}/PromulgationInfo/Place`],
      [
        'an element inside text',
        '<Place>Xã A</Place>',
        '<Place>Xã <b></b>A</Place>',
        `${message}/PromulgationInfo/Place`,
      ],
      ['a date of another form', '2025/07/15', '15/07/2025', `${message}/DueDate`],
      ['a day that does not exist', '2025/07/15', '2025/02/30', 'DueDate'],
      ['a number with leading zero', '<PageAmount>2<', '<PageAmount>02<', `${message}/OtherInfo/PageAmount`],
      ['a number that is none', '<PageAmount>2<', '<PageAmount>2e1<', `${message}/OtherInfo/PageAmount`],
      ['a number out of range', '<PageAmount>2<', '<PageAmount>2000<', 'OtherInfo/PageAmount'],
      ['a boolean of another form', '<Direction>false', '<Direction>0', `${message}/OtherInfo/Direction`],
      ['a code out of the table', '<BussinessDocType>3', '<BussinessDocType>4', 'Bussiness/BussinessDocType'],
      [
        'a time that does not exist',
        '2025/06/30 23:59:59',
        '2025/06/30 24:00:00',
        `${header}/TraceHeaderList/TraceHeader[1]/Timestamp`,
      ],
      ['a recipient twice', '<To><OrganId>000.00.00.G22', '<To><OrganId>H40.12', 'To[2]/OrganId'],
      ['a wrong version of the manifest', 'version="1.0"><', 'version="2.0"><', manifest],
      [
        'an attachment without digest',
        '<cv:Sha256>e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855</cv:Sha256>',
        '',
        `${manifest}/Reference[1]/File/Sha256`,
      ],
      ['an attachment with a path', 'Phụ lục I &amp; II.xlsx', '..\\x', 'Reference[2]/AttachmentName'],
      [
        'a moment with another zone',
        '2025-07-07T16:59:59.999Z',
        '2025-07-07T23:59:59.999+07:00',
        `${header}/NotAfter`,
      ],
      [
        'a moment without milliseconds',
        '2025-07-07T16:59:59.999Z',
        '2025-07-07T16:59:59Z',
        `${header}/NotAfter`,
      ],
      [
        'attachments inline',
        '</edXML:edXMLEnvelope>',
        '</edXML:edXMLEnvelope><AttachmentEncoded></AttachmentEncoded>',
        'edXML/AttachmentEncoded',
      ],
      [
        'something after the manifest',
        '</edXMLManifest>',
        '</edXMLManifest><x></x>',
        'edXML/edXMLEnvelope/edXMLBody/x',
      ],
      ['something after the last time', '</cv:NotAfter>', '</cv:NotAfter><x></x>', `${header}/x`],
      [
        'a digest after the length',
        '</cv:Length></cv:File></Reference></edXMLManifest>',
        '</cv:Length><x></x></cv:File></Reference></edXMLManifest>',
        `${manifest}/Reference[2]/File/x`,
      ],
      [
        'something after the body',
        '</edXML:edXMLBody>',
        '</edXML:edXMLBody><x></x>',
        'edXML/edXMLEnvelope/x',
      ],
    ]
    for (const [what, from, to, field] of cases) {
      it(what, () => expect(fieldAfter('document-full', decodeDocument, from, to)).to.equal(field))
    }
  })

  describe('names the element that is wrong in a status or receipt', () => {
    const cases: [string, string, (root: XmlElement) => unknown, string, string, string][] = [
      [
        'status with a body',
        'status-refused',
        decodeStatus,
        '</edXML:edXMLHeader>',
        '</edXML:edXMLHeader><edXML:edXMLBody></edXML:edXMLBody>',
        'edXML/edXMLEnvelope/edXMLBody',
      ],
      [
        'status code of three digits',
        'status-refused',
        decodeStatus,
        '<StatusCode>02',
        '<StatusCode>002',
        'StatusCode',
      ],
      [
        'status as document',
        'status-refused',
        decodeDocument,
        '<StatusCode>02',
        '<StatusCode>03',
        `${message}/DocumentId`,
      ],
      ['receipt as document', 'receipt-relay', decodeDocument, '<Series>1', '<Series>2', 'Receipt'],
      ['unknown event', 'receipt-relay', decodeReceipt, 'RelayAcceptance', 'Relayed', 'Event'],
      [
        'terminal event for two recipients',
        'receipt-relay',
        decodeReceipt,
        'RelayAcceptance',
        'ContentConsignment',
        'Recipients',
      ],
      ['a recipient twice', 'receipt-relay', decodeReceipt, '000.00.00.G22', 'H40.12', 'Recipients[2]'],
      [
        'no recipient',
        'receipt-consignment',
        decodeReceipt,
        '<OrganId>000.00.00.G22</OrganId>',
        '',
        'Recipients',
      ],
      ['series 0', 'receipt-relay', decodeReceipt, '<Series>1', '<Series>0', 'Series'],
      [
        'a hash of another length',
        'receipt-consignment',
        decodeReceipt,
        '20015ad<',
        '20015a<',
        'PreviousReceiptSha256',
      ],
      [
        'a date without time',
        'receipt-relay',
        decodeReceipt,
        '2025-05-12T01:30:02.345Z',
        '2025-05-12',
        'Receipt/Time',
      ],
    ]
    for (const [what, name, decode, from, to, field] of cases) {
      it(what, () => expect(fieldAfter(name, decode, from, to)).to.equal(field))
    }
  })

  it('keeps a status code that is in no table', () => {
    const { root } = readContent(
      Buffer.from(xmlOf('status-refused').replace('<StatusCode>02', '<StatusCode>07')),
      sealedXmlLimits,
    )
    expect(decodeStatus(root)).to.include({ statusCode: '07' })
  })

  it('stops at 5,000 recipients, naming the next', () => {
    const more = Array.from(
      { length: 5_000 },
      (_, at) => `<To><OrganId>A${at}</OrganId><OrganName>x</OrganName></To>`,
    )
    expect(fieldAfter('document-minimal', decodeDocument, '<To>', `${more.join('')}<To>`)).to.equal(
      `${message}/To[5001]`,
    )
  })
})
