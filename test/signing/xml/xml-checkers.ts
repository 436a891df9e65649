/** Independent programs that look at the XML signatures we write. */
import { spawnSync } from 'node:child_process'
import { createPublicKey, verify, X509Certificate } from 'node:crypto'
import { SignedXml } from 'xml-crypto'
import { inFolder } from '../pdf/checkers.ts'
import { toPem } from './support.ts'

const DS = 'http://www.w3.org/2000/09/xmldsig#'
const XADES = 'http://uri.etsi.org/01903/v1.3.2#'

export interface XmlsecOptions {
  /** The anchor, DER. */
  readonly root: Uint8Array
  /** Id of the signature to check; default the first in the file. */
  readonly signatureId?: string
  /** `namespace:name` of elements of the document that have an `Id`. */
  readonly idElements?: readonly string[]
  /** Octets by the URI that names them. */
  readonly external?: Readonly<Record<string, Uint8Array>>
}

export interface XmlsecVerdict {
  readonly ok: boolean
  readonly said: string
}

/** What `xmlsec1 --verify` says of a file; certificates come from the file, trust from the anchor. */
export function xmlsecVerdict(xml: Uint8Array, options: XmlsecOptions): XmlsecVerdict {
  const external = Object.entries(options.external ?? {})
  const files = {
    'file.xml': xml,
    'ca.pem': toPem(options.root),
    ...Object.fromEntries(external.map(([, octets], index) => [`external-${index}`, octets])),
  }
  const idElements = [
    `${DS}:Signature`,
    `${DS}:SignatureValue`,
    `${DS}:Object`,
    `${XADES}:SignedProperties`,
    ...(options.idElements ?? []),
  ]
  return inFolder(files, (cwd) => {
    const args = ['--verify', '--enabled-key-data', 'x509', '--trusted-pem', 'ca.pem']
    for (const element of idElements) args.push('--id-attr:Id', element)
    for (const [index, [uri]] of external.entries()) args.push(`--url-map:${uri}`, `external-${index}`)
    if (options.signatureId !== undefined) args.push('--node-id', options.signatureId)
    const run = spawnSync('xmlsec1', [...args, 'file.xml'], { cwd, encoding: 'utf8' })
    const said = `${run.stdout}${run.stderr}`
    return { ok: run.status === 0 && /^OK$/m.test(said), said }
  })
}

const hashes: Readonly<Record<string, string>> = { sha256: 'sha256', sha384: 'sha384', sha512: 'sha512' }

/** What xml-crypto says of the one signature in the file; ECDSA is added to it by its own interface. */
export function xmlCryptoVerdict(
  xml: string,
  certificate: Uint8Array,
): { valid: boolean; references: number } {
  const signed = new SignedXml({ publicCert: toPem(certificate) })
  for (const [name, hash] of Object.entries(hashes)) {
    const uri = `http://www.w3.org/2001/04/xmldsig-more#ecdsa-${name}`
    signed.SignatureAlgorithms[uri] = class {
      getAlgorithmName() {
        return uri
      }
      getSignature(): never {
        throw new Error('not used')
      }
      verifySignature(material: string, _key: unknown, value: string) {
        const key = createPublicKey(
          new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'pem' }),
        )
        return verify(
          hash,
          Buffer.from(material),
          { key, dsaEncoding: 'ieee-p1363' },
          Buffer.from(value, 'base64'),
        )
      }
    }
  }
  const signature = /<ds:Signature .*<\/ds:Signature>/s.exec(xml)?.[0]
  if (signature === undefined) throw new Error('no signature')
  signed.loadSignature(signature)
  return { valid: signed.checkSignature(xml), references: signed.getSignedReferences().length }
}
