import { createHash } from 'node:crypto'
import type { VerificationPolicy } from '../../signing/index.ts'
import type { FileStore } from './file-store.ts'
import type { ReportPolicy } from './report-store.ts'

const LARGEST = 200_000_000

/**
 * Keeps the certificates and CRLs that a verdict rests on, each once, so that the report can be judged again when
 * the trust folder has changed. They are never erased: nothing registers them as uploads.
 *
 * @throws CongvanError `STORAGE_FULL`, `STORAGE_FAILED`
 */
export async function archiveTrust(files: FileStore, policy: VerificationPolicy): Promise<ReportPolicy> {
  const keep = async (all: readonly Uint8Array[]): Promise<string[]> => {
    const hashes: string[] = []
    for (const der of all) {
      const sha256 = createHash('sha256').update(der).digest('hex')
      if (!(await files.has(sha256))) await files.put(der, LARGEST)
      hashes.push(sha256)
    }
    return hashes
  }
  return {
    profile: policy.profile,
    time: policy.time.toISOString(),
    anchors: await keep(policy.trustAnchors),
    untrusted: await keep(policy.untrusted),
    crls: await keep(policy.crls),
  }
}
