import type { UserActor } from '../actor.ts'
import type { Attachment, DocumentMessage } from '../edxml/envelope.ts'
import { openByOwnKey } from '../edxml/own-key.ts'
import { openReceipt } from '../edxml/receipt.ts'
import { openSealedDocument, openSealedStatus } from '../edxml/seal.ts'
import type { Opened } from '../edxml/sealed-xml.ts'
import { CongvanError } from '../errors.ts'
import {
  BUNDLE_FORMAT,
  BUNDLE_VERSION,
  type BundleIndex,
  besidePart,
  certificateName,
  documentName,
  partName,
  type SealedFolder,
  sealedName,
  topFiles,
} from './evidence/bundle.ts'
import { certificatePem, partHelpers, sealsText, sha256Of, sumsText } from './evidence/derived-files.ts'
import { howToOf } from './evidence/how-to-verify.ts'
import { sealLines } from './evidence/open-bundle.ts'
import { writeZip, type ZipEntry } from './evidence/zip-writer.ts'
import { type GatheredEvidence, gatherEvidence } from './gather-evidence.ts'
import type { RelayDeps } from './relay-deps.ts'

/**
 * The bundle of evidence of a document that the agency sent or passed on, piece by piece (`evidence/bundle.ts`). All
 * of it stands already: nothing is sealed for it, so it can be asked for again at any time, and grows with what comes
 * back.
 *
 * Reading is done and logged, and the files are known to be there, before the first piece; the files themselves are
 * read one at a time as their turn comes.
 *
 * @throws CongvanError those of `gatherEvidence`; `STORAGE_DAMAGED`
 */
export async function exportEvidence(
  deps: RelayDeps,
  actor: UserActor,
  documentId: string,
  remoteAddress: string | null = null,
): Promise<AsyncGenerator<Uint8Array>> {
  const { context, files } = deps
  const gathered = await gatherEvidence(context, actor, documentId, remoteAddress)
  const opened = openAll(gathered)
  const attachments = attachmentsOf(opened.envelopes)
  for (const { sha256 } of attachments) {
    if (!(await files.has(sha256))) throw new CongvanError('STORAGE_DAMAGED', { sha256, reason: 'ENOENT' })
  }
  const now = context.clock()
  const madeBy = { madeAt: now.toISOString(), madeBy: context.nodeId }
  const index = indexOf(gathered, opened, attachments, madeBy)
  const small = smallFiles(gathered, opened, index)
  const sums = new Map([...small].map(([name, bytes]) => [name, sha256Of(bytes)]))
  for (const one of attachments) sums.set(documentName(one.sha256, one.contentType), one.sha256)
  small.set(topFiles.sums, sumsText(sums))
  const entries: ZipEntry[] = [...small].map(([name, bytes]) => ({ name, bytes: async () => bytes }))
  for (const { sha256, contentType } of attachments) {
    entries.push({ name: documentName(sha256, contentType), bytes: () => files.read(sha256) })
  }
  return writeZip(entries, now)
}

type Sealed<Message> = Opened<Message> & { readonly file: string; readonly xml: Uint8Array }

/** All that was sealed, opened by the keys that it names: they were checked when it was stored. */
function openAll({ envelopes, receipts, statuses }: GatheredEvidence) {
  const all = <Message>(
    folder: SealedFolder,
    found: ReadonlyMap<string, Uint8Array>,
    open: (xml: Uint8Array) => Opened<Message>,
  ) =>
    new Map(
      [...found].map(([sha256, xml]): [string, Sealed<Message>] => [
        sha256,
        { ...open(xml), file: sealedName(folder, sha256), xml },
      ]),
    )
  return {
    envelopes: all('envelopes', envelopes, (xml) => openByOwnKey(openSealedDocument, xml)),
    receipts: all('receipts', receipts, (xml) => openByOwnKey(openReceipt, xml)),
    statuses: all('statuses', statuses, (xml) => openByOwnKey(openSealedStatus, xml)),
  }
}
type OpenedEvidence = ReturnType<typeof openAll>

/** The files of all envelopes, each once. */
function attachmentsOf(envelopes: ReadonlyMap<string, Opened<DocumentMessage>>): Attachment[] {
  const byName = new Map<string, Attachment>()
  for (const { message } of envelopes.values()) {
    for (const one of message.attachments) {
      const name = documentName(one.sha256, one.contentType)
      if (!byName.has(name)) byName.set(name, one)
    }
  }
  return [...byName.values()]
}

function indexOf(
  { deliveries, parts }: GatheredEvidence,
  opened: OpenedEvidence,
  attachments: readonly Attachment[],
  made: Pick<BundleIndex, 'madeAt' | 'madeBy'>,
): BundleIndex {
  const fingerprints = new Set(allSeals(opened).map((one) => one.keyFingerprint))
  return {
    format: BUNDLE_FORMAT,
    version: BUNDLE_VERSION,
    ...made,
    envelopes: [...opened.envelopes.keys()],
    files: attachments.map(({ attachmentName: name, contentType, sha256, length }) => ({
      file: documentName(sha256, contentType),
      name,
      contentType,
      sha256,
      length,
    })),
    deliveries: deliveries.map(({ envelopeSha256: envelope, series, recipient, events }) => ({
      envelope,
      series,
      recipient,
      receipts: events.filter((one) => one.kind === 'receipt').map((one) => one.messageSha256),
      statuses: events.filter((one) => one.kind === 'status').map((one) => one.messageSha256),
    })),
    certificates: [...fingerprints].map((fingerprint) => ({
      file: certificateName(fingerprint),
      fingerprint,
    })),
    directory: parts.map(({ issuer, version, sha256 }) => ({
      file: partName(issuer, version),
      issuer,
      version,
      sha256,
    })),
  }
}

/** Everything but the documents and the list of sums, by name. */
function smallFiles(
  { parts }: GatheredEvidence,
  opened: OpenedEvidence,
  index: BundleIndex,
): Map<string, Uint8Array> {
  const seals = allSeals(opened)
  const howTo = howToOf(index, opened.envelopes.values())
  if (howTo === undefined) throw new Error('evidence without an envelope')
  const files = new Map<string, Uint8Array>([
    [topFiles.howTo, howTo],
    [topFiles.index, Buffer.from(`${JSON.stringify(index, null, 2)}\n`)],
    [topFiles.seals, sealsText(sealLines(opened))],
  ])
  for (const { file, xml } of seals) files.set(file, xml)
  for (const { keyFingerprint, certificate } of seals) {
    files.set(certificateName(keyFingerprint), certificatePem(certificate))
  }
  for (const part of parts) {
    const file = partName(part.issuer, part.version)
    const names = besidePart(file)
    const helpers = partHelpers(part.bytes)
    files.set(file, part.bytes)
    files.set(names.key, helpers.key)
    files.set(names.signature, helpers.signature)
  }
  return files
}

function allSeals({ envelopes, receipts, statuses }: OpenedEvidence): Sealed<unknown>[] {
  return [...envelopes.values(), ...receipts.values(), ...statuses.values()]
}
