import { StoredRecord, storeRecord } from '../stored-record.ts'
import type { PreparedCms } from './sign-prepare.ts'

const FORMAT = 'congvan.prepared-cms/1'

/** The preparation as JSON text, content to be enclosed included. The text holds nothing secret. */
export function storePreparedCms(prepared: PreparedCms): string {
  const { signedAttributes, content, digestAlgorithm, signatureScheme, certificate, chain } = prepared
  return storeRecord(FORMAT, {
    signedAttributes,
    content,
    digestAlgorithm,
    signatureScheme,
    certificate,
    chain,
  })
}

/** @throws SigningError `PREPARED_SIGNATURE_MALFORMED` when the text is none of these or of another version */
export function loadPreparedCms(stored: string): PreparedCms {
  const record = new StoredRecord(stored, FORMAT)
  return {
    signedAttributes: record.bytes('signedAttributes'),
    content: record.bytesOrNull('content'),
    ...record.algorithm(),
    certificate: record.bytes('certificate'),
    chain: record.byteStrings('chain'),
  }
}
