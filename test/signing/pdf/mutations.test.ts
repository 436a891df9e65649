/**
 * What no change of bytes may achieve (issue 2): a byte inside a byte range changed means `TOTAL_FAILED`, and a
 * changed value in `/Contents` is never `TOTAL_PASSED`.
 */
import { expect } from 'chai'
import fc from 'fast-check'
import { readSignedBytes } from '../../../signing/pdf/byte-range.ts'
import { findSignatures } from '../../../signing/pdf/find-signatures.ts'
import { pdfDict } from '../../../signing/pdf/objects.ts'
import { openPdf } from '../../../signing/pdf/pdf-file.ts'
import { verifyPdf } from '../../../signing/pdf/verify-pdf.ts'
import type { VerificationPolicy } from '../../../signing/policy.ts'
import { policyOf } from '../cms/signatures.ts'
import { issueLetter, makeSigners } from './signers.ts'
import { smallPdf } from './small-pdf.ts'

interface Sample {
  readonly name: string
  readonly bytes: Uint8Array
  readonly policy: VerificationPolicy
  /** Offsets of the first digit of the last signature's `/Contents` and of the `>` behind it. */
  readonly contents: readonly [number, number]
}

describe('changed bytes of an issued document', () => {
  const samples: Sample[] = []
  /** Documents of one signature, and every how many-th byte of its CMS is changed. */
  const single: [Sample, number][] = []

  before(async () => {
    for (const [algorithm, objectStreams] of [
      ['P-256', false],
      ['P-256', true],
      ['RSA-2048', false],
    ] as const) {
      const signers = await makeSigners(algorithm)
      const policy = policyOf(signers.pki)
      const { signed, issued } = await issueLetter(await smallPdf({ objectStreams }), signers)
      const name = `${algorithm}, ${objectStreams ? 'streams' : 'table'}`
      samples.push(sampleOf(name, issued, policy))
      if (!objectStreams) single.push([sampleOf(name, signed, policy), algorithm === 'P-256' ? 1 : 7])
    }
  })

  function sampleOf(name: string, bytes: Uint8Array, policy: VerificationPolicy): Sample {
    const dict = findSignatures(openPdf(bytes)).signatures.at(-1)?.dict ?? pdfDict({})
    const { range } = readSignedBytes(bytes, dict)
    if (range === undefined) throw new Error('no signature')
    expect(verifyPdf(bytes, policy).indication).to.equal('TOTAL_PASSED')
    return { name, bytes, policy, contents: [range[1] + 1, range[2] - 1] }
  }

  function verdict({ bytes, policy }: Sample, at: number, value: number): string {
    const changed = Uint8Array.from(bytes)
    changed[at] = value
    return verifyPdf(changed, policy).indication
  }

  /** From the header of its SEQUENCE, whose length takes two bytes here. */
  function cmsLength({ bytes, contents: [start] }: Sample): number {
    const header = Buffer.from(Buffer.from(bytes.subarray(start, start + 8)).toString('latin1'), 'hex')
    return 4 + header.readUInt16BE(2)
  }

  it('fails on every changed byte that is signed', () => {
    const change = fc.record({
      sample: fc.nat(2),
      at: fc.nat(),
      // Bits as a transmission error flips them, and bytes that mean something to a parser.
      value: fc.oneof(fc.constantFrom(...Buffer.from('\0\n\r %()/<>[]0123456789nfRx')), fc.nat(255)),
    })
    fc.assert(
      fc.property(change, ({ sample: index, at, value }) => {
        const sample = samples[index]
        if (sample === undefined) throw new Error('no sample')
        const offset = at % sample.bytes.length
        const [start, end] = sample.contents
        fc.pre((offset < start || offset >= end) && sample.bytes[offset] !== value)
        expect(verdict(sample, offset, value), `${sample.name}, byte ${offset} to ${value}`).to.equal(
          'TOTAL_FAILED',
        )
      }),
      { numRuns: 400 },
    )
  })

  it('fails on every byte around the signatures and at the end of the file', () => {
    for (const sample of samples.slice(0, 1)) {
      const [start, end] = sample.contents
      const { length } = sample.bytes
      const around = [start - 90, end, length - 260].flatMap((from) =>
        Array.from({ length: 90 }, (_, i) => from + i),
      )
      for (const at of around) {
        if (at >= start && at < end) continue
        const value = ' 9%'.charCodeAt(at % 3)
        if (sample.bytes[at] === value) continue
        expect(verdict(sample, at, value), `byte ${at} to ${value}`).to.equal('TOTAL_FAILED')
      }
    }
  })

  it('ends with a verdict whatever is changed in several places', () => {
    const piece = fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 5 }),
      fc
        .constantFrom('endobj', '0 R', '<<', '>>', '/Prev 9', '/Kids', 'stream', '99999')
        .map((text) => Buffer.from(text)),
    )
    const change = fc.record({ at: fc.nat(), piece })
    fc.assert(
      fc.property(fc.nat(2), fc.array(change, { minLength: 1, maxLength: 8 }), (index, changes) => {
        const sample = samples[index]
        if (sample === undefined) throw new Error('no sample')
        const bytes = Uint8Array.from(sample.bytes)
        for (const { at, piece: put } of changes) {
          const offset = at % (bytes.length - put.length)
          // Digits of /Contents may change their case without changing their value.
          if (offset + put.length < sample.contents[0] || offset >= sample.contents[1]) bytes.set(put, offset)
        }
        const same = Buffer.compare(bytes, sample.bytes) === 0
        expect(verifyPdf(bytes, sample.policy).indication === 'TOTAL_PASSED').to.equal(same)
      }),
      { numRuns: 300 },
    )
  })

  it('never passes with another value in /Contents', () => {
    for (const [sample, step] of single) {
      const [start, end] = sample.contents
      const paddingStart = start + 2 * cmsLength(sample)
      let changed = 0
      for (let byte = 0; start + 2 * byte < end; byte += 1) {
        const isPadding = start + 2 * byte >= paddingStart
        // Every byte of the CMS, in turn its high and its low digit; of the padding the ends and some in between.
        if (isPadding ? byte % 256 !== 0 && start + 2 * byte < end - 2 : byte % step !== 0) continue
        const at = start + 2 * byte + (byte % 2)
        const digit = Number.parseInt(String.fromCharCode(sample.bytes[at] ?? 0), 16)
        const other = (digit ^ (1 << ((byte >> 1) % 4))).toString(16).charCodeAt(0)
        expect(verdict(sample, at, other), `${sample.name}, byte ${byte}`).not.to.equal('TOTAL_PASSED')
        changed += 1
      }
      expect(changed).to.be.greaterThan(cmsLength(sample) / step)
    }
  })

  it('does not take anything but hexadecimal digits in /Contents', () => {
    for (const sample of samples) {
      const [start, end] = sample.contents
      for (const at of [start, start + 1, end - 1, end - 40]) {
        for (const value of Buffer.from(' \n\0>g'))
          expect(verdict(sample, at, value)).to.equal('TOTAL_FAILED')
      }
    }
  })
})
