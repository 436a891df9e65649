/**
 * What a node believes in: the certificates and revocation lists in its trust paths, PEM or DER. A self-signed
 * certificate there is an anchor; others may only complete a path.
 *
 * The paths are read again after a minute, so that a new CRL put there by the operator (or by a timer of his) is
 * in force without a restart. A reading that fails leaves what was known and is told in the operational log.
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
  let known: Material = { anchors: [], untrusted: [], crls: [] }
  let readAt = Number.NEGATIVE_INFINITY
  const current = (): Material => {
    const now = clock().getTime()
    if (Math.abs(now - readAt) < REREAD_MS) return known
    readAt = now
    try {
      known = readMaterial(paths)
    } catch (error) {
      log.warn({ error: String(error) }, 'trust store')
    }
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

function readMaterial(paths: readonly string[]): Material {
  const material: Material = { anchors: [], untrusted: [], crls: [] }
  for (const file of paths.flatMap(filesOf)) {
    const bytes = readFileSync(file)
    for (const der of looksLikePem(bytes) ? pemBlocks(bytes.toString('latin1')) : [bytes]) {
      const kind = derKind(der)
      if (kind === 'crl') material.crls.push(der)
      if (kind === 'certificate') (isSelfSigned(der) ? material.anchors : material.untrusted).push(der)
    }
  }
  return material
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
