import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { encodeDocument, encodeStatus } from '../../../server/edxml/encode.ts'
import { documentMessage, statusMessage } from '../../../server/edxml/envelope.ts'
import { narrow } from '../../../server/edxml/narrow.ts'
import { encodeReceipt, openReceipt, sealReceipt } from '../../../server/edxml/receipt.ts'
import { openSealedDocument, openSealedStatus, sealDocument, sealStatus } from '../../../server/edxml/seal.ts'
import { CongvanError } from '../../../server/errors.ts'
import { nodeKeyFingerprint, SigningError } from '../../../signing/index.ts'
import { createAuthority } from '../../signing/xml/support.ts'
import { documents, receipts, statuses } from './arbitraries.ts'
import { readJson, vectorFolder, vectors } from './vectors.ts'

const key = createAuthority('Thử nghiệm').issue('Nút 1')
const keyFingerprints = [nodeKeyFingerprint(key.certificate)]
const sealedAt = new Date('2025-06-30T01:02:03Z')

function codeOf(call: () => unknown): string | null {
  try {
    call()
  } catch (error) {
    if (error instanceof SigningError || error instanceof CongvanError) return error.code
    throw error
  }
  return null
}

/** The text of a sealed file without its signature: the encoding that was sealed. */
function withoutSignature(xml: Uint8Array): string {
  return Buffer.from(xml)
    .toString()
    .replace(/<ds:Signature .*<\/ds:Signature>/s, '')
}

describe('sealed envelopes', () => {
  for (const vector of vectors('document')) {
    it(`opens ${vector.name} to the message that was sealed`, async () => {
      const message = narrow(documentMessage, vector.message)
      const sealed = await sealDocument(message, { key, sealedAt })
      expect(withoutSignature(sealed.xml)).to.equal(vector.xml)
      const opened = openSealedDocument(sealed.xml, { keyFingerprints })
      expect(opened.message).to.deep.equal(message)
      expect(opened.sha256).to.equal(createHash('sha256').update(sealed.xml).digest('hex'))
      expect(opened.sha256).to.equal(sealed.sha256)
      expect(opened.sealedAt).to.deep.equal(sealedAt)
      expect(opened.keyFingerprint).to.equal(keyFingerprints[0])
    })
  }

  for (const vector of vectors('status')) {
    it(`opens ${vector.name} to the message that was sealed`, async () => {
      const message = narrow(statusMessage, vector.message)
      const sealed = await sealStatus(message, { key, sealedAt })
      expect(withoutSignature(sealed.xml)).to.equal(vector.xml)
      expect(openSealedStatus(sealed.xml, { keyFingerprints }).message).to.deep.equal(message)
    })
  }

  it('tells document, status and receipt apart', async () => {
    const [document] = vectors('document')
    const [status] = vectors('status')
    const sealedDocument = await sealDocument(narrow(documentMessage, document?.message), { key, sealedAt })
    const sealedStatus = await sealStatus(narrow(statusMessage, status?.message), { key, sealedAt })
    const options = { keyFingerprints }
    expect(codeOf(() => openSealedStatus(sealedDocument.xml, options))).to.equal('INPUT_INVALID')
    expect(codeOf(() => openSealedDocument(sealedStatus.xml, options))).to.equal('INPUT_INVALID')
    expect(codeOf(() => openReceipt(sealedStatus.xml, options))).to.equal('XML_PROFILE_UNSUPPORTED')
  })

  it('takes 5,000 recipients there and back', async () => {
    const [vector] = vectors('document')
    const message = {
      ...narrow(documentMessage, vector?.message),
      to: Array.from({ length: 5_000 }, (_, at) => ({
        organId: `H40.${at}`,
        organName: `Ủy ban nhân dân xã ${at}`,
        organAdd: 'Thôn 1, xã A, huyện B',
        email: `vanthu@${at}.example.vn`,
        telephone: '0228 000 001',
      })),
    }
    const { xml } = await sealDocument(message, { key, sealedAt })
    expect(openSealedDocument(xml, { keyFingerprints }).message).to.deep.equal(message)
  })

  it('refuses a manifest whose hash was changed', async () => {
    const message = narrow(
      documentMessage,
      vectors('document').find(({ name }) => name === 'document-full')?.message,
    )
    const { xml } = await sealDocument(message, { key, sealedAt })
    const text = Buffer.from(xml).toString()
    const changed = text.replace('<cv:Sha256>e3b0', '<cv:Sha256>e3b1')
    expect(changed).to.not.equal(text)
    expect(codeOf(() => openSealedDocument(Buffer.from(changed), { keyFingerprints }))).to.equal(
      'XML_DIGEST_MISMATCH',
    )
  })

  it('opens what any document, status and receipt was sealed to', async () => {
    const options = { key, sealedAt }
    await fc.assert(
      fc.asyncProperty(documents, statuses, receipts, async (document, status, receipt) => {
        const opened = {
          document: openSealedDocument((await sealDocument(document, options)).xml, { keyFingerprints })
            .message,
          status: openSealedStatus((await sealStatus(status, options)).xml, { keyFingerprints }).message,
          receipt: openReceipt((await sealReceipt(receipt, options)).xml, { keyFingerprints }).message,
        }
        expect(opened).to.deep.equal({ document, status, receipt })
        // Signed text is never normalised: writing it again gives the same bytes.
        expect(encodeDocument(opened.document)).to.equal(encodeDocument(document))
        expect(encodeStatus(opened.status)).to.equal(encodeStatus(status))
        expect(encodeReceipt(opened.receipt)).to.equal(encodeReceipt(receipt))
      }),
      { numRuns: 80 },
    )
  })

  it('never opens a sealed document of which a byte was changed', async () => {
    const message = narrow(documentMessage, vectors('document')[0]?.message)
    const { xml } = await sealDocument(message, { key, sealedAt })
    fc.assert(
      fc.property(fc.nat(xml.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = Buffer.from(xml)
        changed[at] = (changed[at] ?? 0) ^ flip
        expect(codeOf(() => openSealedDocument(changed, { keyFingerprints }))).to.be.a('string')
      }),
      { numRuns: 500 },
    )
  })

  it('refuses hostile files, each with its code', () => {
    const expected = readJson('refused/index.json') as Record<string, string>
    const found = Object.fromEntries(
      Object.keys(expected).map((file) => {
        const bytes = readFileSync(join(vectorFolder, 'refused', file))
        return [file, codeOf(() => openSealedDocument(bytes, { keyFingerprints }))]
      }),
    )
    expect(found).to.deep.equal(expected)
  })

  it('refuses 100,000 recipients and 100 MB of text', () => {
    const [vector] = vectors('document')
    const to = '<To><OrganId>H1</OrganId><OrganName>A</OrganName></To>'
    const many = Buffer.from(vector?.xml.replace('<To>', `${to.repeat(100_000)}<To>`) ?? '')
    expect(codeOf(() => openSealedDocument(many, { keyFingerprints }))).to.equal('XML_LIMIT_EXCEEDED')
    const huge = Buffer.alloc(100 * 1024 * 1024, 'x')
    expect(codeOf(() => openSealedDocument(huge, { keyFingerprints }))).to.equal('INPUT_TOO_LARGE')
  })
})
