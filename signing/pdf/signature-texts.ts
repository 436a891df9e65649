/** What the signatures of a document show in words, in boxes of their own over the page. */
import { isSigned, readForm } from './form.ts'
import { isReference } from './objects.ts'
import { type OpenOptions, openPdf } from './pdf-file.ts'
import { readShownTexts } from './shown-text.ts'

export interface SignatureTexts {
  /** Full name of the signature's field. */
  readonly field: string
  /** Each text apart, as far as its font tells what it is. */
  readonly texts: readonly string[]
}

/**
 * The texts in the boxes of all signatures. A font may draw other letters than it tells; whether the signature holds is
 * the business of `verifyPdf`.
 *
 * @throws SigningError as `openPdf`
 */
export function readSignatureTexts(pdf: Uint8Array, options: OpenOptions = {}): SignatureTexts[] {
  const snapshot = openPdf(pdf, options).latest
  const signed = (readForm(snapshot)?.fields ?? []).filter((field) => field.type === 'Sig' && isSigned(field))
  return signed.map(({ name, widgets }) => {
    const texts = widgets.flatMap(({ dict }) => {
      const normal = snapshot.dictEntry(dict, 'AP')?.entries.get('N')
      const form = isReference(normal) ? snapshot.target(normal) : undefined
      return form === undefined ? [] : (readShownTexts(snapshot, form) ?? [])
    })
    return { field: name, texts: texts.map((text) => text.normalize('NFC')) }
  })
}
