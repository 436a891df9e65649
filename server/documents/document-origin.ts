/**
 * What a document is and where it comes from, as people are told it: an original or a copy, whose, by whose hands, and
 * to whom it was passed on.
 */
import { z } from 'zod'
import type { AgencyTransaction } from '../db.ts'
import { vietnamDay } from '../directory/agency-entry.ts'
import { findAgencyByCode } from '../directory/agency-store.ts'
import { type CopyForm, copyForms, copyNames } from './copy-forms.ts'
import { findCopyOf } from './copy-store.ts'
import type { DocumentRow } from './document-store.ts'
import { listForwards } from './forward-store.ts'
import { findProvenance } from './provenance-store.ts'
import { isSealed } from './recall.ts'

/**
 * A copy has the value of the original and is never called one (NĐ 30/2020 art 26).
 */
const COPY_LABEL = {
  vi: 'bản sao, giá trị như bản chính',
  en: 'copy, of the same value as the original',
} as const

export const documentOrigin = z.strictObject({
  copy: z
    .strictObject({
      form: z.enum(copyForms),
      formName: z.string(),
      label: z.strictObject({ vi: z.string(), en: z.string() }),
      part: z.string().nullable(),
      /** Identifier of what was copied, or its number and symbol. */
      source: z.string().nullable(),
      /** Of a copy that this agency has made: who decided it. */
      decidedBy: z.string().nullable(),
    })
    .nullable(),
  /** Who sent it first, where the agency that sent it here has passed it on. */
  forwardedFrom: z.strictObject({ code: z.string(), name: z.string().nullable() }).nullable(),
  /** Who had it, in order, as the message says. */
  trace: z.array(z.strictObject({ code: z.string().nullable(), time: z.iso.datetime() })),
  /** Annexes that the message lists and brings no file for. */
  missing: z.array(z.string()),
  /** To whom this agency has passed it on. */
  forwards: z.array(
    z.strictObject({
      envelope: z.string(),
      recipients: z.array(z.string()),
      time: z.iso.datetime(),
      overrideReason: z.string().nullable(),
    }),
  ),
})
export type DocumentOrigin = z.input<typeof documentOrigin>

export async function readOrigin(
  trx: AgencyTransaction,
  document: DocumentRow,
  now: Date,
): Promise<DocumentOrigin> {
  if (document.direction === 'outgoing') {
    const own = await findCopyOf(trx, document.id)
    const copy =
      own === undefined
        ? null
        : copyFacts(own.form, own.part, own.source.documentCode ?? own.source.code, own.decidedBy)
    return { copy, forwardedFrom: null, trace: [], missing: [], forwards: [] }
  }
  const came = await findProvenance(trx, document.id)
  const origin = came?.originCode ?? null
  const agency = origin === null ? undefined : await findAgencyByCode(trx, origin, vietnamDay(now))
  const forwards = await listForwards(trx, document.id)
  return {
    copy:
      came === undefined || came.copyForm === null
        ? null
        : copyFacts(came.copyForm, came.copyPart, came.sourceDocumentCode, null),
    forwardedFrom: origin === null ? null : { code: origin, name: agency?.name ?? null },
    trace: (came?.trace ?? []).map((one) => ({ code: one.organId, time: one.timestamp })),
    missing: isSealed(document) ? [] : [...(came?.missing ?? [])],
    forwards: forwards.map((one) => ({
      envelope: one.envelopeSha256,
      recipients: [...one.recipients],
      time: one.forwardedAt.toISOString(),
      overrideReason: one.overrideReason,
    })),
  }
}

function copyFacts(form: CopyForm, part: string | null, source: string | null, decidedBy: string | null) {
  return { form, formName: copyNames[form], label: COPY_LABEL, part, source, decidedBy }
}
