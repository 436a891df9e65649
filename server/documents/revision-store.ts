/** The only SQL of `document_revisions`: the bytes of a document as they grew, each a file of the file store. */
import type { AgencyTransaction } from '../db.ts'
import { CongvanError } from '../errors.ts'
import { type MarkPlaces, markPlaces } from '../pages/mark-places.ts'

/** Who or what added a revision: the draft, the individual's signature, the fill, the agency's signature; or it came. */
export type RevisionKind = 'draft' | 'individual' | 'fill' | 'issued' | 'received'

export interface Revision {
  /** 1, 2, … */
  readonly revision: number
  readonly kind: RevisionKind
  readonly sha256: string
  /** Bytes. */
  readonly length: number
  /** File name to offer for a download. */
  readonly name: string
  readonly addedBy: string | null
  readonly addedAt: Date
  readonly signature: RevisionSignature | null
  /** SHA-256 of what an individual's signature covers, hexadecimal; written, and not read back. */
  readonly covered?: string
  /** Of a draft that was signed elsewhere; left out for every other revision. */
  readonly places?: MarkPlaces
}

/** The signature that a revision added, and what it was worth when it was added. */
export interface RevisionSignature {
  readonly field: string
  /** RFC 4514. */
  readonly subject: string
  /** SHA-256 of the certificate, hexadecimal. */
  readonly fingerprint: string
  readonly indication: string
  readonly subIndication: string | null
  /** When the certificate ends; written, so that it can be warned of, and not read back. */
  readonly endsAt?: Date
}

interface Row {
  readonly revision: number
  readonly kind: RevisionKind
  readonly sha256: string
  readonly length: string
  readonly name: string
  readonly added_by: string | null
  readonly added_at: Date
  readonly signature_field: string | null
  readonly signer_subject: string | null
  readonly signer_fingerprint: string | null
  readonly indication: string | null
  readonly sub_indication: string | null
  readonly mark_places: unknown
}

export async function insertRevision(
  trx: AgencyTransaction,
  agencyId: string,
  documentId: string,
  revision: Revision,
): Promise<void> {
  await trx('document_revisions').insert({
    agency_id: agencyId,
    document_id: documentId,
    revision: revision.revision,
    kind: revision.kind,
    sha256: revision.sha256,
    length: revision.length,
    name: revision.name,
    added_by: revision.addedBy,
    added_at: revision.addedAt,
    signature_field: revision.signature?.field ?? null,
    signer_subject: revision.signature?.subject ?? null,
    signer_fingerprint: revision.signature?.fingerprint ?? null,
    signer_ends_at: revision.signature?.endsAt ?? null,
    indication: revision.signature?.indication ?? null,
    sub_indication: revision.signature?.subIndication ?? null,
    covered_sha256: revision.covered ?? null,
    mark_places: revision.places === undefined ? null : JSON.stringify(revision.places),
  })
}

/** All revisions of a document, oldest first. */
export async function readRevisions(trx: AgencyTransaction, documentId: string): Promise<Revision[]> {
  const rows: Row[] = await trx('document_revisions')
    .where({ document_id: documentId })
    .orderBy('revision')
    .select('*')
  return rows.map(fromRow)
}

/** The newest revision; `undefined` while a document under quarantine has no file. */
export async function findLatestRevision(
  trx: AgencyTransaction,
  documentId: string,
): Promise<Revision | undefined> {
  const row = await trx('document_revisions')
    .where({ document_id: documentId })
    .orderBy('revision', 'desc')
    .first<Row | undefined>()
  return row === undefined ? undefined : fromRow(row)
}

/** @throws CongvanError `DOCUMENT_FILE_MISSING` */
export async function readLatestRevision(trx: AgencyTransaction, documentId: string): Promise<Revision> {
  const latest = await findLatestRevision(trx, documentId)
  if (latest === undefined) throw new CongvanError('DOCUMENT_FILE_MISSING')
  return latest
}

/** Whether two documents were received with the same main file. */
export async function isSameContent(trx: AgencyTransaction, one: string, other: string): Promise<boolean> {
  const hashes = await trx('document_revisions')
    .whereIn('document_id', [one, other])
    .where({ kind: 'received' })
    .pluck<string[]>('sha256')
  return hashes.length === 2 && hashes[0] === hashes[1]
}

/**
 * Whether a signature that covers these bytes stands in a document of this agency already, whatever its version. Who
 * asks for the same at the same time waits until this transaction ends.
 *
 * @param covered SHA-256 of what each signature covers, hexadecimal
 */
export async function isCoveredAlready(
  trx: AgencyTransaction,
  agencyId: string,
  covered: readonly string[],
): Promise<boolean> {
  for (const one of covered.toSorted()) {
    await trx.raw('select pg_advisory_xact_lock(hashtextextended(?, 31))', [`${agencyId}/${one}`])
  }
  const row = await trx('document_revisions')
    .where({ agency_id: agencyId })
    .whereIn('covered_sha256', [...covered])
    .first<{ revision: number } | undefined>('revision')
  return row !== undefined
}

/** Removes the revisions of a document under quarantine; the database refuses any other. */
export async function deleteRevisions(trx: AgencyTransaction, documentId: string): Promise<void> {
  await trx('document_revisions').where({ document_id: documentId }).delete()
}

function fromRow(row: Row): Revision {
  return {
    revision: row.revision,
    kind: row.kind,
    sha256: row.sha256,
    length: Number(row.length),
    name: row.name,
    addedBy: row.added_by,
    addedAt: row.added_at,
    signature:
      row.signature_field === null || row.signer_subject === null || row.signer_fingerprint === null
        ? null
        : {
            field: row.signature_field,
            subject: row.signer_subject,
            fingerprint: row.signer_fingerprint,
            indication: row.indication ?? 'INDETERMINATE',
            subIndication: row.sub_indication,
          },
    ...(row.mark_places === null ? {} : { places: markPlaces.parse(row.mark_places) }),
  }
}
