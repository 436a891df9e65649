import { digest } from '../../../signing/algorithms.ts'
import type { KeyProvider } from '../../../signing/keys/key-provider.ts'
import { certificateKey } from '../../../signing/x509/fingerprint.ts'
import { readC14nMethod } from '../../../signing/xml/c14n-methods.ts'
import { canonicalize } from '../../../signing/xml/canonicalize.ts'
import { checkReference } from '../../../signing/xml/check-reference.ts'
import { readManifest, readSignatureParts } from '../../../signing/xml/dsig-structure.ts'
import { ecdsaValueForXml } from '../../../signing/xml/ecdsa-value.ts'
import { XMLDSIG } from '../../../signing/xml/names.ts'
import { subtree } from '../../../signing/xml/node-set.ts'
import { processingBudget } from '../../../signing/xml/processing-budget.ts'
import { readTree } from '../../../signing/xml/read-tree.ts'
import { allElements, isElementNamed } from '../../../signing/xml/tree.ts'
import { indexTreeIds } from '../../../signing/xml/tree-ids.ts'

export const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#'
export const ENVELOPED = `${XMLDSIG}enveloped-signature`
const SHA256 = 'http://www.w3.org/2001/04/xmlenc#sha256'

/** A reference whose digest `signRaw` fills in. */
export function reference(
  uri: string,
  { transforms = [EXCLUSIVE], type = '', method = SHA256, filter = '' } = {},
): string {
  const list = transforms.map((one) => `<ds:Transform Algorithm="${one}"/>`).join('') + filter
  return `<ds:Reference${type === '' ? '' : ` Type="${type}"`} URI="${uri}"><ds:Transforms>${list}</ds:Transforms><ds:DigestMethod Algorithm="${method}"/><ds:DigestValue></ds:DigestValue></ds:Reference>`
}

/** A signature of any shape, to be filled in by `signRaw`. */
export function unsignedSignature(
  key: KeyProvider,
  references: string,
  { objects = '', keyInfo = '', canonicalization = EXCLUSIVE } = {},
): string {
  const certificate = Buffer.from(key.certificate).toString('base64')
  return `<ds:Signature xmlns:ds="${XMLDSIG}" Id="raw"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="${canonicalization}"/><ds:SignatureMethod Algorithm="${key.algorithm.xml}"/>${references}</ds:SignedInfo><ds:SignatureValue Id="raw-value"></ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509Certificate>${certificate}</ds:X509Certificate></ds:X509Data>${keyInfo}</ds:KeyInfo>${objects}</ds:Signature>`
}

/** Fills in the digests, those of manifests first, and the value of the first signature that has none. */
export async function signRaw(xml: string, key: KeyProvider): Promise<string> {
  let text = xml
  for (;;) {
    const tree = readTree(text)
    const element = allElements(tree.root).find((one) => isElementNamed(one, XMLDSIG, 'Signature'))
    if (element === undefined) throw new Error('no signature')
    const parts = readSignatureParts(element)
    const budget = processingBudget(10_000_000)
    const context = { tree, ids: indexTreeIds(tree), attachments: new Map(), signature: element, budget }
    const manifests = allElements(tree.root).filter((one) => isElementNamed(one, XMLDSIG, 'Manifest'))
    const all = [...manifests.flatMap(readManifest), ...parts.references]
    const open = all.find(({ digestValue }) => digestValue.length === 0)
    if (open !== undefined) {
      const checked = checkReference(open, context)
      if (checked.digest === undefined || checked.octets === null)
        throw checked.error ?? new Error('no octets')
      const value = Buffer.from(digest(checked.digest, checked.octets)).toString('base64')
      const place = placeOf(text, all.indexOf(open), manifests.length > 0, parts.references.length)
      text = `${text.slice(0, place)}${value}${text.slice(place)}`
      continue
    }
    const form = readC14nMethod(parts.canonicalizationMethod)
    const octets = canonicalize(subtree(tree, parts.signedInfo, true), form, budget)
    const value = await key.sign(octets)
    const written =
      key.algorithm.scheme === 'ECDSA' ? ecdsaValueForXml(value, certificateKey(key.certificate)) : value
    return text.replace(/(<ds:SignatureValue[^>]*>)/, (tag) => tag + Buffer.from(written).toString('base64'))
  }
}

/** Where the digest goes: SignedInfo stands before the manifests in the file, and is filled in after them. */
function placeOf(text: string, at: number, hasManifests: boolean, own: number): number {
  const empty = [...text.matchAll(/<ds:DigestValue>/g)].map(({ index, 0: tag }) => index + tag.length)
  const total = empty.length
  const order = hasManifests ? (at < total - own ? own + at : at - (total - own)) : at
  const place = empty[order]
  if (place === undefined) throw new Error('no place for the digest')
  return place
}
