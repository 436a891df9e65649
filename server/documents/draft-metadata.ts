import { z } from 'zod'
import { parseAgencyCode } from '../directory/agency-code.ts'
import { CongvanError } from '../errors.ts'
import { type DocumentKind, findKind } from '../registers/document-kinds.ts'
import { exampleSymbol, symbolFits } from '../registers/register.ts'
import { findSecretField } from './secret-marks.ts'

const CONTROL = /[\p{Cc}\p{Cs}]/u

/** One line of text, trimmed and in NFC, of at most `max` characters. */
const line = (max: number) =>
  z
    .string()
    .transform((text) => text.trim().normalize('NFC'))
    .pipe(
      z
        .string()
        .min(1)
        .refine((text) => [...text].length <= max, `at most ${max} characters`)
        .refine((text) => !CONTROL.test(text), 'no line breaks or control characters'),
    )

/** What a clerk says of a draft. Lengths: NĐ 30/2020 Phụ lục VI, Phần II. */
export const draftMetadata = z.strictObject({
  /** Tên loại, one of the 29 of NĐ 30/2020 art 7. */
  kind: line(100),
  /** Trích yếu nội dung. */
  subject: line(500),
  /** Ký hiệu, what follows the number and the slash. */
  symbol: line(30),
  /** 0 thường, 1 khẩn, 2 thượng khẩn, 3 hỏa tốc. There is no value for secrecy: secret documents do not enter. */
  urgency: z.int().min(0).max(3).default(0),
  /** Địa danh. */
  place: line(50).optional(),
  signer: z.strictObject({
    /** Họ tên, as in the signer's certificate. */
    name: line(50),
    /** Chức vụ. */
    position: line(100).optional(),
    /** Quyền hạn: `TM. ỦY BAN NHÂN DÂN`, `KT. CHỦ TỊCH`. */
    competence: line(100).optional(),
  }),
  /** Agency codes; who gets it is settled when it is dispatched. */
  recipients: z.array(line(35)).max(5_000).default([]),
  /** Deadline for the answer, `YYYY-MM-DD`. */
  dueDate: z.iso.date().optional(),
})
export type DraftMetadata = z.output<typeof draftMetadata>

/**
 * The rules that reach beyond one field: the kind exists, the symbol fits it, recipients are well-formed and named
 * once.
 *
 * @returns the kind under its own spelling
 * @throws CongvanError `DOCUMENT_KIND_UNKNOWN`, `SYMBOL_WRONG`, `AGENCY_CODE_MALFORMED`, `INPUT_INVALID`
 */
export function checkDraft(metadata: DraftMetadata): DocumentKind {
  const kind = findKind(metadata.kind)
  if (kind === undefined) throw new CongvanError('DOCUMENT_KIND_UNKNOWN', { kind: metadata.kind })
  if (!symbolFits(metadata.symbol, kind)) {
    const { symbol } = metadata
    throw new CongvanError('SYMBOL_WRONG', { symbol, kind: kind.name, example: exampleSymbol(kind) })
  }
  const seen = new Set<string>()
  for (const [index, code] of metadata.recipients.entries()) {
    parseAgencyCode(code)
    if (seen.has(code)) {
      throw new CongvanError('INPUT_INVALID', { field: `recipients[${index}]`, reason: `${code} twice` })
    }
    seen.add(code)
  }
  return kind
}

/** A mark of secrecy in what is said of a document. */
export function findSecretInDraft(
  said: Pick<DraftMetadata, 'kind' | 'subject' | 'symbol'> & {
    readonly place: string | null
    readonly signer: {
      readonly name: string
      readonly position: string | null
      readonly competence: string | null
    }
  },
): { readonly field: string; readonly mark: string } | undefined {
  return findSecretField({
    kind: said.kind,
    subject: said.subject,
    symbol: said.symbol,
    place: said.place,
    'signer.name': said.signer.name,
    'signer.position': said.signer.position,
    'signer.competence': said.signer.competence,
  })
}
