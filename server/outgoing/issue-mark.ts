/** What the agency's signature says on a document that was signed elsewhere. */
import type { IssueMark, TypesetFonts } from '../../signing/index.ts'
import type { AgencyTransaction } from '../db.ts'
import type { FillFonts } from '../documents/document-services.ts'
import type { DocumentRow } from '../documents/document-store.ts'
import { readOwnAgency } from '../documents/own-agency.ts'
import { printedCode } from '../registers/register.ts'
import { dateLine } from '../registers/vietnam-date.ts'

/** What is known of the document before it has a number. */
export interface MarkGround {
  /** Địa danh; null leaves the date alone. */
  readonly place: string | null
  /** Ký hiệu. */
  readonly codeNotation: string
  /** Name of the agency. */
  readonly agency: string
}

/** @throws CongvanError as `readOwnAgency` */
export async function readMarkGround(
  trx: AgencyTransaction,
  agencyId: string,
  { place, codeNotation }: Pick<DocumentRow, 'place' | 'codeNotation'>,
  date: string,
): Promise<MarkGround> {
  const { name } = await readOwnAgency(trx, agencyId, date)
  return { place, codeNotation, agency: name }
}

/**
 * @param number as printed: `05`
 * @param date `YYYY-MM-DD`
 */
export function issueMarkOf(
  { place, codeNotation, agency }: MarkGround,
  number: string,
  date: string,
): IssueMark {
  const line = dateLine(date)
  return {
    code: printedCode(number, codeNotation),
    placeAndDate: place === null ? line : `${place}, ${line}`,
    agency,
  }
}

/** Number and date as wide as they get: a box without room for these could not be signed in. */
export function widestMark(ground: MarkGround): IssueMark {
  return issueMarkOf(ground, '9999', '2026-12-30')
}

/** The faces of number and date; both sides use them, so that they can compare what they draw. */
export function markFonts({ number, date }: FillFonts): TypesetFonts {
  return { upright: number, italic: date }
}
