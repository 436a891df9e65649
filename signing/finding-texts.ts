/**
 * What the codes of findings and verdicts mean, in Vietnamese and English. A finding's own message is English and
 * carries the particulars of the case; these sentences carry the meaning.
 */
import type { Language } from './errors.ts'
import { certificateTexts } from './finding-texts/certificates.ts'
import { changeTexts } from './finding-texts/changes.ts'
import { cmsTexts } from './finding-texts/cms.ts'
import type { FindingTexts } from './finding-texts/entry.ts'
import { pdfTexts } from './finding-texts/pdf.ts'
import { subIndicationTexts } from './finding-texts/sub-indications.ts'
import { xmlTexts } from './finding-texts/xml.ts'
import type { SubIndication } from './report.ts'

const texts: FindingTexts = {
  ...subIndicationTexts,
  ...certificateTexts,
  ...cmsTexts,
  ...pdfTexts,
  ...xmlTexts,
  ...changeTexts,
}

/** The sentence for a finding's code, without a full stop; undefined for a code that is not of this library. */
export function findingMeaning(code: string, language: Language): string | undefined {
  return Object.hasOwn(texts, code) ? texts[code]?.[language] : undefined
}

/** The sentence for the reason of a verdict. */
export function subIndicationMeaning(subIndication: SubIndication, language: Language): string {
  return subIndicationTexts[subIndication][language]
}
