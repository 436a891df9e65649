/**
 * What the register says of an incoming document: the 18 fields of NĐ 30/2020 Phụ lục VI, Phần II, II. What the message
 * brought stands there until the clerk enters something else beside it, before acceptance only; the message itself is
 * never changed. Pure.
 */
import { z } from 'zod'
import type { DocumentRow } from '../documents/document-store.ts'
import { CongvanError } from '../errors.ts'

const CONTROL = /[\p{Cc}\p{Cs}]/u
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

/**
 * The fields that a clerk may enter, under their names in the decree, with its lengths. The others (FileCode, DocOrdinal,
 * ArrivalDate, ArrivalNumber, ToPlaces, TraceHeaderList) are filled by the system.
 */
export const registrationEdit = z.strictObject({
  /** 3 Tên loại văn bản. */
  typeName: line(100).optional(),
  /** 4 Số của văn bản. */
  codeNumber: line(11).optional(),
  /** 5 Ký hiệu của văn bản. */
  codeNotation: line(30).optional(),
  /** 6 Ngày, tháng, năm văn bản. */
  issuedDate: z.iso.date().optional(),
  /** 7 Tên cơ quan, tổ chức ban hành văn bản. */
  organName: line(200).optional(),
  /** 8 Trích yếu nội dung. */
  subject: line(500).optional(),
  /** 9 Ngôn ngữ. */
  language: line(30).optional(),
  /** 10 Số trang của văn bản. */
  pageAmount: z.int().min(1).max(999).optional(),
  /** 11 Ghi chú. */
  description: line(500).optional(),
  /** 14.1 Chức vụ của người ký. */
  position: line(100).optional(),
  /** 14.2 Họ và tên người ký. */
  fullName: line(50).optional(),
  /** 15 Mức độ khẩn; there is no value for secrecy. */
  priority: z.int().min(0).max(3).optional(),
  /** 18 Thời hạn giải quyết. */
  dueDate: z.iso.date().optional(),
})
export type RegistrationEdit = z.output<typeof registrationEdit>

export interface Registration {
  readonly typeName: string
  readonly codeNumber: string | null
  readonly codeNotation: string
  readonly issuedDate: string | null
  readonly organName: string | null
  readonly subject: string
  readonly language: string
  readonly pageAmount: number | null
  readonly description: string | null
  readonly position: string | null
  readonly fullName: string
  readonly priority: number
  readonly dueDate: string | null
}

/**
 * The fields as they stand: what the clerk entered last, else what the message says, else what the system found.
 *
 * @param edits oldest first
 * @param pages of the file, where they could be counted
 */
export function registrationOf(
  document: DocumentRow,
  edits: readonly RegistrationEdit[],
  pages: number | null,
): Registration {
  const message: Registration = {
    typeName: document.kind,
    codeNumber: document.codeNumber,
    codeNotation: document.codeNotation,
    issuedDate: document.promulgationDate,
    organName: document.incoming?.senderName ?? null,
    subject: document.subject,
    language: 'Tiếng Việt',
    pageAmount: pages,
    description: null,
    position: document.signer.position,
    fullName: document.signer.name,
    priority: document.urgency,
    dueDate: document.dueDate,
  }
  return Object.assign({}, message, ...edits) as Registration
}

/** What the incoming book cannot do without (Phụ lục IV, VI), as clerks call it. */
const required = {
  typeName: 'tên loại văn bản',
  codeNumber: 'số văn bản',
  codeNotation: 'ký hiệu văn bản',
  issuedDate: 'ngày tháng văn bản',
  organName: 'tác giả (cơ quan ban hành)',
  subject: 'trích yếu',
} as const satisfies Partial<Record<keyof Registration, string>>

/** The required fields that are empty, by name. */
export function missingFields(registration: Registration): (keyof typeof required)[] {
  const names = Object.keys(required) as (keyof typeof required)[]
  return names.filter((name) => (registration[name] ?? '').trim() === '')
}

/** @throws CongvanError `REGISTER_FIELD_MISSING` */
export function requireFields(registration: Registration): void {
  const [field] = missingFields(registration)
  if (field !== undefined)
    throw new CongvanError('REGISTER_FIELD_MISSING', { field, fieldVi: required[field] })
}
