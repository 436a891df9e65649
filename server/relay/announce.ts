import { randomUUID } from 'node:crypto'
import type { NodeContext } from '../context.ts'
import { withNodeTables } from '../db.ts'
import { vietnamDay } from '../directory/agency-entry.ts'
import { findAgencyByCode } from '../directory/agency-store.ts'
import type { StatusAnnouncer } from '../documents/status-announcer.ts'
import { isStatusCode, type StatusCode } from '../edxml/codes.ts'
import type { StatusMessage } from '../edxml/envelope.ts'
import type { ReceiptEvent } from '../edxml/receipt.ts'
import { openSealedDocument, sealStatus } from '../edxml/seal.ts'
import { type Announcement, findAnnouncement, insertAnnouncement, markSealed } from './announcement-store.ts'
import { latestBranchOfDelivery } from './branch-store.ts'
import { findEnvelope, readEnvelopeBytes } from './envelope-store.ts'
import { makeReceipt } from './make-receipt.ts'
import { type Evidence, passBack } from './pass-back.ts'
import { terminalReceipts } from './receipt-store.ts'
import type { RelayDeps } from './relay-deps.ts'

/** The longest Description of a status (NĐ 30/2020 Phụ lục VI Part II), code points. */
const DESCRIPTION = 500

/**
 * Lets clerks' acts be told to the sender: the intent and its job are stored in the transaction of the act; nothing
 * is sealed or sent there.
 */
export function statusAnnouncer(context: NodeContext): StatusAnnouncer {
  return (trx, status) =>
    withNodeTables(trx, async (node) => {
      const delivery = { envelopeSha256: status.envelopeSha256, recipient: status.recipientCode }
      const branch = await latestBranchOfDelivery(node, delivery)
      if (branch === undefined) {
        throw new Error(`no delivery of ${status.envelopeSha256} to ${status.recipientCode}`)
      }
      const id = randomUUID()
      await insertAnnouncement(node, {
        id,
        ...delivery,
        series: branch.series,
        code: status.code,
        description: [...status.description].slice(0, DESCRIPTION).join(''),
        occurredAt: status.at,
      })
      await context.queue.put(node, 'relay-return', { announcement: id })
    })
}

/** 03 is the handover of the content to the recipient, 02 its failure (design 4, ETSI EN 319 522-1 clause 6.2). */
const handover: Partial<Record<StatusCode, ReceiptEvent>> = {
  '02': 'ContentHandoverFailure',
  '03': 'ContentHandover',
}

/**
 * Seals what a clerk did, once, and sends it back the way the document came.
 *
 * A crash before the transaction commits leaves the announcement unsealed and nothing sent: the queue runs the job
 * again, with another seal that is the only one. After it the sealed bytes stand, and every retry sends those.
 */
export async function sealAnnouncement(deps: RelayDeps, id: string): Promise<void> {
  const { context } = deps
  const announcement = await context.db.asNode((trx) => findAnnouncement(trx, id))
  if (announcement === undefined || announcement.messageSha256 !== null) return
  const { code } = announcement
  if (!isStatusCode(code)) throw new Error(`announcement ${id} has no known status: ${code}`)
  const { message, consignment } = await statusOf(deps, announcement)
  const now = context.clock()
  const { xml, sha256 } = await sealStatus(message, { key: deps.key, sealedAt: now })
  const { envelopeSha256, series, recipient, description, occurredAt } = announcement
  const status = {
    sha256,
    xml,
    envelopeSha256,
    series,
    recipient,
    code,
    description: description === '' ? null : description,
    occurredAt: message.timestamp,
  }
  const evidence: Evidence[] = [{ kind: 'status', sealed: status, node: context.nodeId }]
  const event = handover[code]
  if (event !== undefined) {
    const facts = {
      event,
      ...(code === '02' ? { reasonCode: 'RECIPIENT_REFUSED' } : {}),
      envelopeSha256,
      series,
      branchId: id,
      recipients: [recipient],
      previousReceiptSha256: consignment,
    }
    evidence.push({ kind: 'receipt', sealed: await makeReceipt(deps, facts, occurredAt, now) })
  }
  await context.db.asNode(async (trx) => {
    if (!(await markSealed(trx, id, sha256, now))) return
    await passBack(trx, context, evidence, now)
  })
}

/** The status message: its header fields come from the envelope that it answers. */
async function statusOf(
  deps: RelayDeps,
  announcement: Announcement,
): Promise<{ message: StatusMessage; consignment: string | null }> {
  const { envelopeSha256, recipient, occurredAt, description } = announcement
  const found = await deps.context.db.asNode(async (trx) => ({
    envelope: await findEnvelope(trx, envelopeSha256),
    bytes: await readEnvelopeBytes(trx, envelopeSha256),
    agency: await findAgencyByCode(trx, recipient, vietnamDay(occurredAt)),
    terminal: await terminalReceipts(trx, announcement, [recipient]),
  }))
  const { envelope, bytes, agency, terminal } = found
  if (envelope === undefined || bytes === undefined) {
    throw new Error(`announcement ${announcement.id} has lost its envelope`)
  }
  const { message } = openSealedDocument(bytes, { keyFingerprints: [envelope.sealKey] })
  const addressed = message.to.find((one) => one.organId === recipient)
  const { codeNumber, codeNotation } = message.code
  return {
    consignment: terminal.get(recipient)?.sha256 ?? null,
    message: {
      from: { organId: recipient, organName: agency?.name ?? addressed?.organName ?? recipient },
      responseFor: {
        organId: message.from.organId,
        code: `${codeNumber}/${codeNotation}`,
        documentId: message.documentId,
        promulgationDate: message.promulgationInfo.promulgationDate,
      },
      statusCode: announcement.code,
      ...(description === '' ? {} : { description }),
      timestamp: new Date(Math.floor(occurredAt.getTime() / 1000) * 1000),
    },
  }
}
