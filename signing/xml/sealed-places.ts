import { type ExpandedName, expandedName } from './names.ts'

export const EDXML = 'http://www.mic.gov.vn/TBT/QCVN_102_2016'
export const RECEIPT = 'urn:congvan:receipt:1'
export const PING = 'urn:congvan:ping:1'

const edxml = (localName: string): ExpandedName => ({ namespace: EDXML, localName })

/**
 * Where the one signature of a sealed file stands: as the last child of the element that this path leads to. The
 * first name of a path is the root element. A signature anywhere else is not one of ours.
 */
const paths: readonly (readonly [ExpandedName, ...ExpandedName[]])[] = [
  // Document and status messages: QCVN 102:2016 puts the signature last in edXMLHeader.
  [edxml('edXML'), edxml('edXMLEnvelope'), edxml('edXMLHeader')],
  [{ namespace: RECEIPT, localName: 'Receipt' }],
  // What operators try the way to a neighbour with; no envelope, and evidence of nothing.
  [{ namespace: PING, localName: 'Ping' }],
  [{ namespace: PING, localName: 'PingAnswer' }],
]

const pathsByRoot = new Map(paths.map((path) => [expandedName(path[0]), path]))

/** The path to the parent of the signature, or undefined for a root element that is no sealed file of ours. */
export function sealedPath(root: ExpandedName): readonly ExpandedName[] | undefined {
  return pathsByRoot.get(expandedName(root))
}
