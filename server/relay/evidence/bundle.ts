/**
 * The format of a bundle of evidence (gói chứng cứ), version 1. Pure.
 *
 * - `HOW-TO-VERIFY.txt`, `index.json`, `SHA256SUMS`, `SEALS.txt` at the top. All four only help: what counts is sealed.
 * - `document/<sha256>.<ext>`: the issued PDF and the separate files, byte for byte.
 * - `envelopes/<sha256>.xml`, `receipts/<sha256>.xml`, `statuses/<sha256>.xml`: sealed XML, byte for byte.
 * - `certificates/<fingerprint>.pem`: the certificates of the node keys that sealed them, as they stand in the XML.
 * - `directory/<issuer>-<version>.jws`: signed parts of the directory, byte for byte; beside each its key (`.pem`) and
 *   its signature as DER (`.sig`), so that `openssl` can check it.
 *
 * Files that count are named by the SHA-256 of their bytes, certificates by that of their key (SPKI, DER).
 */
import { z } from 'zod'
import { integer, organId, sha256 } from '../../edxml/values.ts'

export const BUNDLE_FORMAT = 'congvan-evidence'
export const BUNDLE_VERSION = 1
export const BUNDLE_CONTENT_TYPE = 'application/zip'

export const topFiles = {
  howTo: 'HOW-TO-VERIFY.txt',
  index: 'index.json',
  sums: 'SHA256SUMS',
  seals: 'SEALS.txt',
} as const

export const sealedFolders = ['envelopes', 'receipts', 'statuses'] as const
export type SealedFolder = (typeof sealedFolders)[number]

/** Ends of names of documents by their media type; the bytes are judged, never the name. */
const extensions: Readonly<Record<string, string>> = {
  'application/pdf': 'pdf',
  'application/xml': 'xml',
  'text/xml': 'xml',
}

export const sealedName = (folder: SealedFolder, hash: string): string => `${folder}/${hash}.xml`
export const certificateName = (fingerprint: string): string => `certificates/${fingerprint}.pem`
export const documentName = (hash: string, contentType: string): string =>
  `document/${hash}.${extensions[contentType] ?? 'bin'}`
export const partName = (issuer: string, version: number): string => `directory/${issuer}-${version}.jws`

const folderFile = (folder: string, end: string) =>
  z.string().regex(new RegExp(`^${folder}/[a-z0-9-]+\\.${end}$`))
const length = integer(0, Number.MAX_SAFE_INTEGER)

export const bundleIndex = z.strictObject({
  format: z.literal(BUNDLE_FORMAT),
  version: z.literal(BUNDLE_VERSION),
  madeAt: z.iso.datetime({ offset: true }),
  /** The node that put the bundle together; nothing rests on its word. */
  madeBy: z.string().max(63),
  envelopes: z.array(sha256).min(1).max(1_000),
  files: z
    .array(
      z.strictObject({
        file: folderFile('document', '[a-z]+'),
        /** As the envelope's manifest names it. */
        name: z.string().max(200),
        contentType: z.string().max(200),
        sha256,
        length,
      }),
    )
    .max(10_000),
  deliveries: z
    .array(
      z.strictObject({
        envelope: sha256,
        /** Attempt series, from 1. */
        series: integer(1, 999_999),
        recipient: organId,
        receipts: z.array(sha256).max(1_000),
        statuses: z.array(sha256).max(1_000),
      }),
    )
    .min(1)
    .max(60_000),
  certificates: z
    .array(z.strictObject({ file: folderFile('certificates', 'pem'), fingerprint: sha256 }))
    .max(10_000),
  directory: z
    .array(
      z.strictObject({
        file: folderFile('directory', 'jws'),
        issuer: z.string().max(63),
        version: z.int().positive(),
        sha256,
      }),
    )
    .max(10_000),
})
export type BundleIndex = z.infer<typeof bundleIndex>
export type BundleFile = BundleIndex['files'][number]
export type BundleDelivery = BundleIndex['deliveries'][number]

/** What the names of the files beside a part are. */
export function besidePart(file: string): { readonly key: string; readonly signature: string } {
  const base = file.replace(/\.jws$/, '')
  return { key: `${base}.pem`, signature: `${base}.sig` }
}

/** Every file that an index tells of, the four at the top among them. */
export function namesOf(index: BundleIndex): Set<string> {
  const receipts = index.deliveries.flatMap((one) => one.receipts)
  const statuses = index.deliveries.flatMap((one) => one.statuses)
  return new Set([
    ...Object.values(topFiles),
    ...index.files.map((one) => one.file),
    ...index.envelopes.map((hash) => sealedName('envelopes', hash)),
    ...receipts.map((hash) => sealedName('receipts', hash)),
    ...statuses.map((hash) => sealedName('statuses', hash)),
    ...index.certificates.map((one) => one.file),
    ...index.directory.flatMap(({ file }) => [file, ...Object.values(besidePart(file))]),
  ])
}
