import fc from 'fast-check'
import { statusCodes } from '../../../server/edxml/codes.ts'
import type { DocumentMessage, StatusMessage } from '../../../server/edxml/envelope.ts'
import { type Receipt, receiptEvents, terminalEvents } from '../../../server/edxml/receipt.ts'

/** Any text of these lengths that the fields allow, in composed and decomposed forms and with all that XML escapes. */
function text(max: number): fc.Arbitrary<string> {
  return fc
    .oneof(
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: max }),
      fc.string({ unit: 'binary', minLength: 1, maxLength: max }),
      fc
        .array(
          fc.constantFrom(
            '<',
            '>',
            '&',
            '"',
            "'",
            ']]>',
            ' ',
            'Đ',
            'ệ',
            'e\u0323\u0302',
            '&amp;',
            '<!--',
            '𠮷',
          ),
          {
            minLength: 1,
            maxLength: max,
          },
        )
        .map((parts) => parts.join('')),
    )
    .map((value) =>
      [...value.replace(/[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}\uFEFF]/gu, '?').normalize()]
        .slice(0, max)
        .join(''),
    )
    .chain((value) => fc.constantFrom(value, value.normalize('NFD')))
}

/** Several lines of such text. */
function lines(max: number): fc.Arbitrary<string> {
  return fc.array(text(max), { minLength: 1, maxLength: 4 }).map((parts) => parts.join('\n'))
}

const organId = fc.stringMatching(/^[0-9A-Z][0-9A-Z.]{0,34}$/)
const hash = fc.stringMatching(/^[0-9a-f]{64}$/)
const identifier = fc.stringMatching(/^[0-9A-Za-z][0-9A-Za-z._:-]{0,30}$/)
const bounds = {
  min: new Date('1970-01-02T00:00:00Z'),
  max: new Date('9989-12-31T00:00:00Z'),
  noInvalidDate: true,
}
const instant = fc.date(bounds)
/** Timestamps carry seconds. */
const second = instant.map((time) => new Date(Math.floor(time.getTime() / 1000) * 1000))
const day = instant.map((time) => time.toISOString().slice(0, 10))

/** The property is there or not; `undefined` as a value does not occur. */
function sometimes<Value extends object>(optional: { [Key in keyof Value]: fc.Arbitrary<Value[Key]> }) {
  return fc.record(optional, { requiredKeys: [] })
}

function merged<Left extends object, Right extends object>(
  left: fc.Arbitrary<Left>,
  right: fc.Arbitrary<Right>,
) {
  return fc.tuple(left, right).map(([one, other]) => ({ ...one, ...other }))
}

const organization = merged(
  fc.record({ organId, organName: text(60) }),
  sometimes({
    organizationInCharge: text(60),
    organAdd: text(60),
    email: text(60),
    telephone: text(20),
    fax: text(20),
    website: text(60),
  }),
)

const responseFor = fc.record({ organId, code: text(42), documentId: text(60), promulgationDate: day })
const staffInfo = merged(
  fc.record({ department: text(60), staff: text(50) }),
  sometimes({ departmentId: text(30), staffId: text(30), email: text(30), mobile: text(20) }),
)
const flag = fc.constantFrom(0, 1)
const count = fc.nat(999)

const business = merged(
  fc.record({ businessDocType: fc.constantFrom(0 as const, 1 as const, 2 as const, 3 as const) }),
  sometimes({
    documentId: text(60),
    businessDocReason: lines(100),
    paper: count,
    businessDocumentInfo: merged(
      fc.record({ documentInfo: flag, documentReceiver: flag }),
      sometimes({
        receiverList: fc.array(
          fc.record({ organId, receiverType: fc.constantFrom(0 as const, 1 as const) }),
          {
            minLength: 1,
            maxLength: 3,
          },
        ),
      }),
    ),
    replacementInfoList: fc.array(
      merged(
        fc.record({ documentId: text(60) }),
        sometimes({ organIdList: fc.array(organId, { minLength: 1, maxLength: 3 }) }),
      ),
      { minLength: 1, maxLength: 2 },
    ),
    staffInfo,
  }),
)

const fileName = text(60).map((value) => {
  const safe = value.replace(/[/\\]/g, '_')
  return /^\.{1,2}$/.test(safe) ? 'tệp' : safe
})

const attachment = merged(
  fc.record({
    contentId: fc.uuid().map((id) => `cid:${id}`),
    contentType: fc.constantFrom('application/pdf', 'application/vnd.ms-excel', 'text/plain'),
    attachmentName: fileName,
    sha256: hash,
    length: fc.maxSafeNat(),
  }),
  sometimes({ description: text(60) }),
)

export const documents: fc.Arbitrary<DocumentMessage> = merged(
  fc.record({
    from: organization,
    to: fc.uniqueArray(organization, { minLength: 1, maxLength: 4, selector: (one) => one.organId }),
    documentId: text(100),
    code: fc.record({ codeNumber: text(11), codeNotation: text(30) }),
    promulgationInfo: merged(fc.record({ promulgationDate: day }), sometimes({ place: text(50) })),
    documentType: merged(fc.record({ type: count, typeName: text(60) }), sometimes({ typeDetail: count })),
    subject: text(120),
    signerInfo: merged(
      fc.record({ fullName: text(50) }),
      sometimes({ competence: text(60), position: text(60) }),
    ),
    responseFor: fc.array(responseFor, { maxLength: 2 }),
    traceHeaders: fc.array(merged(fc.record({ timestamp: second }), sometimes({ organId })), {
      minLength: 1,
      maxLength: 2,
    }),
    notAfter: instant,
    attachments: fc.uniqueArray(attachment, { maxLength: 3, selector: (one) => one.contentId }),
  }),
  sometimes({
    content: lines(200),
    dueDate: day,
    otherInfo: sometimes({
      priority: fc.nat(4),
      sphereOfPromulgation: text(60),
      typerNotation: text(10),
      promulgationAmount: count,
      pageAmount: count,
      replyFors: text(60),
      direction: fc.boolean(),
      referenceCodes: text(60),
      appendixes: fc.array(text(60), { minLength: 1, maxLength: 2 }),
    }),
    steeringType: fc.nat(9),
    responseForTask: fc.array(text(60), { minLength: 1, maxLength: 2 }),
    applicationType: text(60),
    toPlaces: fc.array(text(60), { minLength: 1, maxLength: 3 }),
    business,
  }),
)

export const statuses: fc.Arbitrary<StatusMessage> = merged(
  fc.record({
    from: organization,
    responseFor,
    statusCode: fc.constantFrom(...Object.keys(statusCodes)),
    timestamp: second,
  }),
  sometimes({ staffInfo, description: lines(100) }),
)

export const receipts: fc.Arbitrary<Receipt> = merged(
  fc.constantFrom(...receiptEvents).chain((event) =>
    fc.record({
      event: fc.constant(event),
      recipients: fc.uniqueArray(organId, {
        minLength: 1,
        maxLength: (terminalEvents as readonly string[]).includes(event) ? 1 : 5,
      }),
      time: instant,
      issuingNode: identifier,
      envelopeSha256: hash,
      series: fc.integer({ min: 1, max: 999_999 }),
      branchId: identifier,
      previousReceiptSha256: fc.option(hash),
    }),
  ),
  sometimes({ reasonCode: fc.stringMatching(/^[A-Z][A-Z0-9_]{0,20}$/) }),
)
