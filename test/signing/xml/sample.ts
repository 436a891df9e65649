import type { KeyProvider } from '../../../signing/keys/key-provider.ts'
import { nodeKeyFingerprint } from '../../../signing/x509/fingerprint.ts'
import { signXml } from '../../../signing/xml/sign-xml.ts'
import { verifySealedXml } from '../../../signing/xml/verify-sealed-xml.ts'

export const EDXML = 'http://www.mic.gov.vn/TBT/QCVN_102_2016'
export const root = { namespace: EDXML, localName: 'edXML' }
export const header = { namespace: EDXML, localName: 'edXMLHeader' }
export const signingTime = new Date('2025-06-30T01:02:03.456Z')

/** The shape of an envelope, with little in it. */
export const sample = `<edXML xmlns="${EDXML}"><edXML:edXMLEnvelope xmlns:edXML="${EDXML}"><edXML:edXMLHeader><Subject>V/v đất &lt; 5 ha &amp; rừng</Subject></edXML:edXMLHeader><edXML:edXMLBody><File Length="3" Sha256="aa"></File></edXML:edXMLBody></edXML:edXMLEnvelope></edXML>`

export async function seal(key: KeyProvider, xml = sample): Promise<string> {
  const sealed = await signXml(xml, { key, signingTime, parent: header, signatureId: 'seal' })
  return Buffer.from(sealed).toString()
}

export function open(xml: string | Uint8Array, ...keys: KeyProvider[]) {
  return verifySealedXml(Buffer.from(xml), {
    keyFingerprints: keys.map((key) => nodeKeyFingerprint(key.certificate)),
    root,
  })
}

/** Replaces exactly one occurrence; a test that changed nothing would prove nothing. */
export function replaceOnce(text: string, from: string, to: string): string {
  const at = text.indexOf(from)
  if (at === -1 || text.indexOf(from, at + 1) !== -1) throw new Error(`"${from}" does not stand once`)
  return text.slice(0, at) + to + text.slice(at + from.length)
}

/** The text of the first element of this qualified name. */
export function elementText(xml: string, name: string): string {
  const found = new RegExp(`<${name}[ >].*?</${name}>`, 's').exec(xml)?.[0]
  if (found === undefined) throw new Error(`no ${name}`)
  return found
}
