/** Which texts name an agency of the directory: `agency_codes` and `agency_terms`, read only. */
import { foldName } from './agency-entry.ts'
import type { DirectoryTransaction } from './agency-store.ts'

/**
 * Those of the texts that are the code or the name of an agency in the directory on a day: it is reached
 * electronically.
 *
 * @param date `YYYY-MM-DD` in Việt Nam
 */
export async function namesOfAgencies(
  trx: DirectoryTransaction,
  texts: readonly string[],
  date: string,
): Promise<string[]> {
  if (texts.length === 0) return []
  const folded = new Map(texts.map((text) => [foldName(text), text]))
  const { rows } = await trx.raw<{ rows: { found: string }[] }>(
    `select code as found from agency_codes
     where code = any(:codes) and valid_from <= :date and (valid_to is null or valid_to > :date)
     union
     select name_folded from agency_terms
     where name_folded = any(:names) and valid_from <= :date and (valid_to is null or valid_to > :date)`,
    { codes: [...texts], names: [...folded.keys()], date },
  )
  const found = new Set(rows.map((row) => row.found))
  return texts.filter((text) => found.has(text) || found.has(foldName(text)))
}
