/** What a clerk says of a copy that is to be made. Pure: its schema. */
import { z } from 'zod'
import { copyForms, media } from '../documents/copy-forms.ts'
import { line } from '../outgoing/draft-metadata.ts'

/** A document on paper, as it names itself: nobody but the clerk has seen it. */
const paperSource = z.strictObject({
  /** Tên loại. */
  kind: line(100),
  subject: line(500),
  /** Số and ký hiệu. */
  number: line(11),
  symbol: line(30),
  /** Of the document, `YYYY-MM-DD`. */
  date: z.iso.date(),
  /** Who issued it. */
  agency: line(200),
  place: line(50).optional(),
  signer: z.strictObject({
    name: line(50),
    position: line(100).optional(),
    competence: line(100).optional(),
  }),
  /** The paper is itself a copy of this form; sao lục is made from a sao y. */
  copyForm: z.enum(copyForms).optional(),
})
export type PaperSource = z.output<typeof paperSource>

export const copyRequest = z.strictObject({
  form: z.enum(copyForms),
  from: z.enum(media),
  to: z.enum(media),
  source: z.union([
    /** An electronic document of the agency: issued by it, received and accepted, or an electronic copy. */
    z.strictObject({ documentId: z.uuid() }),
    /** A copy on paper that the agency has made. */
    z.strictObject({ copyId: z.uuid() }),
    z.strictObject({ paper: paperSource }),
  ]),
  /** Of an excerpt: which part is taken. */
  part: z.string().trim().min(1).max(4_000).optional(),
  /** Số lượng bản. */
  copies: z.int().min(1).max(999).default(1),
  /** Địa danh and Nơi nhận, for a copy on paper. */
  place: line(50).optional(),
  recipients: z.array(line(200)).max(100).default([]),
  /** Who has decided that it is copied. */
  authorityId: z.uuid(),
})
export type CopyRequest = z.output<typeof copyRequest>
