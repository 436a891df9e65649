/** The forms and levels of signatures, how each is made, and who is asked about it. */
import type { TestPki } from '../../../fixtures/pki/make-pki.ts'
import { ATTRIBUTE_OID } from '../../../signing/cms/oids.ts'
import { parseSignedData } from '../../../signing/cms/parse-signed-data.ts'
import { signCms } from '../../../signing/cms/sign-cms.ts'
import type { TimestampProvider } from '../../../signing/cms/timestamp-provider.ts'
import { verifyCms } from '../../../signing/cms/verify-cms.ts'
import { SigningError } from '../../../signing/errors.ts'
import type { KeyProvider } from '../../../signing/keys/key-provider.ts'
import { readSignedBytes } from '../../../signing/pdf/byte-range.ts'
import { findSignatures } from '../../../signing/pdf/find-signatures.ts'
import { pdfDict } from '../../../signing/pdf/objects.ts'
import { openPdf } from '../../../signing/pdf/pdf-file.ts'
import { signPdf } from '../../../signing/pdf/sign-pdf.ts'
import { verifyPdf } from '../../../signing/pdf/verify-pdf.ts'
import type { VerificationPolicy } from '../../../signing/policy.ts'
import type { VerificationReport } from '../../../signing/report.ts'
import { parseDer } from '../../../signing/x509/der.ts'
import { sequence, unsignedInteger } from '../../../signing/x509/der-write.ts'
import type { XadesSubject } from '../../../signing/xml/sign-prepare.ts'
import { signXades } from '../../../signing/xml/sign-xades.ts'
import { verifyXml } from '../../../signing/xml/verify-xml.ts'
import { smallPdf } from '../pdf/small-pdf.ts'
import { elementText } from '../xml/sample.ts'
import { xmlCryptoVerdict } from '../xml/xml-checkers.ts'
import {
  type Bench,
  mutool,
  opensslCms,
  opensslDgst,
  opensslTs,
  pdfsig,
  qpdf,
  type Verdict,
  xmlsec1,
} from './programs.ts'

export interface Signing {
  readonly key: KeyProvider
  readonly signingTime: Date
  readonly timestamp: TimestampProvider
  readonly pki: TestPki
}

/** A signed file with what a checker needs beside it. */
export interface Made {
  readonly file: Uint8Array
  readonly key: KeyProvider
}

export interface Form {
  readonly name: string
  /** Null where the format has no identifier for the algorithm. */
  sign(signing: Signing): Promise<Made | null>
  /** Another content under the same signature. */
  change(made: Made): Made
  readonly programs: Readonly<Record<string, (bench: Bench, made: Made) => Verdict>>
  /** What our own verification says. */
  verify(made: Made, policy: VerificationPolicy): VerificationReport
  readonly level: string
}

const content = Buffer.from('Nội dung văn bản 100\n')

function replaced(bytes: Uint8Array, from: string, to: string): Buffer {
  const at = Buffer.from(bytes).indexOf(from)
  if (at === -1) throw new Error(`no "${from}"`)
  const out = Buffer.from(bytes)
  out.write(to, at)
  return out
}

const changeText = (from: string, to: string) => (made: Made) => ({
  ...made,
  file: replaced(made.file, from, to),
})

// ---- PDF

function signedBytes(pdf: Uint8Array): { covered: Uint8Array; cms: Uint8Array } {
  const dict = findSignatures(openPdf(pdf)).signatures.at(-1)?.dict ?? pdfDict({})
  const { range } = readSignedBytes(pdf, dict)
  if (range === undefined) throw new Error('no byte range')
  const covered = Buffer.concat([
    pdf.subarray(range[0], range[0] + range[1]),
    pdf.subarray(range[2], range[2] + range[3]),
  ])
  const hex = Buffer.from(pdf.subarray(range[1] + 1, range[2] - 1)).toString('latin1')
  const padded = Buffer.from(hex, 'hex')
  return { covered, cms: padded.subarray(0, 4 + padded.readUInt16BE(2)) }
}

const pdfForm = (level: 'B-B' | 'B-T'): Form => ({
  name: `PAdES-${level}`,
  level: `PAdES-${level}`,
  verify: ({ file }, policy) => verifyPdf(file, policy),
  async sign({ key, signingTime, timestamp }) {
    const options = { field: 'Ký', signingTime, key, ...(level === 'B-T' && { timestamp }) }
    const file = await signPdf(await smallPdf({ fields: false }), options)
    return { file, key }
  },
  // Inside the page's content stream, which stands uncompressed or not: a byte of the header is always there.
  change: changeText('%PDF-1.', '%PDF-2.'),
  programs: {
    pdfsig: (bench, { file }) => pdfsig(bench, file),
    mutool: (bench, { file }) => mutool(bench, file),
    'openssl cms': (bench, { file }) => {
      const { cms, covered } = signedBytes(file)
      return opensslCms(bench, cms, covered)
    },
    ...(level === 'B-T' && {
      'openssl ts': (bench: Bench, { file }: Made) => checkCmsToken(bench, signedBytes(file).cms, file),
    }),
  },
})

/** The structure is no matter of algorithms, so `qpdf` gets a form of its own. */
const pdfStructure: Form = {
  ...pdfForm('B-T'),
  name: 'PAdES structure',
  change: (made) => ({ ...made, file: replaced(made.file, 'endobj', 'endxbj') }),
  programs: { qpdf: (bench, { file }) => qpdf(bench, file) },
}

// ---- CMS

const cmsForm = (level: 'B-B' | 'B-T', detached: boolean): Form => ({
  name: `CAdES-${level} ${detached ? 'detached' : 'enclosed'}`,
  level: `CAdES-${level}`,
  verify: ({ file }, policy) => verifyCms(file, detached ? content : null, policy),
  async sign({ key, signingTime, timestamp }) {
    const mimeType = 'text/plain'
    const options = { key, signingTime, detached, mimeType, ...(level === 'B-T' && { timestamp }) }
    return { file: await signCms(content, options), key }
  },
  change: detached ? changeText('text/plain', 'text/plaim') : changeText('văn bản 100', 'văn bản 900'),
  programs: {
    'openssl cms': (bench, { file }) => opensslCms(bench, file, detached ? content : null),
    'openssl dgst': checkCmsValue,
    ...(level === 'B-T' && {
      'openssl ts': (bench: Bench, { file }: Made) => checkCmsToken(bench, file, file),
    }),
  },
})

function checkCmsValue(bench: Bench, { file, key }: Made): Verdict {
  const [signer] = parseSignedData(file).signers
  if (signer?.signedAttributesDer === undefined) throw new Error('no signed attributes')
  const data = signer.signedAttributesDer
  if (isChanged(file)) data[data.length - 1] = (data.at(-1) ?? 0) ^ 1
  return opensslDgst(bench, { ...key, data, value: signer.signature })
}

/** The token is over the signature value; a changed file must have another value. */
function checkCmsToken(bench: Bench, cms: Uint8Array, file: Uint8Array): Verdict {
  const [signer] = parseSignedData(cms).signers
  const token = signer?.unsignedAttributes.find(({ type }) => type === ATTRIBUTE_OID.signatureTimestamp)
  const value = token?.values[0]
  if (signer === undefined || value === undefined) throw new Error('no time-stamp')
  const data = isChanged(file) ? Buffer.concat([signer.signature, Buffer.from([0])]) : signer.signature
  return opensslTs(bench, parseDer(value.raw).raw, data)
}

/** Content that is changed leaves the token intact, so the stamped octets are changed as well. */
function isChanged(file: Uint8Array): boolean {
  const bytes = Buffer.from(file)
  return ['%PDF-2.', 'text/plaim', 'văn bản 900', 'đát'].some((mark) => bytes.includes(mark))
}

// ---- XML

const DECLARATION = 'xmlns:ds="http://www.w3.org/2000/09/xmldsig#"'
const xml = '<hồ-sơ xmlns="urn:hs"><mục Id="m">đất rừng</mục></hồ-sơ>'

const xmlForm = (
  name: string,
  level: 'B-B' | 'B-T',
  subject: XadesSubject,
  change: Form['change'],
): Form => ({
  name: `XAdES-${level} ${name}`,
  level: `XAdES-${level}`,
  verify: ({ file }, policy) =>
    verifyXml(file, policy, { attachments: new Map([['cid:external', content]]) }),
  async sign({ key, signingTime, timestamp }) {
    const options = { key, signingTime, signatureId: 'sig', ...(level === 'B-T' && { timestamp }) }
    try {
      return { file: await signXades(subject, options), key }
    } catch (error) {
      if (error instanceof SigningError && error.code === 'ALGORITHM_UNSUPPORTED') return null
      throw error
    }
  },
  change,
  programs: {
    xmlsec1: (bench, { file }) => xmlsec1(bench, file, content),
    'openssl dgst': checkXmlValue,
    ...(level === 'B-T' && { 'openssl ts': checkXmlToken }),
    ...(name === 'enveloped' && { 'xml-crypto': checkXmlCrypto }),
  },
})

function checkXmlToken(bench: Bench, { file }: Made): Verdict {
  const text = Buffer.from(file).toString()
  const token = Buffer.from(/<xades:EncapsulatedTimeStamp>(.*?)</.exec(text)?.[1] ?? '', 'base64')
  const value = elementText(text, 'ds:SignatureValue')
  const octets = value.replace('<ds:SignatureValue', `<ds:SignatureValue ${DECLARATION}`)
  return opensslTs(bench, token, Buffer.from(isChanged(file) ? `${octets} ` : octets))
}

/** Here SignedInfo is canonical as it stands but for the declaration of its prefix. */
function checkXmlValue(bench: Bench, { file, key }: Made): Verdict {
  const text = Buffer.from(file).toString()
  const info = elementText(text, 'ds:SignedInfo').replace('<ds:SignedInfo', `<ds:SignedInfo ${DECLARATION}`)
  const base64 = /<ds:SignatureValue[^>]*>(.*?)</.exec(text)?.[1] ?? ''
  const raw = Buffer.from(base64, 'base64')
  const half = raw.length / 2
  const value =
    key.algorithm.scheme === 'ECDSA'
      ? sequence(unsignedInteger(raw.subarray(0, half)), unsignedInteger(raw.subarray(half)))
      : raw
  return opensslDgst(bench, { ...key, data: Buffer.from(isChanged(file) ? `${info} ` : info), value })
}

function checkXmlCrypto(_bench: Bench, { file, key: { certificate } }: Made): Verdict {
  try {
    return xmlCryptoVerdict(Buffer.from(file).toString(), certificate).valid ? null : 'not valid'
  } catch (error) {
    return String(error)
  }
}

const external = { kind: 'external', uri: 'cid:external', octets: content, mimeType: 'text/plain' } as const

export const forms: readonly Form[] = [
  pdfForm('B-B'),
  pdfForm('B-T'),
  pdfStructure,
  cmsForm('B-B', true),
  cmsForm('B-B', false),
  cmsForm('B-T', true),
  xmlForm('enveloped', 'B-B', { form: 'enveloped', xml }, changeText('đất', 'đát')),
  xmlForm('enveloping', 'B-B', { form: 'enveloping', content: xml, as: 'xml' }, changeText('đất', 'đát')),
  xmlForm(
    'detached',
    'B-B',
    { form: 'detached', references: [external] },
    changeText('text/plain', 'text/plaim'),
  ),
  xmlForm('enveloped', 'B-T', { form: 'enveloped', xml }, changeText('đất', 'đát')),
]
