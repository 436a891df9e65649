/**
 * What a node believes in: the certificates and revocation lists in its trust paths, PEM or DER. A self-signed
 * certificate there is an anchor; others may only complete a path.
 *
 * The paths are read again after a minute, so that a new CRL put there by the operator (or by a timer of his) is
 * in force without a restart. Files that cannot be read are named in the operational log; while there are any, what
 * was known before stays in force, so that a list caught half-written does not make revoked certificates good.
 */
import { X509Certificate } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { derKind, looksLikePem, pemBlocks } from '../signing/index.ts'
import type { TrustStore } from './documents/document-services.ts'
import type { Logger } from './log.ts'

const REREAD_MS = 60_000

interface Material {
  readonly anchors: Uint8Array[]
  readonly untrusted: Uint8Array[]
  readonly crls: Uint8Array[]
}

export function openTrustStore(paths: readonly string[], clock: () => Date, log: Logger): TrustStore {
  let known: Material | undefined
  let readAt = Number.NEGATIVE_INFINITY
  const current = (): Material => {
    const now = clock().getTime()
    if (known !== undefined && Math.abs(now - readAt) < REREAD_MS) return known
    readAt = now
    const { material, broken } = readMaterial(paths)
    if (broken.length > 0) log.warn({ files: broken }, 'trust store: files that cannot be read')
    if (broken.length === 0 || known === undefined) known = material
    return known
  }
  return {
    get anchors() {
      return current().anchors
    },
    get untrusted() {
      return current().untrusted
    },
    get crls() {
      return current().crls
    },
  }
}

/** Names under which certificates and lists are kept; other files may lie beside them. */
const MATERIAL_NAME = /\.(crl|crt|cer|der|pem)$/i

/** Everything in the trust paths, and the files there that cannot be read. */
export function readMaterial(paths: readonly string[]): { material: Material; broken: string[] } {
  const material: Material = { anchors: [], untrusted: [], crls: [] }
  const broken: string[] = []
  for (const path of paths) {
    try {
      for (const file of filesOf(path)) if (!readFile(file, material)) broken.push(file)
    } catch (error) {
      broken.push(`${path}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  return { material, broken }
}

/** @returns false for a file that by its name is material, but is none that can be read */
function readFile(file: string, material: Material): boolean {
  const found: Material = { anchors: [], untrusted: [], crls: [] }
  try {
    const bytes = readFileSync(file)
    for (const der of looksLikePem(bytes) ? pemBlocks(bytes.toString('latin1')) : [bytes]) {
      const kind = derKind(der)
      if (kind === 'crl') found.crls.push(der)
      if (kind === 'certificate') (isSelfSigned(der) ? found.anchors : found.untrusted).push(der)
    }
  } catch {
    return false
  }
  material.anchors.push(...found.anchors)
  material.untrusted.push(...found.untrusted)
  material.crls.push(...found.crls)
  return found.anchors.length + found.untrusted.length + found.crls.length > 0 || !MATERIAL_NAME.test(file)
}

/** A path that is not there yet is an empty one: a new node has no anchors, and so believes nobody. */
function filesOf(path: string): string[] {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) return []
  if (!found.isDirectory()) return [path]
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map((entry) => join(path, entry.name))
    .sort()
}

function isSelfSigned(der: Uint8Array): boolean {
  const certificate = new X509Certificate(der)
  return certificate.subject === certificate.issuer && certificate.verify(certificate.publicKey)
}
