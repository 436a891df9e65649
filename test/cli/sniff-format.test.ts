import { expect } from 'chai'
import fc from 'fast-check'
import { cmsFromPem, sniffFormat } from '../../cli/sniff-format.ts'
import { makeTestPki, type TestPki } from '../../fixtures/pki/make-pki.ts'
import { toPem } from '../../fixtures/pki/write-pki.ts'
import { derKind, looksLikePem, pemBlocks } from '../../signing/index.ts'

const signedData = Buffer.from('3080 06092a864886f70d010702 a080'.replaceAll(' ', ''), 'hex')

describe('cli/sniff-format', () => {
  it('knows a PDF by %PDF- near its beginning or %%EOF anywhere', () => {
    expect(sniffFormat(Buffer.from('%PDF-1.7\n'))).to.equal('pdf')
    expect(sniffFormat(Buffer.from(`${'x'.repeat(1000)}%PDF-1.4`))).to.equal('pdf')
    expect(sniffFormat(Buffer.from(`${'x'.repeat(5000)}%%EOF${'y'.repeat(5000)}`))).to.equal('pdf')
  })

  it('knows CMS even when it carries a PDF or is in PEM', () => {
    expect(sniffFormat(Buffer.concat([signedData, Buffer.from('%PDF-1.7 %%EOF')]))).to.equal('cms')
    const pem = toPem('CMS', Buffer.concat([signedData, Buffer.alloc(40)]))
    expect(sniffFormat(Buffer.from(pem))).to.equal('cms')
    expect(derKind(cmsFromPem(Buffer.from(pem)) ?? new Uint8Array())).to.equal('cms')
  })

  it('knows XML by its first character, with a byte order mark or not', () => {
    for (const text of [
      '<?xml version="1.0"?><a/>',
      '\ufeff<a/>',
      '\n  <edXML:edXML/>',
      '<!DOCTYPE a><a/>',
    ]) {
      expect(sniffFormat(Buffer.from(text)), text).to.equal('xml')
      expect(sniffFormat(Buffer.from(`\ufeff${text.replace('\ufeff', '')}`, 'utf16le')), text).to.equal('xml')
    }
    expect(sniffFormat(Buffer.from('<a>%%EOF</a>'))).to.equal('xml')
  })

  it('says of anything else that it is none of these, and never fails', () => {
    for (const text of ['', 'hello', '0', '<', 'PK\x03\x04']) {
      expect(sniffFormat(Buffer.from(text, 'latin1')), text).to.equal(undefined)
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(sniffFormat(bytes)).to.be.oneOf([undefined, 'xml', 'cms', 'pdf'])
        expect(derKind(bytes)).to.be.oneOf([undefined, 'certificate', 'crl', 'ocsp', 'cms'])
      }),
    )
  })
})

describe('cli/der-kind and cli/pem', () => {
  let pki: TestPki
  before(async () => {
    pki = await makeTestPki({ seedTime: new Date('2025-01-06T00:00:00Z') })
  })

  it('tells certificates, revocation lists and OCSP answers apart', () => {
    expect(derKind(pki.root)).to.equal('certificate')
    expect(derKind(pki.samples.agency.certificate)).to.equal('certificate')
    expect(derKind(pki.governmentCrl())).to.equal('crl')
    expect(derKind(pki.rootCrl())).to.equal('crl')
    // OCSPResponse { tryLater } of RFC 6960.
    expect(derKind(Buffer.from('30030a0103', 'hex'))).to.equal('ocsp')
    expect(derKind(pki.samples.agency.privateKeyPkcs8)).to.equal(undefined)
  })

  it('takes every complete block of a PEM file, among other text', () => {
    const text = `subject=root\n${toPem('CERTIFICATE', pki.root)}noise\n${toPem('X509 CRL', pki.rootCrl())}`
    expect(looksLikePem(Buffer.from(text))).to.equal(true)
    const blocks = pemBlocks(`${text}-----BEGIN CERTIFICATE-----\nMIIB`)
    expect(blocks.map(derKind)).to.deep.equal(['certificate', 'crl'])
    expect(Buffer.from(pki.root).equals(blocks[0] ?? new Uint8Array())).to.equal(true)
  })
})
