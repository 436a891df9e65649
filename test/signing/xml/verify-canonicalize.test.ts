import { expect } from 'chai'
import fc from 'fast-check'
import { XmlC14NMode, XmlElement as XmlTreeElement } from 'libxml2-wasm'
import { type C14nMethod, canonicalize } from '../../../signing/xml/canonicalize.ts'
import { subtree, wholeDocument, without } from '../../../signing/xml/node-set.ts'
import { generalXmlLimits } from '../../../signing/xml/open-xml.ts'
import { withXml } from '../../../signing/xml/parse.ts'
import { processingBudget } from '../../../signing/xml/processing-budget.ts'
import { readTree } from '../../../signing/xml/read-tree.ts'
import { allElements } from '../../../signing/xml/tree.ts'

const modes = {
  'inclusive-1.0': XmlC14NMode.XML_C14N_1_0,
  'inclusive-1.1': XmlC14NMode.XML_C14N_1_1,
  'exclusive-1.0': XmlC14NMode.XML_C14N_EXCLUSIVE_1_0,
}

const methods = Object.keys(modes).flatMap((kind) =>
  [false, true].flatMap((comments) =>
    (kind === 'exclusive-1.0' ? [[], ['p'], ['', 'q', 'none']] : [[]]).map((prefixes) => ({
      kind: kind as C14nMethod['kind'],
      comments,
      inclusivePrefixes: new Set(prefixes),
    })),
  ),
)

/** The n-th element of a document as libxml2 writes it; with -1 the whole document. */
function byLibxml(xml: string, method: C14nMethod, at: number): string {
  return withXml(Buffer.from(xml), generalXmlLimits, (document) => {
    const node = at === -1 ? document : document.find('//*')[at]
    if (node !== document && !(node instanceof XmlTreeElement)) throw new Error('no such element')
    const pieces: Buffer[] = []
    node.canonicalize(
      {
        write: (piece) => {
          pieces.push(Buffer.from(piece))
          return piece.length
        },
        close: () => true,
      },
      {
        mode: modes[method.kind],
        withComments: method.comments,
        inclusiveNamespacePrefixes: [...method.inclusivePrefixes].map((prefix) => prefix || '#default'),
      },
    )
    return Buffer.concat(pieces).toString()
  })
}

function own(xml: string, method: C14nMethod, at: number): string {
  const tree = readTree(xml)
  const apex = at === -1 ? undefined : allElements(tree.root)[at]
  const set = apex === undefined ? wholeDocument(tree, true) : subtree(tree, apex, true)
  return canonicalize(set, method, processingBudget(xml.length)).toString()
}

const namesAndPrefixes = fc.constantFrom('a', 'b', 'p:a', 'q:b', 'p:Điều')
const attributes = fc.constantFrom(
  '',
  ' Id="1"',
  ' q:z="1" p:z="2" z="3"',
  ' xml:lang="vi"',
  ' xml:space="preserve"',
  ' xmlns="urn:d"',
  ' xmlns=""',
  ' xmlns:p="urn:p2"',
  ' xmlns:q="urn:q2"',
  ' xmlns:unused="urn:unused"',
  ` k='&lt;&#9;&#xA;&#13;"&amp;>'`,
)
const leaves = fc.constantFrom(
  'chữ',
  ' \r\n\t',
  '&amp;&lt;&gt;&quot;&#13;',
  '<![CDATA[<&>]]>',
  '<!-- x -->',
  '<?pi  data ?>',
  '<?pi?>',
  '𝄞\uffee',
)
const { elements } = fc.letrec<{ elements: string; content: string }>((tie) => ({
  elements: fc
    .record({ name: namesAndPrefixes, attribute: attributes, content: tie('content') })
    .map(({ name, attribute, content }) => `<${name}${attribute}>${content}</${name}>`),
  content: fc
    .array(fc.oneof({ depthSize: 'small' }, leaves, tie('elements')), { maxLength: 4 })
    .map((pieces) => pieces.join('')),
}))
const documents = fc
  .record({ before: fc.constantFrom('', '<!-- 1 -->\n', '<?x y?><!--2-->'), content: elements })
  .map(
    ({ before, content }) =>
      `<?xml version="1.0"?>${before}<p:r xmlns:p="urn:p" xmlns:q="urn:q" xml:lang="en">${content}</p:r>${before}`,
  )

describe('canonical forms of node-sets', () => {
  it('are those of libxml2 for documents and elements, in every form', () => {
    fc.assert(
      fc.property(documents, fc.nat(), (xml, seed) => {
        const count = xml.match(/<[a-z][^>]*>/g)?.length ?? 1
        for (const method of methods) {
          for (const at of [-1, seed % Math.min(count, allElements(readTree(xml).root).length)]) {
            expect(own(xml, method, at), `${method.kind} ${at} ${xml}`).to.equal(byLibxml(xml, method, at))
          }
        }
      }),
      { numRuns: 250 },
    )
  })

  it('leave out what is excluded, and everything below it', () => {
    const tree = readTree('<a><b><c>1</c></b>2<d/></a>')
    const [root, b] = allElements(tree.root)
    if (root === undefined || b === undefined) throw new Error('no tree')
    const [method] = methods
    if (method === undefined) throw new Error('no method')
    const budget = processingBudget(100)
    expect(canonicalize(without(wholeDocument(tree, true), [b]), method, budget).toString()).to.equal(
      '<a>2<d></d></a>',
    )
    const [, , c] = allElements(tree.root)
    if (c === undefined) throw new Error('no element')
    expect(canonicalize(without(subtree(tree, c, true), [b]), method, budget).toString()).to.equal('')
  })

  it('join the xml:base of left out ancestors in Canonical XML 1.1, by the examples of RFC 3986 section 5.4', () => {
    const method = { kind: 'inclusive-1.1', comments: false, inclusivePrefixes: new Set<string>() } as const
    const examples = {
      g: 'http://a/b/c/g',
      './g': 'http://a/b/c/g',
      'g/': 'http://a/b/c/g/',
      '/g': 'http://a/g',
      '//g': 'http://g',
      '?y': 'http://a/b/c/d;p?y',
      'g?y': 'http://a/b/c/g?y',
      '.': 'http://a/b/c/',
      '..': 'http://a/b/',
      '../g': 'http://a/b/g',
      '../..': 'http://a/',
      '../../g': 'http://a/g',
      '../../../g': 'http://a/g',
      'g;x=1/../y': 'http://a/b/c/y',
      'http://x/y': 'http://x/y',
    }
    for (const [inner, joined] of Object.entries(examples)) {
      const tree = readTree(`<a xml:base="http://a/b/c/d;p?q"><b/><c xml:base="${inner}"/></a>`)
      const [, , c] = allElements(tree.root)
      if (c === undefined) throw new Error('no element')
      const found = canonicalize(subtree(tree, c, true), method, processingBudget(100)).toString()
      expect(found, inner).to.equal(`<c xml:base="${joined}"></c>`)
    }
  })

  it('stop at a budget', () => {
    const tree = readTree(`<a>${'<b>x</b>'.repeat(100)}</a>`)
    const [method] = methods
    if (method === undefined) throw new Error('no method')
    const budget = { ...processingBudget(0), characters: 200 }
    expect(() => canonicalize(wholeDocument(tree, true), method, budget)).to.throw('limit')
  })
})
