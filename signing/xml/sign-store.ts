import { StoredRecord, storeRecord } from '../stored-record.ts'
import { SIGNATURE_ID } from './sign-elements.ts'
import type { PreparedXades } from './sign-prepare.ts'

const FORMAT = 'congvan.prepared-xades/1'

/** The preparation as JSON text, the document in it. The text holds nothing secret. */
export function storePreparedXades(prepared: PreparedXades): string {
  const { bytes, sha256, signatureId, valueAt, unsignedAt, signedInfo, certificate } = prepared
  const { digestAlgorithm, signatureScheme } = prepared
  return storeRecord(FORMAT, {
    bytes,
    sha256,
    signatureId,
    valueAt,
    unsignedAt,
    signedInfo,
    digestAlgorithm,
    signatureScheme,
    certificate,
  })
}

/** @throws SigningError `PREPARED_SIGNATURE_MALFORMED` when the text is none of these or of another version */
export function loadPreparedXades(stored: string): PreparedXades {
  const record = new StoredRecord(stored, FORMAT)
  const bytes = record.bytes('bytes')
  return {
    bytes,
    sha256: record.bytes('sha256'),
    signatureId: record.text('signatureId', SIGNATURE_ID),
    valueAt: record.integer('valueAt', bytes.length),
    unsignedAt: record.integer('unsignedAt', bytes.length),
    signedInfo: record.bytes('signedInfo'),
    ...record.algorithm(),
    certificate: record.bytes('certificate'),
  }
}
