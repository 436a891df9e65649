/** Certificates and revocation data that a signed file brings along, whatever its format; nothing of it is judged. */
import { carriedMaterial, type EmbeddedRevocation } from '../cms/carried-material.ts'
import { ATTRIBUTE_OID } from '../cms/oids.ts'
import { type ParsedSignedData, parseSignedData } from '../cms/parse-signed-data.ts'
import { SigningError } from '../errors.ts'
import { readSignedBytes } from '../pdf/byte-range.ts'
import { findSignatures } from '../pdf/find-signatures.ts'
import { type OpenOptions, openPdf } from '../pdf/pdf-file.ts'
import { readSecurityStore } from '../pdf/security-store.ts'
import { generalXmlLimits } from '../xml/open-xml.ts'
import { withXml } from '../xml/parse.ts'
import type { XmlLimits } from '../xml/scan.ts'

/** DER. */
export type CarriedMaterial = Required<EmbeddedRevocation>

const nothing: CarriedMaterial = { certificates: [], crls: [], ocspResponses: [] }
/** Per kind and file; more are not looked at. */
const MOST = 200

/** Of every signature, time-stamp and security store of a PDF. What cannot be read brings nothing. */
export function carriedByPdf(pdf: Uint8Array, options: OpenOptions = {}): CarriedMaterial {
  return readable(() => {
    const file = openPdf(pdf, options)
    const found: EmbeddedRevocation[] = [readable(() => storeOf(readSecurityStore(file.latest)), nothing)]
    for (const { dict } of findSignatures(file).signatures) {
      const cms =
        dict === undefined
          ? undefined
          : readable<Uint8Array | undefined>(() => readSignedBytes(file.bytes, dict).cms, undefined)
      if (cms !== undefined) found.push(carriedByCms(cms))
    }
    return joined(found)
  }, nothing)
}

/** Of every signer of a `SignedData`, DER, and of the time-stamps among its unsigned attributes. */
export function carriedByCms(cms: Uint8Array): CarriedMaterial {
  return readable(() => joined([...ofSignedData(parseSignedData(cms))]), nothing)
}

/** Of every `KeyInfo`, of the certificate and revocation values of XAdES, and of its time-stamps. */
export function carriedByXml(xml: Uint8Array, limits: XmlLimits = generalXmlLimits): CarriedMaterial {
  return readable(() => {
    const texts = withXml(xml, limits, (document) => {
      const named = (name: string): string[] =>
        document
          .find(`//*[local-name()="${name}" and not(*)]`)
          .slice(0, MOST)
          .map((node) => node.content)
      return {
        certificates: [...named('X509Certificate'), ...named('EncapsulatedX509Certificate')],
        crls: named('EncapsulatedCRLValue'),
        ocspResponses: named('EncapsulatedOCSPValue'),
        tokens: named('EncapsulatedTimeStamp'),
      }
    })
    const decoded = (list: readonly string[]): Uint8Array[] =>
      list.slice(0, MOST).map((text) => Buffer.from(text, 'base64'))
    return joined([
      {
        certificates: decoded(texts.certificates),
        crls: decoded(texts.crls),
        ocspResponses: decoded(texts.ocspResponses),
      },
      ...decoded(texts.tokens).map(carriedByCms),
    ])
  }, nothing)
}

function* ofSignedData(data: ParsedSignedData): Generator<EmbeddedRevocation> {
  for (const signer of data.signers) {
    yield carriedMaterial(data, signer, undefined)
    for (const { type, values } of signer.unsignedAttributes) {
      if (type !== ATTRIBUTE_OID.signatureTimestamp) continue
      for (const { raw } of values) yield carriedByCms(raw)
    }
  }
}

function storeOf(store: EmbeddedRevocation | undefined): CarriedMaterial {
  return store === undefined ? nothing : joined([store])
}

function joined(parts: readonly EmbeddedRevocation[]): CarriedMaterial {
  return {
    certificates: parts.flatMap(({ certificates }) => certificates ?? []).slice(0, MOST),
    crls: parts.flatMap(({ crls }) => crls).slice(0, MOST),
    ocspResponses: parts.flatMap(({ ocspResponses }) => ocspResponses).slice(0, MOST),
  }
}

function readable<T>(read: () => T, otherwise: T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof SigningError) return otherwise
    throw error
  }
}
