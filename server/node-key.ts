/**
 * The node's own key: it seals envelopes, signs receipts, requests and the directory. PEM files, the private one
 * readable by its owner only. Other nodes know it by the SHA-256 of its SPKI, so its certificate may be
 * self-signed. It is never an agency's or a person's key (design 1).
 */
import { createPrivateKey, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import {
  ATTRIBUTE,
  KEY_USAGE,
  type KeyProvider,
  keyObjectProvider,
  newSerial,
  writeCertificate,
} from '../signing/index.ts'
import { CongvanError } from './errors.ts'

/**
 * @throws CongvanError `NODE_KEY_UNUSABLE` when a file is missing, open to others, or the two do not belong together.
 */
export function loadNodeKey(keyFile: string, certificateFile: string): KeyProvider {
  const privateKey = readPrivateKey(keyFile)
  try {
    const certificate = new X509Certificate(readFileSync(certificateFile))
    return keyObjectProvider(privateKey, certificate.raw, [])
  } catch (error) {
    throw unusable(certificateFile, error)
  }
}

function readPrivateKey(file: string): KeyObject {
  try {
    if (process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0) {
      throw new Error('mode must be 600 / cần chmod 600')
    }
    const key = createPrivateKey(readFileSync(file))
    if (key.asymmetricKeyType !== 'ec' || key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
      throw new Error('an EC P-256 key is wanted / cần khóa EC P-256')
    }
    return key
  } catch (error) {
    throw unusable(file, error)
  }
}

function unusable(file: string, cause: unknown): CongvanError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new CongvanError('NODE_KEY_UNUSABLE', { file, reason }, { cause })
}

/** Makes a P-256 key and a self-signed certificate that names the node; never overwrites either file. */
export function createNodeKey(
  keyFile: string,
  certificateFile: string,
  nodeId: string,
  validity: { readonly from: Date; readonly to: Date },
): void {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const subject = [[ATTRIBUTE.commonName, nodeId]] as const
  const certificate = writeCertificate(
    {
      subject,
      publicKey,
      notBefore: validity.from,
      notAfter: validity.to,
      keyUsage: [KEY_USAGE.digitalSignature],
    },
    { name: subject, publicKey, privateKey },
    newSerial(),
  )
  for (const file of [keyFile, certificateFile]) mkdirSync(dirname(file), { recursive: true, mode: 0o711 })
  writeNew(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), 0o600)
  try {
    writeNew(certificateFile, new X509Certificate(certificate).toString(), 0o644)
  } catch (error) {
    // The key just made belongs to no certificate: left there, it would only be in the way of the next try.
    rmSync(keyFile)
    throw error
  }
}

function writeNew(file: string, content: string | Buffer, mode: number): void {
  try {
    writeFileSync(file, content, { flag: 'wx', mode })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw new CongvanError('FILE_EXISTS', { file })
    throw error
  }
}
