import { EDXML, isNamed, type XmlElement } from '../../signing/index.ts'
import { CongvanError } from '../errors.ts'
import { ElementReader, leafOf, textLeaf, withoutAbsent } from './element-reader.ts'
import {
  type DocumentMessage,
  documentMessage,
  MAX_RECIPIENTS,
  type StatusMessage,
  statusMessage,
} from './envelope.ts'
import { narrow } from './narrow.ts'
import {
  CONGVAN_EDXML,
  readBoolean,
  readDate,
  readInstant,
  readInteger,
  readTimestamp,
} from './xml-values.ts'

/**
 * The strict decoder of sealed messages. It takes the verified element, never bytes: what was checked is what is
 * read. Messages of other software, in other orders and with attachments inline, are read elsewhere.
 */

const dateLeaf = leafOf(readDate)
const timestampLeaf = leafOf(readTimestamp)
const integerLeaf = leafOf(readInteger)
const booleanLeaf = leafOf(readBoolean)
const instantLeaf = leafOf(readInstant)

/**
 * @param root the verified `edXML` element without its signature
 * @throws CongvanError `INPUT_INVALID` naming the element
 */
export function decodeDocument(root: XmlElement): DocumentMessage {
  const envelope = openEnvelope(root)
  const header = envelope.take('edXMLHeader', readerOf)
  const message = header.take('MessageHeader', readMessageHeader)
  const trace = header.take('TraceHeaderList', readTraceHeaderList)
  const notAfter = header.take('NotAfter', instantLeaf, CONGVAN_EDXML)
  header.finish()
  const body = envelope.take('edXMLBody', readerOf)
  const attachments = body.take('edXMLManifest', readManifest)
  body.finish()
  envelope.finish()
  return narrow(documentMessage, withoutAbsent({ ...message, ...trace, notAfter, attachments }))
}

/**
 * @param root the verified `edXML` element without its signature
 * @throws CongvanError `INPUT_INVALID` naming the element
 */
export function decodeStatus(root: XmlElement): StatusMessage {
  const envelope = openEnvelope(root)
  const header = envelope.take('edXMLHeader', readerOf)
  envelope.finish()
  const reader = header.take('MessageHeader', readerOf)
  header.finish()
  const message = withoutAbsent({
    from: reader.take('From', readOrganization),
    responseFor: reader.take('ResponseFor', readResponseFor),
    staffInfo: reader.optional('StaffInfo', readStaffInfo),
    statusCode: reader.take('StatusCode', textLeaf),
    description: reader.optional('Description', textLeaf),
    timestamp: reader.take('Timestamp', timestampLeaf),
  })
  reader.finish()
  return narrow(statusMessage, message)
}

function openEnvelope(root: XmlElement): ElementReader {
  if (!isNamed(root, { namespace: EDXML, localName: 'edXML' })) {
    throw new CongvanError('INPUT_INVALID', {
      field: root.localName,
      reason: 'không phải thông điệp edXML / is no edXML message',
    })
  }
  const file = new ElementReader(root, 'edXML')
  const envelope = file.take('edXMLEnvelope', readerOf)
  file.finish()
  return envelope
}

function readerOf(element: XmlElement, path: string): ElementReader {
  return new ElementReader(element, path)
}

/** Reads a whole element: `read` asks for its children, then nothing may be left. */
function whole<Properties extends object>(read: (reader: ElementReader) => Properties) {
  return (element: XmlElement, path: string) => {
    const reader = new ElementReader(element, path)
    const properties = withoutAbsent(read(reader))
    reader.finish()
    return properties
  }
}

function listOf(itemName: string, max: number) {
  return (element: XmlElement, path: string) => {
    const reader = new ElementReader(element, path)
    const values = reader.many(itemName, max, textLeaf)
    reader.finish()
    return values
  }
}

const readOrganization = whole((reader) => ({
  organId: reader.take('OrganId', textLeaf),
  organizationInCharge: reader.optional('OrganizationInCharge', textLeaf),
  organName: reader.take('OrganName', textLeaf),
  organAdd: reader.optional('OrganAdd', textLeaf),
  email: reader.optional('Email', textLeaf),
  telephone: reader.optional('Telephone', textLeaf),
  fax: reader.optional('Fax', textLeaf),
  website: reader.optional('Website', textLeaf),
}))

const readResponseFor = whole((reader) => ({
  organId: reader.take('OrganId', textLeaf),
  code: reader.take('Code', textLeaf),
  documentId: reader.take('DocumentId', textLeaf),
  promulgationDate: reader.take('PromulgationDate', dateLeaf),
}))

const readStaffInfo = whole((reader) => ({
  department: reader.take('Department', textLeaf),
  departmentId: reader.optional('DepartmentId', textLeaf),
  staff: reader.take('Staff', textLeaf),
  staffId: reader.optional('StaffId', textLeaf),
  email: reader.optional('Email', textLeaf),
  mobile: reader.optional('Mobile', textLeaf),
}))

const readOtherInfo = whole((reader) => ({
  priority: reader.optional('Priority', integerLeaf),
  sphereOfPromulgation: reader.optional('SphereOfPromulgation', textLeaf),
  typerNotation: reader.optional('TyperNotation', textLeaf),
  promulgationAmount: reader.optional('PromulgationAmount', integerLeaf),
  pageAmount: reader.optional('PageAmount', integerLeaf),
  replyFors: reader.optional('ReplyFors', textLeaf),
  direction: reader.optional('Direction', booleanLeaf),
  referenceCodes: reader.optional('ReferenceCodes', textLeaf),
  appendixes: reader.optional('Appendixes', listOf('Appendix', 100)),
}))

const readMessageHeader = whole((reader) => ({
  from: reader.take('From', readOrganization),
  to: reader.many('To', MAX_RECIPIENTS, readOrganization),
  documentId: reader.take('DocumentId', textLeaf),
  code: reader.take(
    'Code',
    whole((code) => ({
      codeNumber: code.take('CodeNumber', textLeaf),
      codeNotation: code.take('CodeNotation', textLeaf),
    })),
  ),
  promulgationInfo: reader.take(
    'PromulgationInfo',
    whole((info) => ({
      place: info.optional('Place', textLeaf),
      promulgationDate: info.take('PromulgationDate', dateLeaf),
    })),
  ),
  documentType: reader.take(
    'DocumentType',
    whole((type) => ({
      type: type.take('Type', integerLeaf),
      typeDetail: type.optional('TypeDetail', integerLeaf),
      typeName: type.take('TypeName', textLeaf),
    })),
  ),
  subject: reader.take('Subject', textLeaf),
  content: reader.optional('Content', textLeaf),
  signerInfo: reader.take(
    'SignerInfo',
    whole((signer) => ({
      competence: signer.optional('Competence', textLeaf),
      position: signer.optional('Position', textLeaf),
      fullName: signer.take('FullName', textLeaf),
    })),
  ),
  dueDate: reader.optional('DueDate', dateLeaf),
  otherInfo: reader.optional('OtherInfo', readOtherInfo),
  responseFor: reader.many('ResponseFor', 100, readResponseFor),
  steeringType: reader.optional('SteeringType', integerLeaf),
  responseForTask: reader.optional('ResponseForTask', listOf('TaskCode', 100)),
  applicationType: reader.optional('ApplicationType', textLeaf),
  toPlaces: reader.optional('ToPlaces', listOf('Place', 1000)),
}))

const readDocumentInfo = whole((info) => ({
  documentInfo: info.take('DocumentInfo', integerLeaf),
  documentReceiver: info.take('DocumentReceiver', integerLeaf),
  receiverList: info.optional(
    'ReceiverList',
    itemsOf('Receiver', MAX_RECIPIENTS, (receiver) => ({
      organId: receiver.take('OrganId', textLeaf),
      receiverType: receiver.take('ReceiverType', integerLeaf),
    })),
  ),
}))

function itemsOf<Properties extends object>(
  itemName: string,
  max: number,
  read: (reader: ElementReader) => Properties,
) {
  return (element: XmlElement, path: string) => {
    const reader = new ElementReader(element, path)
    const items = reader.many(itemName, max, whole(read))
    reader.finish()
    return items
  }
}

const readBusiness = whole((reader) => ({
  documentId: reader.optional('DocumentId', textLeaf),
  businessDocType: reader.take('BussinessDocType', integerLeaf),
  businessDocReason: reader.optional('BussinessDocReason', textLeaf),
  paper: reader.optional('Paper', integerLeaf),
  businessDocumentInfo: reader.optional('BussinessDocumentInfo', readDocumentInfo),
  replacementInfoList: reader.optional(
    'ReplacementInfoList',
    itemsOf('ReplacementInfo', 100, (replacement) => ({
      documentId: replacement.take('DocumentId', textLeaf),
      organIdList: replacement.optional('OrganIdList', listOf('OrganId', MAX_RECIPIENTS)),
    })),
  ),
  staffInfo: reader.optional('StaffInfo', readStaffInfo),
}))

const readTraceHeaderList = whole((reader) => ({
  business: reader.optional('Bussiness', readBusiness),
  traceHeaders: reader.many(
    'TraceHeader',
    16,
    whole((trace) => ({
      organId: trace.optional('OrganId', textLeaf),
      timestamp: trace.take('Timestamp', timestampLeaf),
    })),
  ),
}))

const readAttachment = whole((reader) => ({
  contentId: reader.take('ContentId', textLeaf),
  contentType: reader.take('ContentType', textLeaf),
  description: reader.optional('Description', textLeaf),
  attachmentName: reader.take('AttachmentName', textLeaf),
  ...reader.take(
    'File',
    whole((file) => ({
      sha256: file.take('Sha256', textLeaf, CONGVAN_EDXML),
      length: file.take('Length', integerLeaf, CONGVAN_EDXML),
    })),
    CONGVAN_EDXML,
  ),
}))

function readManifest(element: XmlElement, path: string) {
  const reader = new ElementReader(element, path, { version: '1.0' })
  const attachments = reader.many('Reference', 100, readAttachment)
  reader.finish()
  return attachments
}
