/**
 * The decoder against whatever a peer may have sealed: text that was an edXML message before it was spoiled. Either it
 * says by a code what is wrong, or it reads the one form that the message has. `CONGVAN_FUZZ_SEED` repeats a run.
 */
import { expect } from 'chai'
import fc from 'fast-check'
import { decodeDocument, decodeStatus } from '../../../server/edxml/decode.ts'
import { encodeDocument, encodeStatus } from '../../../server/edxml/encode.ts'
import { decodeReceipt, encodeReceipt } from '../../../server/edxml/receipt.ts'
import { CongvanError } from '../../../server/errors.ts'
import { SigningError, type XmlElement } from '../../../signing/index.ts'
import { readContent } from '../../../signing/xml/read-content.ts'
import { sealedXmlLimits } from '../../../signing/xml/scan.ts'
import { documents, receipts, statuses } from './arbitraries.ts'
import { spoilBytes, spoilXml, type TextEdit, textEdits } from './spoil.ts'

const seed = Number(process.env.CONGVAN_FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31))
const numRuns = Number(process.env.CONGVAN_FUZZ_RUNS ?? 800)
/** After this no further message is made. */
const BUDGET_MS = 3_000
/** No message of this size may take longer to judge, on however slow a machine. */
const LONGEST_MS = 2_000
const LEAST_RUNS = 100

const kinds = {
  document: {
    xml: documents.map(encodeDocument),
    again: (root: XmlElement) => encodeDocument(decodeDocument(root)),
  },
  status: {
    xml: statuses.map(encodeStatus),
    again: (root: XmlElement) => encodeStatus(decodeStatus(root)),
  },
  receipt: {
    xml: receipts.map(encodeReceipt),
    again: (root: XmlElement) => encodeReceipt(decodeReceipt(root)),
  },
}

describe(`strict edXML decoder: fuzz (seed ${seed})`, function () {
  this.timeout(BUDGET_MS + 30_000)

  for (const [kind, { xml, again }] of Object.entries(kinds)) {
    it(`reads a ${kind} that was spoiled as the one form it has, or says what is wrong`, () => {
      const codes = new Map<string, number>()
      const judge = (bytes: Uint8Array) => {
        const begun = Date.now()
        const code = codeOf(() => {
          const { root } = readContent(bytes, sealedXmlLimits)
          // What was read is written the same: nothing was passed over, and nothing has two forms.
          const written = readContent(Buffer.from(again(root)), sealedXmlLimits).root
          expect(written).to.deep.equal(root)
        })
        expect(Date.now() - begun).to.be.lessThan(LONGEST_MS)
        codes.set(code, (codes.get(code) ?? 0) + 1)
      }
      const spoiled = fc.property(
        xml,
        textEdits,
        fc.boolean(),
        (text, edits: readonly TextEdit[], bytewise) => {
          judge(bytewise ? spoilBytes(Buffer.from(text), edits) : Buffer.from(spoilXml(text, edits)))
        },
      )
      // So many however slow the machine is; the rest as its time allows.
      fc.assert(spoiled, { seed: seed + 1, numRuns: LEAST_RUNS })
      fc.assert(spoiled, {
        seed,
        numRuns,
        interruptAfterTimeLimit: BUDGET_MS,
        markInterruptAsFailure: false,
      })
      // A fuzz of nothing but noise, or of nothing spoiled, would show nothing.
      expect([...codes.keys()], JSON.stringify([...codes])).to.include.members(['read', 'INPUT_INVALID'])
      expect(codes.size).to.be.greaterThan(2)
    })
  }
})

/** The stable code with which it was refused; any other error is one of ours and fails the test. */
function codeOf(read: () => void): string {
  try {
    read()
    return 'read'
  } catch (error) {
    if (!(error instanceof SigningError || error instanceof CongvanError)) throw error
    expect(error.code).to.match(/^(XML_[A-Z_]+|INPUT_INVALID)$/)
    return error.code
  }
}
