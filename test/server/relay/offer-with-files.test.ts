import { createHash, randomUUID } from 'node:crypto'
import { expect } from 'chai'
import fc from 'fast-check'
import { CongvanError } from '../../../server/errors.ts'
import {
  decodeOfferWithFiles,
  encodeOfferWithFiles,
  INLINE_BYTES,
  type InlineFile,
} from '../../../server/relay/offer-with-files.ts'
import { type OfferRequest, offerRequest } from '../../../server/relay/protocol.ts'

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const fileOf = (bytes: Uint8Array): InlineFile => ({ sha256: sha256(bytes), length: bytes.length, bytes })

const offer: OfferRequest = {
  branch: randomUUID(),
  series: 1,
  envelope: Buffer.from('<edXML/>').toString('base64'),
  recipients: ['H40', 'H40.01'],
  path: ['xa', 'tinh'],
  previousReceipt: null,
  notAfter: '2025-03-11T02:00:00.000Z',
}
const files = ['%PDF-1.7 một', '', 'phụ lục'].map((text) => fileOf(Buffer.from(text)))
const body = Buffer.from(encodeOfferWithFiles({ offer, files }))
const jsonLength = body.readUInt32BE()
const filesAt = 4 + jsonLength

/** What decoding throws; `undefined` when it decodes. */
function faultOf(bytes: Uint8Array): CongvanError | undefined {
  try {
    decodeOfferWithFiles(bytes)
    return undefined
  } catch (error) {
    // Anything else would be an error of the node itself, for a body that a peer made up.
    if (error instanceof CongvanError) return error
    throw error
  }
}

const withJson = (json: string, rest: Uint8Array = body.subarray(filesAt)) => {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(Buffer.byteLength(json))
  return Buffer.concat([length, Buffer.from(json), rest])
}
const changed = (change: object) =>
  withJson(JSON.stringify({ ...JSON.parse(body.subarray(4, filesAt).toString()), ...change }))

describe('relay: the body of an offer with its files', () => {
  it('is read as it was written, whatever files it brings', () => {
    const content = fc.uint8Array({ maxLength: 200 })
    fc.assert(
      fc.property(fc.array(content, { minLength: 1, maxLength: 6 }), (contents) => {
        const wanted = contents.map(fileOf)
        const read = decodeOfferWithFiles(encodeOfferWithFiles({ offer, files: wanted }))
        expect(read.offer).to.deep.equal(offer)
        expect(
          read.files.map((one) => [one.sha256, one.length, Buffer.from(one.bytes).toString('hex')]),
        ).to.deep.equal(wanted.map((one) => [one.sha256, one.length, Buffer.from(one.bytes).toString('hex')]))
      }),
    )
  })

  it('is refused by a typed fault, or brings only files that have their hash, whatever was done to it', () => {
    const at = fc.nat(body.length - 1)
    const piece = fc.uint8Array({ maxLength: 8 })
    fc.assert(
      fc.property(at, fc.nat(8), piece, (from, cut, put) => {
        const mutant = Buffer.concat([body.subarray(0, from), put, body.subarray(from + cut)])
        const fault = faultOf(mutant)
        if (fault !== undefined) {
          expect(fault.code).to.be.oneOf(['INPUT_INVALID', 'RELAY_FILE_MISMATCH'])
          return
        }
        const read = decodeOfferWithFiles(mutant)
        offerRequest.parse(read.offer)
        for (const one of read.files) {
          expect([sha256(one.bytes), one.bytes.length]).to.deep.equal([one.sha256, one.length])
        }
        if (mutant.equals(body)) expect(read.offer).to.deep.equal(offer)
      }),
      { numRuns: 2_000 },
    )
  })

  it('is refused when one bit of a file is another', () => {
    for (let index = filesAt; index < body.length; index++) {
      const mutant = Buffer.from(body)
      mutant[index] = (mutant[index] ?? 0) ^ 1
      expect(faultOf(mutant)?.code).to.equal('RELAY_FILE_MISMATCH')
    }
  })

  it('is refused for lengths that are not true, and for what the form does not have', () => {
    const length = (value: number) => {
      const mutant = Buffer.from(body)
      mutant.writeUInt32BE(value)
      return mutant
    }
    const [first] = files
    const one = (change: object) => changed({ files: [{ ...first, bytes: undefined, ...change }] })
    const cases: Record<string, Uint8Array> = {
      nothing: Buffer.alloc(0),
      'three bytes': Buffer.alloc(3),
      'a JSON of 4 GB': length(0xffff_ffff),
      'a JSON of no bytes': length(0),
      'a JSON one byte too long': length(jsonLength + 1),
      'a JSON one byte too short': length(jsonLength - 1),
      'a byte too many': Buffer.concat([body, Buffer.alloc(1)]),
      'a byte too few': body.subarray(0, -1),
      'a negative length': one({ length: -1 }),
      'half a byte': one({ length: 0.5 }),
      'a length beyond all': one({ length: 1e308 }),
      'a file too large': one({ length: INLINE_BYTES + 1 }),
      'a length as text': one({ length: '10' }),
      'a hash that is none': one({ sha256: '../../etc/passwd' }),
      'no files': changed({ files: [] }),
      'too many files': changed({ files: Array(101).fill({ sha256: sha256(Buffer.alloc(0)), length: 0 }) }),
      'a field that is not there': changed({ isTrusted: true }),
      'a prototype': withJson(`{"__proto__":{"files":[]},"files":[]}`),
      'no UTF-8': Buffer.concat([Buffer.from([0, 0, 0, 2, 0xff, 0xfe])]),
    }
    for (const [name, bytes] of Object.entries(cases)) {
      expect(faultOf(bytes)?.code, name).to.equal('INPUT_INVALID')
    }
  })
})
