import { type Finding, findingMeaning, type Language } from '../signing/index.ts'

/** A finding on one line: what it means, then its code and the particulars; a code of our own speaks for itself. */
export function findingText({ code, message }: Finding, language: Language): string {
  const meaning = findingMeaning(code, language)
  if (meaning === undefined) return `${message} [${code}]`
  return message === '' || message === meaning ? `${meaning} [${code}]` : `${meaning} [${code}: ${message}]`
}
