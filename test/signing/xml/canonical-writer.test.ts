import { expect } from 'chai'
import fc from 'fast-check'
import { canonicalOctets } from '../../../signing/xml/c14n.ts'
import { escapeAttribute, escapeText, writeCanonical } from '../../../signing/xml/canonical-writer.ts'
import { elementMaker, type XmlElement } from '../../../signing/xml/element.ts'
import { withXml } from '../../../signing/xml/parse.ts'
import { readContent } from '../../../signing/xml/read-content.ts'
import { sealedXmlLimits } from '../../../signing/xml/scan.ts'
import { refusalOf } from './expect-code.ts'

const a = elementMaker('urn:a', '')
const p = elementMaker('urn:p', 'p')
const plain = elementMaker('', '')

describe('canonical writer', () => {
  it('escapes as Canonical XML 1.0 section 2.3 says', () => {
    expect(escapeText('a<b>c&d"e\'f\r\n\tg')).to.equal('a&lt;b&gt;c&amp;d"e\'f&#xD;\n\tg')
    expect(escapeAttribute('a<b>c&d"e\'f\r\n\tg')).to.equal("a&lt;b>c&amp;d&quot;e'f&#xD;&#xA;&#x9;g")
  })

  it('declares a namespace where its prefix is first visibly used', () => {
    const tree = a('r', {}, [p('x', {}, [p('y', {}, []), a('z', {}, ['t'])]), p('w', {}, [])])
    expect(writeCanonical(tree)).to.equal(
      '<r xmlns="urn:a"><p:x xmlns:p="urn:p"><p:y></p:y><z>t</z></p:x><p:w xmlns:p="urn:p"></p:w></r>',
    )
  })

  it('takes back a default namespace for an element without one', () => {
    expect(writeCanonical(a('r', {}, [plain('x', {}, [])]))).to.equal('<r xmlns="urn:a"><x xmlns=""></x></r>')
  })

  it('sorts attributes by namespace and name, after the declarations', () => {
    const element: XmlElement = {
      ...plain('r', { b: '2', a: '1', B: '0' }, []),
      attributes: [
        { namespace: 'urn:1', prefix: 'z', localName: 'a', value: 'z' },
        { namespace: 'urn:2', prefix: 'y', localName: 'a', value: 'y' },
        ...plain('r', { b: '2', a: '1', B: '0' }, []).attributes,
      ],
    }
    expect(writeCanonical(element)).to.equal(
      '<r xmlns:y="urn:2" xmlns:z="urn:1" B="0" a="1" b="2" z:a="z" y:a="y"></r>',
    )
  })

  it('writes what libxml2 writes, for any tree', () => {
    fc.assert(
      fc.property(trees, (tree) => {
        const written = writeCanonical(tree)
        const octets = withXml(Buffer.from(written), sealedXmlLimits, canonicalOctets)
        expect(octets.toString()).to.equal(written)
      }),
      { numRuns: 300 },
    )
  })

  it('is the inverse of reading', () => {
    fc.assert(
      fc.property(trees, (tree) => {
        const { root, octets } = readContent(Buffer.from(writeCanonical(tree)), sealedXmlLimits)
        expect(writeCanonical(root)).to.equal(writeCanonical(tree))
        expect(octets.toString()).to.equal(writeCanonical(tree))
      }),
      { numRuns: 200 },
    )
  })
})

describe('reading content', () => {
  const read = (text: string) => readContent(Buffer.from(text), sealedXmlLimits)

  it('joins text that references and line ends split', () => {
    expect(read('<a>x&amp;y&#65;\r\nz</a>').root.children).to.deep.equal(['x&yA\nz'])
  })

  it('refuses comments, processing instructions and CDATA inside', () => {
    for (const inside of ['<!-- -->', '<?p not-?>', '<![CDATA[x]]>']) {
      expect(
        refusalOf(() => read(`<a><b>ad${inside}min</b></a>`)),
        inside,
      ).to.equal('XML_PROFILE_UNSUPPORTED')
    }
  })

  it('refuses text that the two readers see differently', () => {
    // A byte order mark at the start of a text is swallowed by one of them.
    const text = `<a>\ufeff${'x'.repeat(40)}</a>`
    expect(refusalOf(() => read(text))).to.equal('XML_PROFILE_UNSUPPORTED')
  })
})

const names = fc.constantFrom('a', 'b', 'Id', 'Điều', 'x-1', '_y')
const values = fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) =>
  // What XML 1.0 cannot carry at all, and the mark that `readContent` refuses.
  text.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]/gu, '?'),
)
const texts = fc.oneof(values, fc.constantFrom('<', '&', ']]>', '\r', '\t', '"', "'", '\n', '&amp;'))
const namespaces = fc.constantFrom(
  ['', ''],
  ['', 'urn:a'],
  ['', 'urn:b'],
  ['p', 'urn:p'],
  ['p', 'urn:q'],
  ['q', 'urn:p'],
) as fc.Arbitrary<[string, string]>

const { trees } = fc.letrec<{ trees: XmlElement; children: (XmlElement | string)[] }>((tie) => ({
  trees: fc
    .record({
      name: namespaces,
      localName: names,
      attributes: fc.uniqueArray(fc.record({ prefixed: fc.boolean(), localName: names, value: texts }), {
        selector: (one) => `${one.prefixed}${one.localName}`,
        maxLength: 4,
      }),
      children: tie('children'),
    })
    .map(({ name: [prefix, namespace], localName, attributes, children }) => ({
      prefix,
      namespace,
      localName,
      attributes: attributes.map((attribute) => ({
        // A prefixed attribute needs a namespace; it may share the element's prefix only with its namespace.
        namespace: attribute.prefixed ? 'urn:x' : '',
        prefix: attribute.prefixed ? 'x' : '',
        localName: attribute.localName,
        value: attribute.value,
      })),
      children: children.filter(
        (child, at, all) => child !== '' && !(typeof child === 'string' && typeof all[at - 1] === 'string'),
      ),
    })),
  children: fc.array(fc.oneof({ depthSize: 'small' }, texts, tie('trees')), { maxLength: 4 }),
}))
