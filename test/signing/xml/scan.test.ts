import { expect } from 'chai'
import { diag } from 'libxml2-wasm'
import { withXml } from '../../../signing/xml/parse.ts'
import { scanXml, sealedXmlLimits } from '../../../signing/xml/scan.ts'
import { refusalOf } from './expect-code.ts'

const limits = { maxBytes: 2_000, maxElements: 10, maxDepth: 4, maxAttributes: 3, maxTextBytes: 20 }
const scan = (text: string | Uint8Array, own = limits) => refusalOf(() => scanXml(Buffer.from(text), own))

describe('scan before parsing', () => {
  it('lets an ordinary file pass', () => {
    expect(scan('<?xml version="1.0"?>\n<!-- - --><a b="1>2" c=\'"\'><d/>x<![CDATA[<y>]]></a>')).to.equal(
      null,
    )
  })

  it('counts size, elements, depth, attributes and text to the very limit', () => {
    expect(scan(`<a>${'<b/>'.repeat(9)}</a>`)).to.equal(null)
    expect(scan(`<a>${'<b/>'.repeat(10)}</a>`)).to.equal('XML_LIMIT_EXCEEDED')
    expect(scan('<a><a><a><a></a></a></a></a>')).to.equal(null)
    expect(scan('<a><a><a><a><a></a></a></a></a></a>')).to.equal('XML_LIMIT_EXCEEDED')
    expect(scan('<a b="" c="=" xmlns:d=""></a>')).to.equal(null)
    expect(scan('<a b="" c="" xmlns:d="" e=""></a>')).to.equal('XML_LIMIT_EXCEEDED')
    expect(scan(`<a>${'x'.repeat(20)}</a>`)).to.equal(null)
    expect(scan(`<a>${'x'.repeat(21)}</a>`)).to.equal('XML_LIMIT_EXCEEDED')
    expect(scan(`<a><![CDATA[${'x'.repeat(21)}]]></a>`)).to.equal('XML_LIMIT_EXCEEDED')
    expect(scan(' '.repeat(2_001))).to.equal('INPUT_TOO_LARGE')
  })

  it('is not led astray by quotes, > in attributes, comments and CDATA', () => {
    expect(scan('<a b=">" c=\'>\' d=">" e=">"></a>')).to.equal('XML_LIMIT_EXCEEDED')
    expect(scan('<a><!-- <b> <![CDATA[ --><!DOCTYPE a></a>')).to.equal('XML_DOCTYPE_FORBIDDEN')
    expect(scan('<a><![CDATA[<!--]]><!DOCTYPE a></a>')).to.equal('XML_DOCTYPE_FORBIDDEN')
    expect(scan('<?x <!DOCTYPE a> ?><a><![CDATA[<!DOCTYPE a>]]><!-- <!DOCTYPE a> --></a>')).to.equal(null)
    expect(scan('<?x ?><!ENTITY a "b"><a/>')).to.equal('XML_DOCTYPE_FORBIDDEN')
    expect(scan('<!doctype html><a/>')).to.equal('XML_DOCTYPE_FORBIDDEN')
  })

  it('refuses other encodings than UTF-8, declared or not', () => {
    const utf16 = Buffer.from('\ufeff<!DOCTYPE a><a/>', 'utf16le')
    expect(scan(utf16)).to.equal('XML_ENCODING_UNSUPPORTED')
    expect(scan(utf16.subarray(2))).to.equal('XML_ENCODING_UNSUPPORTED')
    expect(scan('<?xml version="1.0" encoding="utf-16"?><a/>')).to.equal('XML_ENCODING_UNSUPPORTED')
    expect(scan('<?xml version="1.0"\n  encoding\t= \'UTF-7\' ?><a/>')).to.equal('XML_ENCODING_UNSUPPORTED')
    expect(scan('<?xml version="1.0" encoding="utf-8"?><a/>')).to.equal(null)
    expect(scan('\ufeff<?xml version="1.0" encoding="UTF-8"?><a/>')).to.equal(null)
    expect(scan('\ufeff<?xml version="1.0" encoding="UTF-32"?><a/>')).to.equal('XML_ENCODING_UNSUPPORTED')
    expect(scan(Buffer.from([0x3c, 0x61, 0xc3, 0x28]))).to.equal('XML_ENCODING_UNSUPPORTED')
  })

  it('refuses 100 MB by their size alone', () => {
    const huge = Buffer.alloc(100 * 1024 * 1024, 'x')
    expect(scan(huge, sealedXmlLimits)).to.equal('INPUT_TOO_LARGE')
  })

  it('refuses 100,000 recipients before they are parsed', () => {
    const to = '<To><OrganId>H1</OrganId><OrganName>A</OrganName></To>'
    const file = `<edXML>${to.repeat(100_000)}</edXML>`
    expect(file.length).to.be.lessThan(sealedXmlLimits.maxBytes)
    expect(scan(file, sealedXmlLimits)).to.equal('XML_LIMIT_EXCEEDED')
  })

  it('refuses one text of 15 MB', () => {
    expect(scan(`<a>${'x'.repeat(15 * 1024 * 1024)}</a>`, sealedXmlLimits)).to.equal('XML_LIMIT_EXCEEDED')
  })
})

describe('XML parser', () => {
  const parse = (text: string) => refusalOf(() => withXml(Buffer.from(text), sealedXmlLimits, () => null))

  it('refuses what is not namespace-well-formed', () => {
    for (const text of [
      '',
      'text',
      '<a>',
      '<a></b>',
      '<a/><b/>',
      '<a b="1" b="2"/>',
      '<a xmlns:x="u" xmlns:y="u" x:b="1" y:b="2"/>',
      '<x:a/>',
      '<a>&b;</a>',
      '<a>&#0;</a>',
      '<a b="<"/>',
      '<a>\u0001</a>',
      ' <?xml version="1.0"?><a/>',
      '<a xmlns:xml="urn:other"/>',
    ]) {
      expect(parse(text), text).to.equal('XML_MALFORMED')
    }
  })

  it('says where', () => {
    expect(() => withXml(Buffer.from('<a>\n<b></c></a>'), sealedXmlLimits, () => null)).to.throw(/line 2/)
  })

  it('releases the tree also when the reader fails', () => {
    diag.configure({ enabled: true })
    try {
      for (const use of [() => null, () => expect.fail('the reader')]) {
        try {
          withXml(Buffer.from('<a/>'), sealedXmlLimits, use)
        } catch (error) {
          expect(error).to.have.property('message', 'the reader')
        }
        expect(diag.report()).to.deep.equal({})
      }
    } finally {
      diag.configure({ enabled: false })
    }
  })
})
