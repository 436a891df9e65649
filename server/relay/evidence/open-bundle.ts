/** From the bytes of a bundle to its parts, each opened and compared with its name. Pure. */
import { z } from 'zod'
import { type DecodedPart, decodePart } from '../../directory/part.ts'
import type { DocumentMessage, StatusMessage } from '../../edxml/envelope.ts'
import { openByOwnKey } from '../../edxml/own-key.ts'
import { openReceipt, type Receipt } from '../../edxml/receipt.ts'
import { openSealedDocument, openSealedStatus } from '../../edxml/seal.ts'
import type { Opened } from '../../edxml/sealed-xml.ts'
import { CongvanError, isKnownError } from '../../errors.ts'
import {
  type BundleIndex,
  besidePart,
  bundleIndex,
  certificateName,
  namesOf,
  partName,
  type SealedFolder,
  topFiles,
} from './bundle.ts'
import { certificatePem, partHelpers, sealsText, sha256Of, sumsText } from './derived-files.ts'
import type { Findings } from './findings.ts'
import { HOW_TO_VERSION, howToOf, howToVersion } from './how-to-verify.ts'
import { readZip } from './zip-reader.ts'

/** A sealed file whose seal holds, under the name that it has in the bundle. */
export type BundledSeal<Message> = Opened<Message> & { readonly file: string }

export interface OpenedBundle {
  readonly index: BundleIndex
  /** By name. */
  readonly files: ReadonlyMap<string, Uint8Array>
  /** By SHA-256. */
  readonly envelopes: ReadonlyMap<string, BundledSeal<DocumentMessage>>
  readonly receipts: ReadonlyMap<string, BundledSeal<Receipt>>
  readonly statuses: ReadonlyMap<string, BundledSeal<StatusMessage>>
  readonly parts: readonly (DecodedPart & { readonly file: string })[]
}

/**
 * Opens a bundle. What is wrong with a part of it becomes a finding, and that part is left out.
 *
 * @throws CongvanError `EVIDENCE_UNREADABLE` where it is no bundle at all
 */
export async function openBundle(zip: Uint8Array, findings: Findings): Promise<OpenedBundle> {
  const files = readZip(zip)
  const index = readIndex(files.get(topFiles.index))
  compareNames(index, files, findings)
  const sealed = <Message>(folder: SealedFolder, open: (xml: Uint8Array) => Opened<Message>) =>
    openFolder(files, folder, open, findings)
  const bundle = {
    index,
    files,
    envelopes: sealed('envelopes', (xml) => openByOwnKey(openSealedDocument, xml)),
    receipts: sealed('receipts', (xml) => openByOwnKey(openReceipt, xml)),
    statuses: sealed('statuses', (xml) => openByOwnKey(openSealedStatus, xml)),
    parts: await openParts(index, files, findings),
  }
  compareHelpers(bundle, findings)
  return bundle
}

function readIndex(bytes: Uint8Array | undefined): BundleIndex {
  if (bytes === undefined) throw unreadable('thiếu index.json / has no index.json')
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw unreadable('index.json không phải JSON / has an index.json that is no JSON')
  }
  const parsed = bundleIndex.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const where = `index.json ${issue?.path.join('.') ?? ''}: ${issue?.message ?? z.prettifyError(parsed.error)}`
  throw unreadable(`${where} / has an index of another form`)
}

/** The bundle has what its index names and nothing else, and each file has the hash that its name says. */
function compareNames(index: BundleIndex, files: OpenedBundle['files'], findings: Findings): void {
  const listed = namesOf(index)
  for (const file of listed) if (!files.has(file)) findings.add('FILE_MISSING', { file })
  for (const file of files.keys()) if (!listed.has(file)) findings.add('FILE_UNLISTED', { file })
  const named = /^(?:document|envelopes|receipts|statuses)\/([0-9a-f]{64})\.[a-z]+$/
  const sums = new Map<string, string>()
  for (const [file, bytes] of files) {
    const hash = sha256Of(bytes)
    const [, wanted] = named.exec(file) ?? []
    if (wanted !== undefined && wanted !== hash) findings.add('FILE_CHANGED', { file })
    if (file !== topFiles.sums) sums.set(file, hash)
  }
  for (const { file, sha256 } of index.files) {
    if (!file.startsWith(`document/${sha256}.`)) findings.add('FILE_CHANGED', { file })
  }
  requireSame(files, topFiles.sums, sumsText(sums), findings)
}

function openFolder<Message>(
  files: OpenedBundle['files'],
  folder: SealedFolder,
  open: (xml: Uint8Array) => Opened<Message>,
  findings: Findings,
): Map<string, BundledSeal<Message>> {
  const opened = new Map<string, BundledSeal<Message>>()
  for (const [file, bytes] of files) {
    if (!file.startsWith(`${folder}/`)) continue
    try {
      const one = open(bytes)
      opened.set(one.sha256, { ...one, file })
    } catch (error) {
      if (!isKnownError(error)) throw error
      findings.add('SEAL_BROKEN', { file, reason: error.code })
    }
  }
  return opened
}

async function openParts(
  index: BundleIndex,
  files: OpenedBundle['files'],
  findings: Findings,
): Promise<OpenedBundle['parts']> {
  const parts: (DecodedPart & { file: string })[] = []
  for (const { file, issuer, version, sha256 } of index.directory) {
    const bytes = files.get(file)
    if (bytes === undefined) continue
    try {
      const part = await decodePart(bytes)
      const { content } = part
      const named = content.issuer === issuer && content.version === version && part.sha256 === sha256
      if (named && partName(issuer, version) === file) parts.push({ ...part, file })
      else findings.add('FILE_CHANGED', { file })
    } catch (error) {
      if (!(error instanceof CongvanError)) throw error
      findings.add('DIRECTORY_PART_BROKEN', { file, reason: String(error.params.why ?? error.code) })
    }
  }
  return parts
}

/** The files that only repeat others say the same as those. */
function compareHelpers(bundle: OpenedBundle, findings: Findings): void {
  const { files, envelopes, receipts, statuses, parts } = bundle
  // A key may have had several certificates: any of them will do.
  const certificates = new Set(
    [...envelopes.values(), ...receipts.values(), ...statuses.values()].map(
      (seal) => `${certificateName(seal.keyFingerprint)} ${certificatePem(seal.certificate)}`,
    ),
  )
  for (const [file, bytes] of files) {
    if (!file.startsWith('certificates/')) continue
    if (!certificates.has(`${file} ${Buffer.from(bytes)}`)) findings.add('HELPER_WRONG', { file })
  }
  for (const part of parts) {
    const names = besidePart(part.file)
    const helpers = partHelpers(part.bytes)
    requireSame(files, names.key, helpers.key, findings)
    requireSame(files, names.signature, helpers.signature, findings)
  }
  requireSame(files, topFiles.seals, sealsText(sealLines(bundle)), findings)
  compareHowTo(bundle, findings)
}

/** People run what the text tells them to: it is written anew and compared. Of a later number that cannot be done. */
function compareHowTo({ index, files, envelopes }: OpenedBundle, findings: Findings): void {
  const file = topFiles.howTo
  const text = files.get(file)
  const wanted = howToOf(index, envelopes.values())
  if (text === undefined || wanted === undefined) return
  const version = howToVersion(text) ?? HOW_TO_VERSION
  if (version === HOW_TO_VERSION) requireSame(files, file, wanted, findings)
  else findings.add('HOW_TO_UNKNOWN', { file, version })
}

/** Which key sealed which file, and which node the file says that it is. */
export function sealLines({
  envelopes,
  receipts,
  statuses,
}: Pick<OpenedBundle, 'envelopes' | 'receipts' | 'statuses'>) {
  const origins = new Map<string, string>()
  for (const { message } of receipts.values()) {
    if (message.event === 'SubmissionAcceptance') origins.set(message.envelopeSha256, message.issuingNode)
  }
  return [
    ...[...envelopes.values()].map((one) => line(one, origins.get(one.sha256) ?? '-')),
    ...[...receipts.values()].map((one) => line(one, one.message.issuingNode)),
    ...[...statuses.values()].map((one) => line(one, '-')),
  ]
}

function line({ file, keyFingerprint: fingerprint }: { file: string; keyFingerprint: string }, node: string) {
  return { file, fingerprint, node }
}

function requireSame(
  files: OpenedBundle['files'],
  file: string,
  wanted: Uint8Array,
  findings: Findings,
): void {
  const bytes = files.get(file)
  if (bytes !== undefined && !Buffer.from(wanted).equals(bytes)) findings.add('HELPER_WRONG', { file })
}

function unreadable(reason: string): CongvanError {
  return new CongvanError('EVIDENCE_UNREADABLE', { reason })
}
