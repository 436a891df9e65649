import { EDXML } from '../../signing/index.ts'
import { decodeDocument, decodeStatus } from './decode.ts'
import { encodeDocument, encodeStatus } from './encode.ts'
import type { DocumentMessage, StatusMessage } from './envelope.ts'
import {
  type Opened,
  type OpenOptions,
  openXml,
  type Sealed,
  type SealOptions,
  sealXml,
} from './sealed-xml.ts'

const root = { namespace: EDXML, localName: 'edXML' }
const parent = { namespace: EDXML, localName: 'edXMLHeader' }

/**
 * Seals a document message with the node's key.
 *
 * @throws CongvanError `INPUT_INVALID`; SigningError of the key
 */
export async function sealDocument(message: DocumentMessage, options: SealOptions): Promise<Sealed> {
  return sealXml(encodeDocument(message), parent, options)
}

/**
 * Seals a status message with the node's key.
 *
 * @throws CongvanError `INPUT_INVALID`; SigningError of the key
 */
export async function sealStatus(message: StatusMessage, options: SealOptions): Promise<Sealed> {
  return sealXml(encodeStatus(message), parent, options)
}

/**
 * Verifies the seal of a document message and reads what it covers.
 *
 * @throws SigningError where the seal does not hold; CongvanError `INPUT_INVALID` where the sealed content is no
 *   document message
 */
export function openSealedDocument(xml: Uint8Array, options: OpenOptions): Opened<DocumentMessage> {
  return openXml(xml, root, options, decodeDocument)
}

/**
 * Verifies the seal of a status message and reads what it covers.
 *
 * @throws as `openSealedDocument`
 */
export function openSealedStatus(xml: Uint8Array, options: OpenOptions): Opened<StatusMessage> {
  return openXml(xml, root, options, decodeStatus)
}
