/**
 * Dossiers (hồ sơ công việc): documents about one matter, in the order of its course, with a code, a title, a term of
 * retention and a maker (NĐ 30/2020 arts 28-30, Phụ lục VI, III.4 and phần II, III). Pure.
 */
import type { DocumentState } from '../documents/document.ts'

export const dossierStates = ['open', 'closed'] as const
export type DossierState = (typeof dossierStates)[number]

/** A `reader` sees the dossier and all that is in it; a `keeper` files documents and closes it besides. */
export const memberRoles = ['reader', 'keeper'] as const
export type MemberRole = (typeof memberRoles)[number]

export interface Dossier {
  readonly id: string
  readonly agencyId: string
  /** Mã hồ sơ: agency code, year and notation. */
  readonly code: string
  readonly year: number
  /** Số và ký hiệu hồ sơ, `01.TCCB`. */
  readonly notation: string
  readonly title: string
  /** Thời hạn bảo quản in years; null: vĩnh viễn. */
  readonly retentionYears: number | null
  /** Whether it stands in the catalogue of dossiers of its year; otherwise it is `ngoài danh mục`. */
  readonly inCatalogue: boolean
  /** The account of the maker (người lập hồ sơ). */
  readonly maker: string
  readonly language: string
  /** `YYYY-MM-DD`. */
  readonly startedOn: string
  readonly endedOn: string | null
  /** Chế độ sử dụng: members only, whatever the role of the others. */
  readonly restricted: boolean
  readonly state: DossierState
  readonly version: number
  readonly createdAt: Date
  readonly closedAt: Date | null
}

/** A document as it lies in a dossier. */
export interface FiledDocument {
  readonly documentId: string
  /** 1, 2, … by the dates of the documents; fixed when the dossier is closed. */
  readonly ordinal: number
  readonly code: { readonly number: string | null; readonly notation: string }
  /** `YYYY-MM-DD`; null before it is dated. */
  readonly date: string | null
  readonly kind: string
  readonly subject: string
  /** Tác giả: who sent it; null for the agency's own. */
  readonly author: string | null
  readonly state: DocumentState
  readonly restricted: boolean
  readonly note: string | null
  readonly filedBy: string
  readonly filedAt: Date
  /** SHA-256 of its newest file; null while it has none. */
  readonly sha256: string | null
}

/** Mã hồ sơ (Phụ lục VI, phần II, III.1): OrganId, year and notation. */
export function dossierCode(organId: string, year: number, notation: string): string {
  return `${organId}.${year}.${notation}`
}

export const problemCodes = ['EMPTY', 'DRAFT', 'DUPLICATE', 'OPEN_TASK', 'UNDATED'] as const

/** What stands against closing a dossier. */
export interface Problem {
  readonly code: (typeof problemCodes)[number]
  readonly documentIds: readonly string[]
}

/** Every state before issue is that of a draft, and a cancelled document is none at all. */
const beforeIssue = new Set<string>(['quarantined', 'draft', 'presented', 'signed', 'numbered', 'cancelled'])
const inHand = new Set<string>(['assigned', 'processing'])

/**
 * The checklist of closing (arts 29.3, 29.4): drafts and duplicates are taken out, nothing in it is still being
 * handled, and every document has its date, which the index needs.
 */
export function checkForClosing(documents: readonly FiledDocument[]): Problem[] {
  if (documents.length === 0) return [{ code: 'EMPTY', documentIds: [] }]
  const files = new Map<string, number>()
  for (const { sha256 } of documents) if (sha256 !== null) files.set(sha256, (files.get(sha256) ?? 0) + 1)
  const found: Problem[] = [
    { code: 'DRAFT', documentIds: idsOf(documents, (one) => beforeIssue.has(one.state)) },
    {
      code: 'DUPLICATE',
      documentIds: idsOf(documents, (one) => one.sha256 !== null && (files.get(one.sha256) ?? 0) > 1),
    },
    { code: 'OPEN_TASK', documentIds: idsOf(documents, (one) => inHand.has(one.state)) },
    {
      code: 'UNDATED',
      documentIds: idsOf(documents, (one) => one.date === null && !beforeIssue.has(one.state)),
    },
  ]
  return found.filter((problem) => problem.documentIds.length > 0)
}

function idsOf(documents: readonly FiledDocument[], test: (one: FiledDocument) => boolean): string[] {
  return documents.filter(test).map((one) => one.documentId)
}

/** How a problem is told. */
export const problemWords: Readonly<Record<Problem['code'], { readonly vi: string; readonly en: string }>> = {
  EMPTY: { vi: 'chưa có văn bản nào', en: 'it holds no document' },
  DRAFT: { vi: 'còn bản thảo hoặc văn bản đã hủy', en: 'it holds drafts or cancelled documents' },
  DUPLICATE: { vi: 'có văn bản trùng tệp', en: 'it holds the same file twice' },
  OPEN_TASK: { vi: 'còn văn bản đang xử lý', en: 'documents in it are still being handled' },
  UNDATED: { vi: 'có văn bản thiếu ngày', en: 'documents in it have no date' },
}
