import { EDXML, elementMaker, writeCanonical, XML_DECLARATION, type XmlElement } from '../../signing/index.ts'
import { CongvanError } from '../errors.ts'
import { isPriority, isStatusCode } from './codes.ts'
import {
  type Attachment,
  type Business,
  type DocumentMessage,
  documentMessage,
  type Organization,
  type OtherInfo,
  type ResponseFor,
  type StaffInfo,
  type StatusMessage,
  statusMessage,
} from './envelope.ts'
import { narrow } from './narrow.ts'
import { CONGVAN_EDXML, writeDate, writeInstant, writeTimestamp } from './xml-values.ts'

/**
 * The strict encoder: elements in the order in which the software of the national axis writes them, no white space
 * between them, values in their one form, in exclusive canonical form. What it writes `decode.ts` reads back to
 * the same message.
 */

type Content = (XmlElement | undefined)[]

/** The standard puts the outer elements under the prefix `edXML` and the inner ones into the default namespace. */
const outer = elementMaker(EDXML, 'edXML')
const inner = elementMaker(EDXML, '')
const own = elementMaker(CONGVAN_EDXML, 'cv')

function element(name: string, ...children: Content): XmlElement {
  return inner(name, {}, present(children))
}

function present(children: Content): XmlElement[] {
  return children.filter((child) => child !== undefined)
}

/** A leaf, or nothing where the value is absent. */
function leaf(name: string, value: string | number | boolean | undefined): XmlElement | undefined {
  return value === undefined ? undefined : inner(name, {}, [String(value)])
}

function date(name: string, value: string | undefined): XmlElement | undefined {
  return leaf(name, value === undefined ? undefined : writeDate(value))
}

function list(name: string, itemName: string, values: readonly string[] | undefined): XmlElement | undefined {
  return values === undefined ? undefined : element(name, ...values.map((value) => leaf(itemName, value)))
}

/**
 * The unsealed XML of a document message, with its declaration.
 *
 * @throws CongvanError `INPUT_INVALID` naming the element
 */
export function encodeDocument(message: DocumentMessage): string {
  const valid = narrow(documentMessage, message)
  const priority = valid.otherInfo?.priority
  if (priority !== undefined && !isPriority(priority)) throw unknownCode('OtherInfo/Priority', priority)
  return file(
    outer('edXMLHeader', {}, [
      messageHeader(valid),
      outer('TraceHeaderList', {}, [
        ...present([valid.business && business(valid.business)]),
        ...valid.traceHeaders.map((trace) =>
          element(
            'TraceHeader',
            leaf('OrganId', trace.organId),
            leaf('Timestamp', writeTimestamp(trace.timestamp)),
          ),
        ),
      ]),
      own('NotAfter', {}, [writeInstant(valid.notAfter)]),
    ]),
    outer('edXMLBody', {}, [inner('edXMLManifest', { version: '1.0' }, valid.attachments.map(reference))]),
  )
}

/**
 * The unsealed XML of a status message, with its declaration.
 *
 * @throws CongvanError `INPUT_INVALID` naming the element; a status code of no table is refused here
 */
export function encodeStatus(message: StatusMessage): string {
  const valid = narrow(statusMessage, message)
  if (!isStatusCode(valid.statusCode)) throw unknownCode('StatusCode', valid.statusCode)
  return file(
    outer('edXMLHeader', {}, [
      outer(
        'MessageHeader',
        {},
        present([
          organization('From', valid.from),
          responseFor(valid.responseFor),
          valid.staffInfo && staffInfo(valid.staffInfo),
          leaf('StatusCode', valid.statusCode),
          leaf('Description', valid.description),
          leaf('Timestamp', writeTimestamp(valid.timestamp)),
        ]),
      ),
    ]),
  )
}

function file(...envelope: XmlElement[]): string {
  return XML_DECLARATION + writeCanonical(inner('edXML', {}, [outer('edXMLEnvelope', {}, envelope)]))
}

function messageHeader(message: DocumentMessage): XmlElement {
  const { code, promulgationInfo, documentType, signerInfo } = message
  return outer(
    'MessageHeader',
    {},
    present([
      organization('From', message.from),
      ...message.to.map((one) => organization('To', one)),
      leaf('DocumentId', message.documentId),
      element('Code', leaf('CodeNumber', code.codeNumber), leaf('CodeNotation', code.codeNotation)),
      element(
        'PromulgationInfo',
        leaf('Place', promulgationInfo.place),
        date('PromulgationDate', promulgationInfo.promulgationDate),
      ),
      element(
        'DocumentType',
        leaf('Type', documentType.type),
        leaf('TypeDetail', documentType.typeDetail),
        leaf('TypeName', documentType.typeName),
      ),
      leaf('Subject', message.subject),
      leaf('Content', message.content),
      element(
        'SignerInfo',
        leaf('Competence', signerInfo.competence),
        leaf('Position', signerInfo.position),
        leaf('FullName', signerInfo.fullName),
      ),
      date('DueDate', message.dueDate),
      message.otherInfo && otherInfo(message.otherInfo),
      ...message.responseFor.map(responseFor),
      leaf('SteeringType', message.steeringType),
      list('ResponseForTask', 'TaskCode', message.responseForTask),
      leaf('ApplicationType', message.applicationType),
      list('ToPlaces', 'Place', message.toPlaces),
    ]),
  )
}

function organization(name: string, value: Organization): XmlElement {
  return element(
    name,
    leaf('OrganId', value.organId),
    leaf('OrganizationInCharge', value.organizationInCharge),
    leaf('OrganName', value.organName),
    leaf('OrganAdd', value.organAdd),
    leaf('Email', value.email),
    leaf('Telephone', value.telephone),
    leaf('Fax', value.fax),
    leaf('Website', value.website),
  )
}

function otherInfo(value: OtherInfo): XmlElement {
  return element(
    'OtherInfo',
    leaf('Priority', value.priority),
    leaf('SphereOfPromulgation', value.sphereOfPromulgation),
    leaf('TyperNotation', value.typerNotation),
    leaf('PromulgationAmount', value.promulgationAmount),
    leaf('PageAmount', value.pageAmount),
    leaf('ReplyFors', value.replyFors),
    leaf('Direction', value.direction),
    leaf('ReferenceCodes', value.referenceCodes),
    list('Appendixes', 'Appendix', value.appendixes),
  )
}

function responseFor(value: ResponseFor): XmlElement {
  return element(
    'ResponseFor',
    leaf('OrganId', value.organId),
    leaf('Code', value.code),
    leaf('DocumentId', value.documentId),
    date('PromulgationDate', value.promulgationDate),
  )
}

function business(value: Business): XmlElement {
  const { businessDocumentInfo: info, replacementInfoList: replacements } = value
  return element(
    'Bussiness',
    leaf('DocumentId', value.documentId),
    leaf('BussinessDocType', value.businessDocType),
    leaf('BussinessDocReason', value.businessDocReason),
    leaf('Paper', value.paper),
    info &&
      element(
        'BussinessDocumentInfo',
        leaf('DocumentInfo', info.documentInfo),
        leaf('DocumentReceiver', info.documentReceiver),
        info.receiverList &&
          element(
            'ReceiverList',
            ...info.receiverList.map((receiver) =>
              element(
                'Receiver',
                leaf('OrganId', receiver.organId),
                leaf('ReceiverType', receiver.receiverType),
              ),
            ),
          ),
      ),
    replacements &&
      element(
        'ReplacementInfoList',
        ...replacements.map((replacement) =>
          element(
            'ReplacementInfo',
            leaf('DocumentId', replacement.documentId),
            list('OrganIdList', 'OrganId', replacement.organIdList),
          ),
        ),
      ),
    value.staffInfo && staffInfo(value.staffInfo),
  )
}

function staffInfo(value: StaffInfo): XmlElement {
  return element(
    'StaffInfo',
    leaf('Department', value.department),
    leaf('DepartmentId', value.departmentId),
    leaf('Staff', value.staff),
    leaf('StaffId', value.staffId),
    leaf('Email', value.email),
    leaf('Mobile', value.mobile),
  )
}

/** The standard knows no digest of an attachment: it stands in an element of our own namespace beside the name. */
function reference(value: Attachment): XmlElement {
  return element(
    'Reference',
    leaf('ContentId', value.contentId),
    leaf('ContentType', value.contentType),
    leaf('Description', value.description),
    leaf('AttachmentName', value.attachmentName),
    own('File', {}, [own('Sha256', {}, [value.sha256]), own('Length', {}, [String(value.length)])]),
  )
}

function unknownCode(field: string, code: string | number): CongvanError {
  return new CongvanError('INPUT_INVALID', {
    field,
    reason: `mã ${code} không có trong danh mục / code ${code} is in no table`,
  })
}
