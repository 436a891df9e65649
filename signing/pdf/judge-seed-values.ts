/** Whether a signature is one that the maker of the form asked for (ISO 32000-2, 12.7.5.5). */
import type { SignedDataJudgement } from '../cms/judge-signed-data.ts'
import { ATTRIBUTE_OID } from '../cms/oids.ts'
import { parseSignedData } from '../cms/parse-signed-data.ts'
import { hasAttribute } from '../cms/signed-attributes.ts'
import { SigningError } from '../errors.ts'
import type { VerificationPolicy } from '../policy.ts'
import type { Finding } from '../report.ts'
import type { FoundSignature } from './find-signatures.ts'
import { readLocks } from './locks.ts'
import { isName, isString, type PdfDict, pdfDict, textOf } from './objects.ts'
import type { PdfFile } from './pdf-file.ts'
import { unmetSeeds } from './seed-values.ts'

/**
 * One finding for each demand of the field that the signature does not meet, `SEED_VALUE_VIOLATED`, or of which nothing
 * can be said, `SEED_VALUE_NOT_EVALUATED`. Each leaves the signature undecided (EN 319 102-1 clause 5.2.8).
 *
 * The field counts as it stands in the revision that was signed: what the form demanded then is what the signer saw,
 * and a later revision can neither add a demand nor take one away.
 */
export function judgeSeedValues(
  file: PdfFile,
  { fieldDict, revision, dict }: FoundSignature,
  judgement: SignedDataJudgement | undefined,
  policy: VerificationPolicy,
  cms: Uint8Array | undefined,
): readonly Finding[] {
  if (!fieldDict.entries.has('SV') || dict === undefined || judgement === undefined) return []
  const snapshot = file.at(revision)
  try {
    const { signed, certificates } = inside(cms)
    const reason = snapshot.entry(dict, 'Reason')
    const unmet = unmetSeeds(snapshot, fieldDict, {
      filter: nameOf(dict, 'Filter'),
      subFilter: nameOf(dict, 'SubFilter'),
      digest: judgement.digestAlgorithm,
      reason: isString(reason) ? textOf(reason) : undefined,
      timestamp: judgement.signatureTimestamp || judgement.role === 'timestamp',
      // Table 237 lets nothing but these two carry it; PAdES has a store for it (EN 319 142-1 clause 5.4.2.2).
      revocationInside: signed && nameOf(dict, 'SubFilter')?.startsWith('adbe.pkcs7.') === true,
      certification: readLocks(snapshot, pdfDict({}), dict).documentPermission,
      locksDocument: readLocks(snapshot, fieldDict, dict).documentPermission === 1,
      certificate: judgement.certificate,
      others: [...certificates, ...policy.untrusted, ...policy.trustAnchors],
    })
    return unmet.map(({ entry, answer }) =>
      answer === 'unmet'
        ? {
            code: 'SEED_VALUE_VIOLATED',
            message: `the form demands a /${entry} that the signature does not have`,
          }
        : {
            code: 'SEED_VALUE_NOT_EVALUATED',
            message: `whether the form's demand for /${entry} is met is not known`,
          },
    )
  } catch (error) {
    if (!(error instanceof SigningError)) throw error
    return [{ code: 'SEED_VALUE_NOT_EVALUATED', message: `/SV cannot be read: ${error.message}` }]
  }
}

/** What the signature value carries: certificates, and whether it has signed revocation data (12.8.3.3.2). */
function inside(cms: Uint8Array | undefined): { signed: boolean; certificates: readonly Uint8Array[] } {
  if (cms === undefined) return { signed: false, certificates: [] }
  const { signers, certificates } = parseSignedData(cms)
  return {
    signed: signers.some((one) => hasAttribute(one.signedAttributes, ATTRIBUTE_OID.adobeRevocation)),
    certificates,
  }
}

function nameOf(dict: PdfDict, key: string): string | undefined {
  const value = dict.entries.get(key)
  return isName(value) ? value.name : undefined
}
