/**
 * What no change of bytes may achieve (issue 2): a byte inside a byte range changed means `TOTAL_FAILED`, and a
 * changed value in `/Contents` is never `TOTAL_PASSED`.
 */
import { expect } from 'chai'
import { SigningError } from '../../../signing/errors.ts'
import { readSignedBytes } from '../../../signing/pdf/byte-range.ts'
import { findSignatures } from '../../../signing/pdf/find-signatures.ts'
import { pdfDict } from '../../../signing/pdf/objects.ts'
import { openPdf } from '../../../signing/pdf/pdf-file.ts'
import { verifyPdf } from '../../../signing/pdf/verify-pdf.ts'
import type { VerificationPolicy } from '../../../signing/policy.ts'
import type { VerificationReport } from '../../../signing/report.ts'
import { policyOf } from '../cms/signatures.ts'
import { type MutationKind, mutate, mutationKinds, seeded } from './mutate.ts'
import { type MutationSample, makeSamples } from './mutation-samples.ts'
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

/** How many changes are tried: many on the build server, fewer at a desk, more on demand. */
const wanted = Number(process.env.CONGVAN_MUTATIONS ?? (process.env.CI ? 100_000 : 10_000))

describe('signed documents under random changes', () => {
  let samples: readonly MutationSample[]

  before(async () => {
    samples = await makeSamples()
  })

  it('hold as they are', () => {
    for (const { name, bytes, policy, password } of samples) {
      expect(verifyPdf(bytes, policy, password).indication, name).to.equal('TOTAL_PASSED')
    }
  })

  it(`never pass with another byte, in ${wanted} changes`, function () {
    this.timeout(wanted * 20 + 60_000)
    const seed = Number(process.env.CONGVAN_MUTATION_SEED ?? Math.floor(Math.random() * 2 ** 32))
    const random = seeded(seed)
    const counts = new Map<MutationKind, number>(mutationKinds.map((kind) => [kind, 0]))
    let tried = 0
    while (tried < wanted) {
      const sample = samples[random(samples.length)]
      if (sample === undefined) throw new Error('no sample')
      if (sample.heavy && random(5) > 0) continue
      const { name, bytes, policy, password, contents, hot } = sample
      const mutation = mutate(bytes, random, hot)
      if (keepsSignedBytes(bytes, mutation.bytes)) continue
      const what = `seed ${seed}, change ${tried}: ${mutation.kind} at ${mutation.at} of ${name}`
      const found = outcome(mutation.bytes, policy, password, what)
      tried += 1
      counts.set(mutation.kind, (counts.get(mutation.kind) ?? 0) + 1)
      if (keepsContents(bytes, mutation.bytes, contents)) {
        // Without its encryption dictionary nobody can say what an encrypted file holds.
        const isClosed = found?.errors.some(
          ({ code }) => code === 'PDF_ENCRYPTED' || code === 'PDF_PASSWORD_WRONG',
        )
        if (isClosed)
          expect([found?.indication, found?.signatures], what).to.deep.equal(['INDETERMINATE', []])
        else {
          // A swap may hit both the field's /V and the name of /ByteRange: then nothing in the file tells of a signature.
          const isTold = Buffer.from(mutation.bytes).includes('/ByteRange')
          const due = found?.indication === 'NO_SIGNATURE' && !isTold ? 'NO_SIGNATURE' : 'TOTAL_FAILED'
          expect(found?.indication ?? 'TOTAL_FAILED', what).to.equal(due)
        }
        continue
      }
      // A changed CMS may name what nobody knows, and then nothing can be said; it never passes. The case of a digit
      // changes nothing, and no signature covers its own time-stamp: who breaks that takes away the proof of the time.
      if (found?.indication !== 'TOTAL_PASSED' || sameDigits(bytes, mutation.bytes)) continue
      const onlyStamp =
        sample.stamped &&
        differsInside(bytes, mutation.bytes, contents) &&
        found.signatures.some(({ provenTime }) => provenTime === null)
      expect(onlyStamp, what).to.equal(true)
    }
    const told = [...counts].map(([kind, count]) => `${kind} ${count}`).join(', ')
    process.stderr.write(`      ${tried} changes of ${samples.length} documents: ${told}; seed ${seed}\n`)
    expect([...counts.values()].every((count) => count > 0)).to.equal(true)
  })
})

/** The report; bytes that no longer claim to be a PDF have none. */
function outcome(
  bytes: Uint8Array,
  policy: VerificationPolicy,
  password: MutationSample['password'],
  what: string,
): VerificationReport | undefined {
  try {
    return verifyPdf(bytes, policy, password)
  } catch (error) {
    if (error instanceof SigningError && error.code === 'PDF_NOT_A_PDF') return undefined
    throw new Error(what, { cause: error })
  }
}

/** Whether all bytes are there as they were, with nothing behind them but white space. */
function keepsSignedBytes(before: Uint8Array, after: Uint8Array): boolean {
  if (Buffer.compare(before, after.subarray(0, before.length)) !== 0) return false
  return /^[\0\t\n\f\r ]*$/.test(Buffer.from(after.subarray(before.length)).toString('latin1'))
}

/** Whether the values of all `/Contents` are still there, wherever they stand now. */
function keepsContents(
  before: Uint8Array,
  after: Uint8Array,
  contents: readonly (readonly [start: number, end: number])[],
): boolean {
  const text = Buffer.from(after.buffer, after.byteOffset, after.byteLength)
  return contents.every(([start, end]) => text.includes(Buffer.from(before.subarray(start, end))))
}

/** Whether the changed file is as long as it was and differs only in values of `/Contents`. */
function differsInside(
  before: Uint8Array,
  after: Uint8Array,
  contents: readonly (readonly [start: number, end: number])[],
): boolean {
  if (before.length !== after.length) return false
  let at = 0
  for (const [start, end] of contents) {
    if (Buffer.compare(before.subarray(at, start), after.subarray(at, start)) !== 0) return false
    at = end
  }
  return Buffer.compare(before.subarray(at), after.subarray(at)) === 0
}

function sameDigits(before: Uint8Array, after: Uint8Array): boolean {
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1').toLowerCase()
  return text(before) === text(after)
}
