import { spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { VerificationPolicy } from '../../../signing/policy.ts'
import { verifyXml } from '../../../signing/xml/verify-xml.ts'
import { requireProgram } from '../../support/programs.ts'
import { inFolder } from '../pdf/checkers.ts'
import { createAuthority } from './support.ts'

const DS = 'http://www.w3.org/2000/09/xmldsig#'
const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#'
const FILTER = 'http://www.w3.org/2002/06/xmldsig-filter2'
const forms = [
  'http://www.w3.org/TR/2001/REC-xml-c14n-20010315',
  'http://www.w3.org/2006/12/xml-c14n11',
  EXCLUSIVE,
].flatMap((uri) => [uri, uri === EXCLUSIVE ? `${uri}WithComments` : `${uri}#WithComments`])

const transform = (algorithm: string, inner = '') =>
  `<Transform Algorithm="${algorithm}">${inner}</Transform>`
const enveloped = transform(`${DS}enveloped-signature`)
const xpath = (expression: string) =>
  transform('http://www.w3.org/TR/1999/REC-xpath-19991116', `<XPath xmlns:d="${DS}">${expression}</XPath>`)
const filter = (kind: string, expression: string) =>
  `<f:XPath xmlns:f="${FILTER}" xmlns:d="${DS}" xmlns:a="urn:a" Filter="${kind}">${expression}</f:XPath>`

/** By name: the reference's URI, its transforms, and whether all of the document is covered. */
const transforms: Readonly<Record<string, readonly [string, string, 'whole-file' | 'partial']>> = {
  'enveloped signature': ['', enveloped, 'whole-file'],
  'XPath that leaves out all signatures': ['', xpath('not(ancestor-or-self::d:Signature)'), 'whole-file'],
  'XPath that leaves out its own signature': [
    '',
    xpath(
      'count(ancestor-or-self::d:Signature | here()/ancestor::d:Signature[1]) &gt; count(ancestor-or-self::d:Signature)',
    ),
    'whole-file',
  ],
  'filter that subtracts signatures': [
    '',
    transform(FILTER, filter('subtract', '//d:Signature')),
    'whole-file',
  ],
  'filter that subtracts here()': [
    '',
    transform(FILTER, filter('subtract', 'here()/ancestor::d:Signature[1]')),
    'whole-file',
  ],
  'filters in a row': [
    '',
    transform(
      FILTER,
      filter('intersect', '//a:x | //*[@Id="2"]') +
        filter('subtract', '//a:x[1]/*') +
        filter('union', '//a:z[last()]'),
    ),
    'partial',
  ],
  'an element by Id': ['#x1', '', 'partial'],
  'an element by XPointer, with comments': ["#xpointer(id('x1'))", '', 'partial'],
}

const document = (uri: string, list: string, c14n: string, inner = '') =>
  `<?before?><!-- a --><r xmlns="urn:a" xmlns:p="urn:p" xml:lang="vi"><x Id="x1" p:k="1"> 5 ha <!-- b --><y xmlns:p="urn:q" p:k="2"/></x><x xml:id="2"><?pi c?>&lt;</x><z/>\n<z xmlns=""/><Signature xmlns="${DS}"><SignedInfo><CanonicalizationMethod Algorithm="${c14n}"/><SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/><Reference URI="${uri}"><Transforms>${list}${transform(c14n, inner)}</Transforms><DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><DigestValue/></Reference></SignedInfo><SignatureValue/><KeyInfo><KeyValue/></KeyInfo></Signature></r>`

const policy: VerificationPolicy = {
  trustAnchors: [],
  untrusted: [],
  crls: [],
  ocspResponses: [],
  time: new Date('2026-01-01T00:00:00Z'),
  requireRevocation: false,
  legacy: false,
  profile: 'any',
}

describe('signatures that xmlsec1 makes', () => {
  before(function () {
    requireProgram(this as unknown as Mocha.Context, 'xmlsec1')
  })
  const pem = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
    type: 'pkcs8',
    format: 'pem',
  })

  function signed(template: string): Buffer {
    return inFolder({ 'key.pem': Buffer.from(pem), 'template.xml': Buffer.from(template) }, (cwd) => {
      const args = ['--sign', '--privkey-pem', 'key.pem', '--id-attr:Id', 'urn:a:x', '--output', 'out.xml']
      const run = spawnSync('xmlsec1', [...args, 'template.xml'], { cwd, encoding: 'utf8' })
      expect(run.status, run.stderr).to.equal(0)
      return readFileSync(join(cwd, 'out.xml'))
    })
  }

  for (const [name, [uri, list, coverage]] of Object.entries(transforms)) {
    it(`hold in every canonical form: ${name}`, () => {
      for (const c14n of forms) {
        const prefixes =
          c14n.startsWith(EXCLUSIVE) && uri === ''
            ? `<InclusiveNamespaces xmlns="${EXCLUSIVE}" PrefixList="p #default"/>`
            : ''
        const xml = signed(document(uri, list, c14n, prefixes))
        const [signature] = verifyXml(xml, policy).signatures
        expect(signature?.cryptoIntact, `${c14n} ${signature?.warnings[0]?.message}`).to.equal(true)
        expect(signature?.coverage, c14n).to.equal(coverage)
        // A key that stands bare in the file says nothing about who signed.
        expect(signature?.subIndication).to.equal('NO_SIGNING_CERTIFICATE_FOUND')
        const changed = Buffer.from(xml.toString().replace(' 5 ha ', ' 6 ha '))
        const [broken] = verifyXml(changed, policy).signatures
        if (name !== 'filters in a row') expect(broken?.cryptoIntact, c14n).to.equal(false)
      }
    })
  }
})

describe('hostile XML signatures', () => {
  const reference = (uri: string, list = '') =>
    `<Reference URI="${uri}">${list === '' ? '' : `<Transforms>${list}</Transforms>`}<DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><DigestValue>AAAA</DigestValue></Reference>`
  const file = (references: string, content = '', after = '') =>
    `<r xmlns:q="urn:q">${content}<Signature xmlns="${DS}"><SignedInfo><CanonicalizationMethod Algorithm="${EXCLUSIVE}"/><SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/>${references}</SignedInfo><SignatureValue>AAAA</SignatureValue>${after}</Signature></r>`
  const many = '<a>chữ</a>'.repeat(20_000)
  // RSA 3072 with an exponent as long as the modulus: one check costs as much as two hundred usual ones.
  const long = Buffer.alloc(384, 0xc3).toString('base64')
  const slowKey = `<KeyValue><RSAKeyValue><Modulus>${long}</Modulus><Exponent>${Buffer.alloc(380, 0x61).toString('base64')}</Exponent></RSAKeyValue></KeyValue>`
  const cases: Readonly<Record<string, [string, string]>> = {
    'many references over all of a large file': [file(reference('').repeat(1500), many), 'characters'],
    'many filters over all of a large file': [
      file(reference('', transform(FILTER, filter('intersect', '//a'))).repeat(500), many),
      'to be processed',
    ],
    'an XPath of the third power': [
      file(
        reference(
          '',
          transform(
            FILTER,
            filter('intersect', '//a[count(//a[count(//a) > 1]) > 1]'.replaceAll('>', '&gt;')),
          ),
        ),
        many,
      ),
      'pathNodes',
    ],
    'an XPath that compares every text with every other': [
      file(
        reference('', transform(FILTER, filter('intersect', '/r[//a/text() = //b/text()]'))),
        '<a>x</a><b>y</b>'.repeat(20_000),
      ),
      'pathNodes',
    ],
    'an XPath that looks through one long text again and again': [
      file(
        reference('', transform(FILTER, filter('intersect', '//b[contains(//a/text(), &quot;y&quot;)]'))),
        `<a>${'x'.repeat(300_000)}</a>${'<b/>'.repeat(5000)}`,
      ),
      'pathNodes',
    ],
    'more transforms than anybody needs': [file(reference('', enveloped.repeat(9))), 'transforms'],
    'more references than anybody needs': [file(reference('#x').repeat(2001)), 'references'],
    'more certificates than anybody needs': [
      file(
        reference(''),
        '',
        `<KeyInfo><X509Data>${'<X509Certificate>MIIB</X509Certificate>'.repeat(101)}</X509Data></KeyInfo>`,
      ),
      'parts of X509Data',
    ],
    'more namespaces than anybody needs': [
      `<r>${Array.from({ length: 150 }, (_, at) => `<a${Array.from({ length: 100 }, (_none, n) => ` xmlns:p${at}-${n}="urn:${n}"`).join('')}>`).join('')}${'</a>'.repeat(150)}</r>`,
      'namespaces in scope',
    ],
    'more attributes than anybody needs': [
      `<r ${Array.from({ length: 300 }, (_, at) => `a${at}=""`).join(' ')}/>`,
      'attributes',
    ],
    'nesting without end': ['<a>'.repeat(10_000), 'depth'],
  }
  for (const [name, [xml, limit]] of Object.entries(cases)) {
    it(`end in a limit: ${name}`, () => {
      const report = verifyXml(Buffer.from(xml), policy)
      expect(report.indication).to.equal('INDETERMINATE')
      const said = [...report.errors, ...report.signatures.flatMap(({ warnings }) => warnings)]
      expect(
        said
          .filter(({ code }) => code === 'XML_LIMIT_EXCEEDED')
          .map(({ message }) => message)
          .join(),
      ).to.include(limit)
    })
  }

  it('tries no key that was made to be slow', () => {
    const slow = file(reference('#x'), '', `<KeyInfo>${slowKey}</KeyInfo>`)
    const xml = slow.replace('>AAAA</SignatureValue>', `>${'AAAA'.repeat(128)}</SignatureValue>`)
    const [signature] = verifyXml(Buffer.from(xml), policy).signatures
    expect(signature?.cryptoIntact).to.equal(null)
    expect(signature?.warnings.map(({ code }) => code)).to.include('NO_SIGNING_CERTIFICATE_FOUND')
  })

  it('holds no more descriptions of certificates against certificates than anybody needs', () => {
    const names = '<X509SKI>AAAA</X509SKI>'.repeat(100)
    const signature = (at: number) =>
      `<Signature xmlns="${DS}"><SignedInfo><CanonicalizationMethod Algorithm="${EXCLUSIVE}"/><SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/>${reference('#x')}</SignedInfo><SignatureValue>AAAA</SignatureValue><KeyInfo><RetrievalMethod URI="#d" Type="${DS}X509Data"/><KeyName>${at}</KeyName></KeyInfo></Signature>`
    const xml = `<r><X509Data xmlns="${DS}" Id="d">${names}</X509Data>${Array.from({ length: 199 }, (_, at) => signature(at)).join('')}</r>`
    const anchors = Array.from({ length: 30 }, (_, at) => createAuthority(`Nơi cấp ${at}`).certificate)
    const { signatures } = verifyXml(Buffer.from(xml), { ...policy, trustAnchors: anchors })
    expect(signatures[0]?.warnings[0]?.code).to.equal('XML_DATA_NOT_FOUND')
    expect(signatures[198]?.warnings[0]?.message).to.include('keyWork')
  })

  const refused: Readonly<Record<string, string>> = {
    'an XPath that leaves out what it likes': xpath('not(ancestor-or-self::q:Amount)'),
    XSLT: transform('http://www.w3.org/TR/1999/REC-xslt-19991116', '<s/>'),
    decryption: transform('http://www.w3.org/2002/07/decrypt#XML'),
    'a filter of attributes': transform(FILTER, filter('subtract', '//@Algorithm')),
    'document() in a filter': transform(FILTER, filter('intersect', 'document("/etc/passwd")')),
  }
  for (const [name, list] of Object.entries(refused)) {
    it(`refuses ${name}`, () => {
      const [signature] = verifyXml(Buffer.from(file(reference('', list))), policy).signatures
      expect(signature?.warnings[0]?.code).to.equal('XML_TRANSFORM_UNSUPPORTED')
      expect(signature).to.include({ indication: 'INDETERMINATE', subIndication: 'SIG_CONSTRAINTS_FAILURE' })
    })
  }
})
