/**
 * The files of a document: the main one, which is its newest revision and always at position 1, and the separate files
 * that go with it. The only SQL of `document_files`.
 */
import type { VerificationReport } from '../../signing/index.ts'
import type { AgencyTransaction } from '../db.ts'
import { findLatestRevision, type RevisionSignature } from './revision-store.ts'

/** `annex`: a Phụ lục, part of the document; `attachment`: what is sent with it. */
export const separateKinds = ['annex', 'attachment'] as const
export type SeparateKind = (typeof separateKinds)[number]
export type FileKind = 'main' | SeparateKind

export const MAIN_POSITION = 1
/** Files of one document, the main one among them: as many as an envelope names (`edxml/envelope.ts`). */
export const MOST_FILES = 100

export interface DocumentFile {
  /** 1 is the main file; the others follow from 2 on, with gaps where files were taken away again. */
  readonly position: number
  readonly kind: FileKind
  readonly name: string
  /** What was found in the bytes; of a received file what its sender says. Never trusted to open it by. */
  readonly contentType: string
  /** The bytes to be sent and shown: of a file that the own agency has signed those with the signature. */
  readonly sha256: string
  readonly length: number
  readonly addedAt: Date
  readonly signature: RevisionSignature | null
  /** Verdict over all signatures of a received file; null for others and before verification. */
  readonly indication: string | null
  readonly subIndication: string | null
  /** Stable codes of what is not as it should be. */
  readonly findings: readonly string[]
}

/** A separate file with what its upload or arrival brought. */
export interface NewDocumentFile {
  readonly position: number
  readonly kind: SeparateKind
  readonly name: string
  readonly contentType: string
  readonly sha256: string
  readonly length: number
  readonly addedBy: string | null
  readonly addedAt: Date
  /** Of a file that bears the signature of an agency already. */
  readonly signature: RevisionSignature | null
  readonly findings: readonly string[]
}

interface Row {
  readonly position: number
  readonly kind: SeparateKind
  readonly name: string
  readonly content_type: string
  readonly sha256: string
  readonly length: string
  readonly added_at: Date
  readonly signed_sha256: string | null
  readonly signed_length: string | null
  readonly signature_field: string | null
  readonly signer_subject: string | null
  readonly signer_fingerprint: string | null
  readonly indication: string | null
  readonly sub_indication: string | null
  readonly findings: string[]
}

/** All files of a document in the order of their positions; without a main file while none was uploaded. */
export async function listFiles(trx: AgencyTransaction, documentId: string): Promise<DocumentFile[]> {
  const main = await findLatestRevision(trx, documentId)
  const separate = await listSeparateFiles(trx, documentId)
  if (main === undefined) return separate
  return [
    {
      position: MAIN_POSITION,
      kind: 'main',
      name: main.name,
      contentType: 'application/pdf',
      sha256: main.sha256,
      length: main.length,
      addedAt: main.addedAt,
      signature: main.signature,
      indication: main.signature?.indication ?? null,
      subIndication: main.signature?.subIndication ?? null,
      findings: [],
    },
    ...separate,
  ]
}

/** The files beside the main one. */
export async function listSeparateFiles(
  trx: AgencyTransaction,
  documentId: string,
): Promise<(DocumentFile & { readonly kind: SeparateKind })[]> {
  const rows: Row[] = await trx('document_files')
    .where({ document_id: documentId })
    .orderBy('position')
    .select('*')
  return rows.map(fromRow)
}

function fromRow(row: Row): DocumentFile & { readonly kind: SeparateKind } {
  const { signature_field: field, signer_subject: subject, signer_fingerprint: fingerprint } = row
  return {
    position: row.position,
    kind: row.kind,
    name: row.name,
    contentType: row.content_type,
    sha256: row.signed_sha256 ?? row.sha256,
    length: Number(row.signed_length ?? row.length),
    addedAt: row.added_at,
    signature:
      field === null || subject === null || fingerprint === null
        ? null
        : {
            field,
            subject,
            fingerprint,
            indication: row.indication ?? 'INDETERMINATE',
            subIndication: row.sub_indication,
          },
    indication: row.indication,
    subIndication: row.sub_indication,
    findings: row.findings,
  }
}

export async function insertFile(
  trx: AgencyTransaction,
  agencyId: string,
  documentId: string,
  file: NewDocumentFile,
): Promise<void> {
  await trx('document_files').insert({
    agency_id: agencyId,
    document_id: documentId,
    position: file.position,
    kind: file.kind,
    name: file.name,
    content_type: file.contentType,
    sha256: file.sha256,
    length: file.length,
    added_by: file.addedBy,
    added_at: file.addedAt,
    ...signatureColumns(file.signature),
    findings: JSON.stringify(file.findings),
  })
}

/** The file with the agency's signature; the database takes it once, while the document is numbered. */
export async function signFile(
  trx: AgencyTransaction,
  documentId: string,
  position: number,
  signed: {
    readonly sha256: string
    readonly length: number
    readonly by: string
    readonly at: Date
    readonly signature: RevisionSignature
  },
): Promise<void> {
  await trx('document_files')
    .where({ document_id: documentId, position })
    .update({
      signed_sha256: signed.sha256,
      signed_length: signed.length,
      signed_by: signed.by,
      signed_at: signed.at,
      ...signatureColumns(signed.signature),
    })
}

function signatureColumns(signature: RevisionSignature | null) {
  return {
    signature_field: signature?.field ?? null,
    signer_subject: signature?.subject ?? null,
    signer_fingerprint: signature?.fingerprint ?? null,
    indication: signature?.indication ?? null,
    sub_indication: signature?.subIndication ?? null,
  }
}

/** What became of a received file when it was verified. */
export interface FileVerdict {
  readonly position: number
  readonly signature: RevisionSignature | null
  readonly indication: string
  readonly subIndication: string | null
  readonly findings: readonly string[]
  /** Null for what is no PDF. */
  readonly report: VerificationReport | null
}

export async function recordVerdict(
  trx: AgencyTransaction,
  documentId: string,
  verdict: FileVerdict,
): Promise<void> {
  await trx('document_files')
    .where({ document_id: documentId, position: verdict.position })
    .update({
      ...signatureColumns(verdict.signature),
      indication: verdict.indication,
      sub_indication: verdict.subIndication,
      findings: JSON.stringify(verdict.findings),
      report: verdict.report === null ? null : JSON.stringify(verdict.report),
    })
}

/** Takes a file away from a draft; the database refuses any other. */
export async function deleteFile(
  trx: AgencyTransaction,
  documentId: string,
  position: number,
): Promise<void> {
  await trx('document_files').where({ document_id: documentId, position }).delete()
}

/** Takes all separate files away, of a document in quarantine that is erased; returns the hashes to be released. */
export async function deleteAllFiles(trx: AgencyTransaction, documentId: string): Promise<string[]> {
  const rows: { sha256: string }[] = await trx('document_files')
    .where({ document_id: documentId })
    .delete()
    .returning('sha256')
  return rows.map((row) => row.sha256)
}
