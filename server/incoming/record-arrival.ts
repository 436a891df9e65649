import { randomUUID } from 'node:crypto'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import { type AgencyTransaction, withNodeTables } from '../db.ts'
import { insertFile, type SeparateKind } from '../documents/document-files-store.ts'
import {
  findByEnvelope,
  insertDocument,
  type NewDocument,
  SECRET_SUBJECT,
} from '../documents/document-store.ts'
import { insertLink, type LinkKind } from '../documents/link-store.ts'
import { insertProvenance, type Provenance } from '../documents/provenance-store.ts'
import { insertRequest, type RequestedChange, type RequestType } from '../documents/request-store.ts'
import { insertRevision } from '../documents/revision-store.ts'
import { holdFile } from '../files/file-hold-store.ts'
import { extensionOf } from '../files/file-names.ts'
import type { FileStore } from '../files/file-store.ts'
import { findSecretField, findSecretInName } from '../pages/secret-marks.ts'
import { linkArrived } from './link-arrived.ts'
import { addPending } from './pending-verification-store.ts'
import { LOST_AFTER_MS } from './recover-verifications.ts'

/** The fields of a document message that the recipient's register needs; a decoded message fits as it is. */
export interface ArrivedMessage {
  readonly from: { readonly organId: string; readonly organName?: string }
  readonly documentId: string
  readonly code: { readonly codeNumber: string; readonly codeNotation: string }
  /** `YYYY-MM-DD`. */
  readonly promulgationInfo: { readonly place?: string; readonly promulgationDate: string }
  readonly documentType: { readonly typeName: string }
  readonly subject: string
  readonly signerInfo: { readonly competence?: string; readonly position?: string; readonly fullName: string }
  /** `YYYY-MM-DD`. */
  readonly dueDate?: string
  readonly otherInfo?: { readonly priority?: number }
}

/** What a message is for, when it is not simply a new document (`Bussiness`). */
export interface ArrivedBusiness {
  /** 0 new, 1 recall, 2 update, 3 replacement. */
  readonly type: number
  /** Of a recall or an update: the document that it is about, by its DocumentId. */
  readonly request: {
    readonly type: RequestType
    readonly targetCode: string
    readonly reason: string | null
    readonly change: RequestedChange | null
    /** A recall that speaks of paper copies. */
    readonly asksPaper: boolean
  } | null
  readonly links: readonly { readonly kind: LinkKind; readonly targetCode: string }[]
}

export interface Arrival {
  /** The recipient, hosted here. */
  readonly agencyId: string
  /** The code by which it was addressed. */
  readonly recipientCode: string
  /** Identity of the sealed envelope: SHA-256, hexadecimal. */
  readonly envelopeSha256: string
  readonly message: ArrivedMessage
  /** The document's PDF, in the file store already. */
  readonly fileSha256: string
  /** Bytes. */
  readonly fileLength: number
  readonly fileName: string
  /** The files beside it, in the file store already. */
  readonly separate: readonly ArrivedFile[]
  readonly provenance: Provenance
  /** Left out: a new document. */
  readonly business?: ArrivedBusiness
}

export interface ArrivedFile {
  /** 2, 3, … in the order of the message. */
  readonly position: number
  readonly kind: SeparateKind
  readonly name: string
  readonly contentType: string
  readonly sha256: string
  readonly length: number
}

export interface RecordedArrival {
  /** The incoming document's id in this node. */
  readonly documentId: string
  /** False when this envelope had arrived before: nothing was written. */
  readonly created: boolean
}

/**
 * Lays a document that came with an envelope before the recipient's clerk, once for (agency, envelope), and puts the
 * job that verifies it. It is called inside the transaction of the node that also stores receipt and delivery, so
 * that all of it is there or nothing.
 *
 * @throws CongvanError `STORAGE_DAMAGED` when a file is not in the store
 */
export async function recordArrival(
  trx: AgencyTransaction,
  context: NodeContext,
  files: FileStore,
  arrival: Arrival,
): Promise<RecordedArrival> {
  const now = context.clock()
  const id = randomUUID()
  const secret = findSecretOnArrival(arrival)
  const nameOf = (name: string, position: number) =>
    secret === undefined ? name : neutralName(name, position)
  const created = await insertDocument(trx, newDocument(id, arrival, secret?.mark ?? null, now))
  if (!created) {
    const known = await findByEnvelope(trx, arrival.envelopeSha256)
    if (known === undefined) throw new Error('an envelope in conflict has no document')
    return { documentId: known, created: false }
  }
  const file = { sha256: arrival.fileSha256, length: arrival.fileLength }
  const revision = insertRevision(trx, arrival.agencyId, id, {
    revision: 1,
    kind: 'received',
    ...file,
    name: nameOf(arrival.fileName, 1),
    addedBy: null,
    addedAt: now,
    signature: null,
  })
  const separate = arrival.separate.map((one) => {
    const { position, kind, contentType, sha256, length } = one
    const received = { position, kind, name: nameOf(one.name, position), contentType, sha256, length }
    const added = { addedBy: null, addedAt: now, signature: null, findings: [] }
    return insertFile(trx, arrival.agencyId, id, { ...received, ...added })
  })
  const missing = arrival.provenance.missing.map((name, at) => nameOf(name, at + 1))
  const provenance = insertProvenance(trx, arrival.agencyId, id, { ...arrival.provenance, missing })
  const actor = { kind: 'node', nodeId: context.nodeId } as const
  const logged = appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, arrival.agencyId, {
    kind: 'document.arrived',
    subject: `document:${id}`,
    facts: {
      envelope: arrival.envelopeSha256,
      file: arrival.fileSha256,
      ...(arrival.separate.length === 0 ? {} : { separate: arrival.separate.map((one) => one.sha256) }),
      ...(arrival.provenance.originCode === null ? {} : { origin: arrival.provenance.originCode }),
      ...(arrival.provenance.copyForm === null ? {} : { copy: arrival.provenance.copyForm }),
      sender: arrival.message.from.organId,
      recipient: arrival.recipientCode,
      documentId: arrival.message.documentId,
      ...((arrival.business?.type ?? 0) === 0 ? {} : { businessType: arrival.business?.type ?? 0 }),
    },
  })
  const job = { agencyId: arrival.agencyId, documentId: id }
  const queued = context.queue.put(trx, 'document-verify', job)
  await Promise.all([revision, ...separate, provenance, logged, queued])
  await recordBusiness(trx, id, arrival, now)
  await withNodeTables(trx, async (node) => {
    const all = new Map([file, ...arrival.separate].map((one) => [one.sha256, one.length]))
    await Promise.all([
      // In the order of their hashes, so that two transactions never wait for each other.
      ...[...all.keys()]
        .sort()
        .map((sha256) =>
          holdFile(node, files, { sha256, length: all.get(sha256) ?? 0 }, `document:${id}`, now),
        ),
      addPending(node, job, now, new Date(now.getTime() + LOST_AFTER_MS)),
    ])
  })
  if (secret !== undefined) {
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, arrival.agencyId, {
      kind: 'document.secret-mark-held',
      subject: `document:${id}`,
      facts: secret,
    })
  }
  // A recall marks its document at once; what comes after its own recall is marked when it is verified, before it opens.
  if (arrival.business !== undefined) await linkArrived(trx, context, id)
  return { documentId: id, created: true }
}

/** Notes what the message asks and which document it replaces or corrects, whether that one is here yet or not. */
async function recordBusiness(
  trx: AgencyTransaction,
  id: string,
  { agencyId, message, business }: Arrival,
  now: Date,
): Promise<void> {
  if (business === undefined) return
  const { request, links } = business
  if (request !== null) {
    const senderCode = message.from.organId
    const asked = { ...request, id: randomUUID(), noticeId: id, senderCode, requestedAt: now }
    await insertRequest(trx, agencyId, asked)
  }
  for (const link of links) await insertLink(trx, agencyId, { ...link, documentId: id, targetId: null }, now)
}

/**
 * A mark of secrecy in what the message says, the names of its files among it, also of those that did not come: the
 * document is held, and neither its subject nor those names are kept beside it.
 */
function findSecretOnArrival({
  message,
  ...arrival
}: Arrival): { readonly field: string; readonly mark: string } | undefined {
  const names = [arrival.fileName, ...arrival.separate.map((one) => one.name), ...arrival.provenance.missing]
  const inFields = findSecretField({
    kind: message.documentType.typeName,
    subject: message.subject,
    symbol: message.code.codeNotation,
    place: message.promulgationInfo.place ?? null,
    'signer.position': message.signerInfo.position ?? null,
    'signer.competence': message.signerInfo.competence ?? null,
  })
  if (inFields !== undefined) return inFields
  const [mark] = names.flatMap((name) => findSecretInName(name) ?? [])
  return mark === undefined ? undefined : { field: 'file.name', mark }
}

/** The name under which a file of a document that is held is kept. */
function neutralName(name: string, position: number): string {
  const extension = extensionOf(name)
  return `tep-${position}${extension === '' ? '' : `.${extension}`}`
}

function newDocument(id: string, arrival: Arrival, secretMark: string | null, now: Date): NewDocument {
  const { message } = arrival
  return {
    id,
    agencyId: arrival.agencyId,
    direction: 'incoming',
    state: 'arrived',
    kind: message.documentType.typeName,
    subject: secretMark === null ? message.subject : SECRET_SUBJECT,
    codeNumber: message.code.codeNumber,
    codeNotation: message.code.codeNotation,
    promulgationDate: message.promulgationInfo.promulgationDate,
    place: message.promulgationInfo.place ?? null,
    urgency: message.otherInfo?.priority ?? 0,
    dueDate: message.dueDate ?? null,
    signer: {
      name: message.signerInfo.fullName,
      position: message.signerInfo.position ?? null,
      competence: message.signerInfo.competence ?? null,
    },
    recipients: [],
    documentCode: message.documentId,
    businessType: arrival.business?.type ?? 0,
    createdBy: null,
    createdAt: now,
    incoming: {
      envelopeSha256: arrival.envelopeSha256,
      senderCode: message.from.organId,
      senderName: message.from.organName ?? null,
      recipientCode: arrival.recipientCode,
      secretMark,
    },
  }
}
