/** XML that nobody wrote: the words of signatures in random order, some of it not well-formed. */
import type { Random } from './random.ts'

const DS = 'http://www.w3.org/2000/09/xmldsig#'
const XADES = 'http://uri.etsi.org/01903/v1.3.2#'

const names = [
  ...[
    'a',
    'edXML',
    'Receipt',
    'ds:Signature',
    'ds:SignedInfo',
    'ds:Reference',
    'ds:Transforms',
    'ds:Transform',
  ],
  ...[
    'ds:DigestMethod',
    'ds:DigestValue',
    'ds:SignatureValue',
    'ds:KeyInfo',
    'ds:X509Data',
    'ds:X509Certificate',
  ],
  ...[
    'ds:Object',
    'ds:Manifest',
    'ds:XPath',
    'ds:KeyValue',
    'ds:RSAKeyValue',
    'ds:Modulus',
    'ds:SignatureMethod',
  ],
  ...[
    'ds:CanonicalizationMethod',
    'xades:QualifyingProperties',
    'xades:SignedProperties',
    'xades:Cert',
    'x:y',
  ],
] as const
const attributeNames = [
  'Id',
  'ID',
  'xml:id',
  'URI',
  'Algorithm',
  'Type',
  'Target',
  'Filter',
  'xmlns',
  'xmlns:x',
] as const
const values = [
  ...[
    '',
    '#s',
    '#',
    '#xpointer(/)',
    "#xpointer(id('s'))",
    's',
    'cid:a',
    'http://127.0.0.1/',
    'file:///etc/passwd',
  ],
  ...[DS, XADES, `${DS}enveloped-signature`, `${DS}base64`, `${DS}rsa-sha1`, `${DS}hmac-sha1`],
  ...['http://www.w3.org/2001/10/xml-exc-c14n#', 'http://www.w3.org/TR/1999/REC-xslt-19991116'],
  ...[
    'http://www.w3.org/2001/04/xmlenc#sha256',
    'http://www.w3.org/2002/06/xmldsig-filter2',
    '&#0;',
    '&lt;',
    '&x;',
  ],
] as const
const texts = [
  ...[
    '',
    ' ',
    'AAAA',
    '=',
    'đất',
    '&amp;',
    '&#xD;',
    '&undefined;',
    ']]>',
    '<![CDATA[x]]>',
    '<!-- x -->',
    '<?p i?>',
  ],
  ...['//ds:Signature', 'not(ancestor-or-self::ds:Signature)', '<!DOCTYPE a>', '\u0001', '\ufeff', '<', '>'],
] as const

export function randomXml(random: Random): Buffer {
  const root = random.pick(names)
  const declarations = `xmlns:ds="${DS}" xmlns:xades="${XADES}" xmlns:x="urn:x"`
  const prolog = random.pick([
    '',
    '<?xml version="1.0"?>',
    '<?xml version="1.0" encoding="UTF-16"?>',
    '\ufeff',
  ])
  return Buffer.from(`${prolog}<${root} ${declarations}>${children(random, 7)}</${root}>`)
}

function children(random: Random, depth: number): string {
  return Array.from({ length: random.below(5) }, () => {
    if (depth === 0 || random.below(3) === 0) return random.pick(texts)
    const name = random.pick(names)
    const attributes = Array.from(
      { length: random.below(3) },
      () => ` ${random.pick(attributeNames)}="${random.pick(values)}"`,
    ).join('')
    const end = random.below(60) === 0 ? random.pick(names) : name
    return `<${name}${attributes}>${children(random, depth - 1)}</${end}>`
  }).join('')
}
