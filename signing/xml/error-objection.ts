import type { SigningError } from '../errors.ts'
import { failed, type Objection, undecided } from '../validation/objection.ts'

/** What it means for a signature that a part of it could not be read or processed. */
export function errorObjection({ code, message }: SigningError): Objection {
  switch (code) {
    case 'XML_MALFORMED':
    case 'XML_DOCTYPE_FORBIDDEN':
    case 'XML_DUPLICATE_ID':
    case 'XML_SIGNATURE_MALFORMED':
    case 'CERTIFICATE_MALFORMED':
      return failed('FORMAT_FAILURE', code, message)
    case 'XML_DATA_NOT_FOUND':
      return undecided('SIGNED_DATA_NOT_FOUND', code, message)
    case 'XML_TRANSFORM_UNSUPPORTED':
    case 'XML_PROFILE_UNSUPPORTED':
      return undecided('SIG_CONSTRAINTS_FAILURE', code, message)
    case 'ALGORITHM_UNSUPPORTED':
      return undecided('CRYPTO_CONSTRAINTS_FAILURE', code, message)
    default:
      // Limits, encodings, and files that two readers read differently: nothing is known of them.
      return undecided('GENERIC', code, message)
  }
}
