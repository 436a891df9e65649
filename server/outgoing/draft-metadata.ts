import { z } from 'zod'
import { parseAgencyCode } from '../directory/agency-code.ts'
import { CongvanError } from '../errors.ts'
import { findSecretField } from '../pages/secret-marks.ts'
import { prefixesOf } from './competence.ts'

const CONTROL = /[\p{Cc}\p{Cs}]/u

const oneLine = z.stringFormat('one-line', (text) => !CONTROL.test(text))

/** One line of text, trimmed and in NFC, of at most `max` characters. */
export const line = (max: number) =>
  z
    .string()
    .transform((text) => text.trim().normalize('NFC'))
    .pipe(z.string().min(1).max(max).pipe(oneLine))

/** Paper beside the electronic document: who gets it, and why (NĐ 30/2020 art 17.1a; Luật GDĐT art 42.2). */
export const paperPart = z.strictObject({
  /** Nơi nhận bản giấy, as text. Empty: the electronic recipients get paper too. */
  recipients: z.array(line(200)).max(500).default([]),
  /** Số lượng bản; by default one for each recipient and each kept copy. */
  copies: z.int().min(1).max(100_000).optional(),
  /** Why paper goes to who is reached electronically. */
  reason: line(500).optional(),
})

const signerPart = z.strictObject({
  /** Họ tên, as in the signer's certificate. */
  name: line(50),
  /** Chức vụ. */
  position: line(100).optional(),
  /** Quyền hạn: `TM. ỦY BAN NHÂN DÂN`, `KT. CHỦ TỊCH`. */
  competence: line(100).optional(),
})

/** What a clerk says of a draft. Lengths: NĐ 30/2020 Phụ lục VI, Phần II. */
export const draftMetadata = z.strictObject({
  /** Tên loại: one of the 29 of NĐ 30/2020 art 7, of the legal normative ones, or of those the agency's series name. */
  kind: line(100),
  /** Trích yếu nội dung. */
  subject: line(500),
  /** Ký hiệu, what follows the number and the slash. */
  symbol: line(30),
  /** The advisory body in whose name it is issued (hội đồng, ban, tổ); one that has a series (Phụ lục I, II.3a). */
  council: line(200).optional(),
  /** Legal normative, where the kind can be both (nghị quyết, quyết định, chỉ thị); the others are by their kind. */
  normative: z.boolean().default(false),
  /** 0 thường, 1 khẩn, 2 thượng khẩn, 3 hỏa tốc. There is no value for secrecy: secret documents do not enter. */
  urgency: z.int().min(0).max(3).default(0),
  /** Địa danh. */
  place: line(50).optional(),
  signer: signerPart,
  /** Agency codes; who gets it is settled when it is dispatched. */
  recipients: z.array(line(35)).max(5_000).default([]),
  /** Deadline for the answer, `YYYY-MM-DD`. */
  dueDate: z.iso.date().optional(),
  /** Id of the incoming document that it answers. */
  inReplyTo: z.uuid().optional(),
  /** Given: it goes out on paper too; left out: electronically only. */
  paper: paperPart.optional(),
  /** Đơn vị, người nhận bản lưu. */
  keptBy: line(200).optional(),
  /** How many paper copies are kept. */
  keptCopies: z.int().min(0).max(1_000).default(0),
  /** Đơn vị hoặc người chủ trì soạn thảo; who assigned it (NĐ 30/2020 art 10.1). */
  draftingUnit: line(200).optional(),
  draftingAssignedBy: line(200).optional(),
})
export type DraftMetadata = z.output<typeof draftMetadata>

/** A change of a draft: what is left out stays, null empties it. */
export const draftChange = z.strictObject({
  kind: line(100).optional(),
  subject: line(500).optional(),
  symbol: line(30).optional(),
  council: line(200).nullable().optional(),
  normative: z.boolean().optional(),
  urgency: z.int().min(0).max(3).optional(),
  place: line(50).nullable().optional(),
  signer: signerPart.optional(),
  recipients: z.array(line(35)).max(5_000).optional(),
  dueDate: z.iso.date().nullable().optional(),
  inReplyTo: z.uuid().nullable().optional(),
  paper: paperPart.nullable().optional(),
  keptBy: line(200).nullable().optional(),
  keptCopies: z.int().min(0).max(1_000).optional(),
  draftingUnit: line(200).nullable().optional(),
  draftingAssignedBy: line(200).nullable().optional(),
})
export type DraftChange = z.output<typeof draftChange>

/**
 * The rules that reach beyond one field and need nothing of the agency: the signer's competence is one of the law,
 * recipients are well-formed and named once, paper copies suffice.
 *
 * @throws CongvanError `COMPETENCE_WRONG`, `AGENCY_CODE_MALFORMED`, `RECIPIENT_TWICE`, `PAPER_COPIES_WRONG`
 */
export function checkDraft(metadata: DraftMetadata): void {
  const { competence } = metadata.signer
  requireCompetence(competence ?? null)
  const seen = new Set<string>()
  for (const [index, code] of metadata.recipients.entries()) {
    parseAgencyCode(code)
    if (seen.has(code)) throw new CongvanError('RECIPIENT_TWICE', { code, position: index + 1 })
    seen.add(code)
  }
  const needed = copiesNeeded(metadata)
  const { copies = needed } = metadata.paper ?? {}
  if (metadata.paper !== undefined && copies < needed) {
    throw new CongvanError('PAPER_COPIES_WRONG', { copies, needed })
  }
}

/** @throws CongvanError `COMPETENCE_WRONG` */
export function requireCompetence(competence: string | null): void {
  if (prefixesOf(competence) === undefined) {
    throw new CongvanError('COMPETENCE_WRONG', { competence: competence ?? '' })
  }
}

/** Paper copies by the list of recipients and the kept ones (NĐ 30/2020 art 17.1a); 0 without paper. */
export function copiesNeeded(metadata: Pick<DraftMetadata, 'paper' | 'recipients' | 'keptCopies'>): number {
  if (metadata.paper === undefined) return 0
  const named = metadata.paper.recipients.length
  return (named === 0 ? metadata.recipients.length : named) + metadata.keptCopies
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

/** A mark of secrecy in what is said beside what stands on the page. */
export function findSecretBeside(
  said: Pick<DraftMetadata, 'council' | 'paper' | 'keptBy' | 'draftingUnit' | 'draftingAssignedBy'>,
): { readonly field: string; readonly mark: string } | undefined {
  return findSecretField({
    council: said.council ?? null,
    ...Object.fromEntries((said.paper?.recipients ?? []).map((text, i) => [`paper.recipients[${i}]`, text])),
    'paper.reason': said.paper?.reason ?? null,
    keptBy: said.keptBy ?? null,
    draftingUnit: said.draftingUnit ?? null,
    draftingAssignedBy: said.draftingAssignedBy ?? null,
  })
}
