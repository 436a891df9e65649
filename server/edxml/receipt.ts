import { z } from 'zod'
import {
  elementMaker,
  RECEIPT,
  writeCanonical,
  XML_DECLARATION,
  type XmlElement,
} from '../../signing/index.ts'
import { ElementReader, leafOf, textLeaf, withoutAbsent } from './element-reader.ts'
import { MAX_RECIPIENTS } from './envelope.ts'
import { narrow } from './narrow.ts'
import {
  type Opened,
  type OpenOptions,
  openXml,
  type Sealed,
  type SealOptions,
  sealXml,
} from './sealed-xml.ts'
import { duplicateKeys, identifier, integer, moment, organId, sha256 } from './values.ts'
import { readInstant, readInteger, writeInstant } from './xml-values.ts'

/**
 * Receipts (biên nhận): a node's sealed evidence of what it did with an envelope. The names of events follow ETSI
 * EN 319 522-1 clause 6.2; `Expiry` is ours, for a delivery whose time ran out.
 */
export const receiptEvents = [
  'SubmissionAcceptance',
  'SubmissionRejection',
  'RelayAcceptance',
  'RelayRejection',
  'RelayFailure',
  'ContentConsignment',
  'ContentConsignmentFailure',
  'ContentHandover',
  'ContentHandoverFailure',
  'Expiry',
] as const
export type ReceiptEvent = (typeof receiptEvents)[number]

/** Of each (delivery, attempt series) exactly one of these exists, so such a receipt speaks of one recipient. */
export const terminalEvents = [
  'ContentConsignment',
  'ContentConsignmentFailure',
  'RelayRejection',
  'Expiry',
] as const satisfies readonly ReceiptEvent[]

const receipt = z
  .strictObject({
    event: z.literal(receiptEvents, { error: 'sự kiện không có trong danh mục / is no event of the table' }),
    reasonCode: z
      .string()
      .regex(/^[A-Z][A-Z0-9_]{0,63}$/, 'phải là mã lỗi viết hoa / must be an error code')
      .exactOptional(),
    /** For the sender's people: e.g. who took over from a recipient that was closed. */
    reasonText: z.string().trim().min(1).max(2000).exactOptional(),
    time: moment,
    /** The node that seals the receipt. */
    issuingNode: identifier,
    envelopeSha256: sha256,
    /** Attempt series, from 1; a re-drive opens the next. */
    series: integer(1, 999_999),
    branchId: identifier,
    /** Agency codes. */
    recipients: z.array(organId).min(1).max(MAX_RECIPIENTS),
    /** SHA-256 of the receipt that this one follows; null at the start of a chain. */
    previousReceiptSha256: sha256.nullable(),
  })
  .check((context) => {
    const { event, recipients } = context.value
    const refuse = (path: (string | number)[], message: string) =>
      context.issues.push({ code: 'custom', message, input: context.value, path })
    for (const at of duplicateKeys(recipients)) refuse(['recipients', at], 'bị trùng / is a duplicate')
    if ((terminalEvents as readonly ReceiptEvent[]).includes(event) && recipients.length > 1) {
      refuse(['recipients'], `${event} chỉ cho một nơi nhận / ${event} is for one recipient only`)
    }
  })
export type Receipt = z.infer<typeof receipt>

const root = { namespace: RECEIPT, localName: 'Receipt' }
const element = elementMaker(RECEIPT, '')
const leaf = (name: string, value: string | number) => element(name, {}, [String(value)])

/**
 * The unsealed XML of a receipt, with its declaration, in exclusive canonical form.
 *
 * @throws CongvanError `INPUT_INVALID` naming the element
 */
export function encodeReceipt(input: Receipt): string {
  const valid = narrow(receipt, input)
  return (
    XML_DECLARATION +
    writeCanonical(
      element('Receipt', {}, [
        leaf('Event', valid.event),
        ...(valid.reasonCode === undefined ? [] : [leaf('ReasonCode', valid.reasonCode)]),
        ...(valid.reasonText === undefined ? [] : [leaf('ReasonText', valid.reasonText)]),
        leaf('Time', writeInstant(valid.time)),
        leaf('IssuingNode', valid.issuingNode),
        leaf('EnvelopeSha256', valid.envelopeSha256),
        leaf('Series', valid.series),
        leaf('BranchId', valid.branchId),
        element(
          'Recipients',
          {},
          valid.recipients.map((one) => leaf('OrganId', one)),
        ),
        ...(valid.previousReceiptSha256 === null
          ? []
          : [leaf('PreviousReceiptSha256', valid.previousReceiptSha256)]),
      ]),
    )
  )
}

/**
 * @param verified the verified `Receipt` element without its signature
 * @throws CongvanError `INPUT_INVALID` naming the element
 */
export function decodeReceipt(verified: XmlElement): Receipt {
  const reader = new ElementReader(verified, 'Receipt')
  const properties = withoutAbsent({
    event: reader.take('Event', textLeaf, RECEIPT),
    reasonCode: reader.optional('ReasonCode', textLeaf, RECEIPT),
    reasonText: reader.optional('ReasonText', textLeaf, RECEIPT),
    time: reader.take('Time', leafOf(readInstant), RECEIPT),
    issuingNode: reader.take('IssuingNode', textLeaf, RECEIPT),
    envelopeSha256: reader.take('EnvelopeSha256', textLeaf, RECEIPT),
    series: reader.take('Series', leafOf(readInteger), RECEIPT),
    branchId: reader.take('BranchId', textLeaf, RECEIPT),
    recipients: reader.take('Recipients', readRecipients, RECEIPT),
    previousReceiptSha256: reader.optional('PreviousReceiptSha256', textLeaf, RECEIPT) ?? null,
  })
  reader.finish()
  return narrow(receipt, properties)
}

function readRecipients(recipients: XmlElement, path: string): string[] {
  const reader = new ElementReader(recipients, path)
  const codes = reader.many('OrganId', MAX_RECIPIENTS, textLeaf, RECEIPT)
  reader.finish()
  return codes
}

/**
 * Seals a receipt with the node's key.
 *
 * @throws CongvanError `INPUT_INVALID`; SigningError of the key
 */
export async function sealReceipt(input: Receipt, options: SealOptions): Promise<Sealed> {
  return sealXml(encodeReceipt(input), root, options)
}

/**
 * Verifies the seal of a receipt and reads what it covers.
 *
 * @throws SigningError where the seal does not hold; CongvanError `INPUT_INVALID` where the content is no receipt
 */
export function openReceipt(xml: Uint8Array, options: OpenOptions): Opened<Receipt> {
  return openXml(xml, root, options, decodeReceipt)
}
