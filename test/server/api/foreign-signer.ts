/** A PDF signed by none of our code: pdf-lib writes the file, the signature in its one revision, openssl the CMS. */
import { execFileSync } from 'node:child_process'
import { createPrivateKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PDFDocument, PDFHexString, PDFName, PDFString } from 'pdf-lib'
import type { IssuedCertificate } from '../../../fixtures/pki/make-pki.ts'
import { toPem } from '../../../fixtures/pki/write-pki.ts'
import { inFolder } from '../../signing/pdf/checkers.ts'

const reserved = 8192
const wide = 9_999_999_999

/** As deployed tools sign (reference 4.5): `adbe.pkcs7.detached`, SHA-256, a visible field of their own. */
export async function signByOthers(
  letter: Uint8Array,
  issued: IssuedCertificate,
  rect: readonly [number, number, number, number],
): Promise<Uint8Array> {
  const bytes = await withPlaceholder(letter, rect)
  const contents = bytes.indexOf(`<${'0'.repeat(64)}`)
  const end = contents + 2 + reserved * 2
  const at = bytes.indexOf('/ByteRange')
  const array =
    bytes
      .subarray(at, at + 200)
      .toString('latin1')
      .match(/\[[^\]]*\]/)?.[0] ?? ''
  const range = `[0 ${contents} ${end} ${bytes.length - end}`.padEnd(array.length - 1)
  bytes.write(`${range}]`, bytes.indexOf(array, at), 'latin1')
  const signed = Buffer.concat([bytes.subarray(0, contents), bytes.subarray(end)])
  bytes.write(cmsOf(signed, issued).toString('hex'), contents + 1, 'latin1')
  return bytes
}

async function withPlaceholder(letter: Uint8Array, rect: readonly number[]): Promise<Buffer> {
  const pdf = await PDFDocument.load(letter, { updateMetadata: false })
  const { context } = pdf
  const page = pdf.getPage(0)
  const signature = context.register(
    context.obj({
      Type: 'Sig',
      Filter: 'Adobe.PPKLite',
      SubFilter: 'adbe.pkcs7.detached',
      ByteRange: [0, wide, wide, wide],
      Contents: PDFHexString.of('0'.repeat(reserved * 2)),
      M: PDFString.fromDate(new Date()),
    }),
  )
  const field = context.register(
    context.obj({
      ...{ Type: 'Annot', Subtype: 'Widget', FT: 'Sig', F: 132, P: page.ref },
      T: PDFHexString.fromText('Chữ ký 1'),
      Rect: [...rect],
      V: signature,
    }),
  )
  page.node.set(PDFName.of('Annots'), context.obj([field]))
  pdf.catalog.set(PDFName.of('AcroForm'), context.obj({ Fields: [field], SigFlags: 3 }))
  return Buffer.from(await pdf.save({ useObjectStreams: false, addDefaultPage: false }))
}

function cmsOf(content: Uint8Array, { certificate, chain, privateKeyPkcs8 }: IssuedCertificate): Buffer {
  const key = createPrivateKey({ key: Buffer.from(privateKeyPkcs8), format: 'der', type: 'pkcs8' })
  const files = {
    content,
    'key.pem': key.export({ format: 'pem', type: 'pkcs8' }).toString(),
    'cert.pem': toPem('CERTIFICATE', certificate),
    'chain.pem': chain.map((der) => toPem('CERTIFICATE', der)).join(''),
  }
  return inFolder(files, (cwd) => {
    const signer = ['-signer', 'cert.pem', '-inkey', 'key.pem', '-certfile', 'chain.pem']
    const args = [
      'cms',
      '-sign',
      '-binary',
      '-md',
      'sha256',
      '-in',
      'content',
      '-outform',
      'DER',
      '-out',
      'cms',
    ]
    execFileSync('openssl', [...args, ...signer], { cwd, stdio: 'ignore' })
    return readFileSync(join(cwd, 'cms'))
  })
}
