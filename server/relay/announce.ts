import { randomUUID } from 'node:crypto'
import type { NodeContext } from '../context.ts'
import { withNodeTables } from '../db.ts'
import { vietnamDay } from '../directory/agency-entry.ts'
import { findAgencyByCode } from '../directory/agency-store.ts'
import type { StatusAnnouncer } from '../documents/status-announcer.ts'
import { isStatusCode, type StatusCode } from '../edxml/codes.ts'
import type { StatusMessage } from '../edxml/envelope.ts'
import { openOwnEnvelope } from '../edxml/open-envelope.ts'
import type { ReceiptEvent } from '../edxml/receipt.ts'
import { sealStatus } from '../edxml/seal.ts'
import { CongvanError } from '../errors.ts'
import { type Announcement, findAnnouncement, insertAnnouncement, markSealed } from './announcement-store.ts'
import { latestBranchOfDelivery } from './branch-store.ts'
import { envelopesBringing, latestBringing } from './consigned-content-store.ts'
import { findEnvelope, readEnvelopeBytes, type StoredEnvelope } from './envelope-store.ts'
import { makeReceipt } from './make-receipt.ts'
import { type Evidence, passBack } from './pass-back.ts'
import { terminalReceipts } from './receipt-store.ts'
import type { RelayDeps } from './relay-deps.ts'
import { putAnnouncementJob } from './relay-jobs.ts'
import { releaseEnvelope } from './release-envelope.ts'

/** The longest Description of a status (NĐ 30/2020 Phụ lục VI Part II), code points. */
const DESCRIPTION = 500

/**
 * Lets clerks' acts be told to the sender: the intent and its job are stored in the transaction of the act; nothing
 * is sealed or sent there.
 */
export function statusAnnouncer(context: NodeContext): StatusAnnouncer {
  return async (trx, status) => {
    // The sender watches the newest attempt series, whichever brought the document.
    const { envelopeSha256, recipient } = (await latestBringing(trx, status.envelopeSha256)) ?? {
      envelopeSha256: status.envelopeSha256,
      recipient: status.recipientCode,
    }
    const delivery = { envelopeSha256, recipient }
    // Each attempt series has brought the content in an envelope of its own.
    const { givenUp } = status
    const released = givenUp === undefined ? [] : await envelopesBringing(trx, givenUp)
    await withNodeTables(trx, async (node) => {
      const branch = await latestBranchOfDelivery(node, delivery)
      if (branch === undefined) {
        throw new Error(`no delivery of ${status.envelopeSha256} to ${status.recipientCode}`)
      }
      for (const one of released) await releaseEnvelope(node, one)
      const id = randomUUID()
      await insertAnnouncement(node, {
        id,
        ...delivery,
        series: branch.series,
        code: status.code,
        description: [...status.description].slice(0, DESCRIPTION).join(''),
        occurredAt: status.at,
      })
      await putAnnouncementJob(node, context, { id, urgency: branch.urgency })
    })
  }
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
 *
 * @throws CongvanError `RELAY_TOO_EARLY` while this node's clock is before the seal of the envelope that it answers:
 *   nobody would believe the answer, and once sealed it could not be mended
 */
export async function sealAnnouncement(deps: RelayDeps, id: string): Promise<void> {
  const { context } = deps
  const announcement = await context.db.asNode((trx) => findAnnouncement(trx, id))
  if (announcement === undefined || announcement.messageSha256 !== null) return
  const { code } = announcement
  if (!isStatusCode(code)) throw new Error(`announcement ${id} has no known status: ${code}`)
  const now = context.clock()
  const { message, consignment, occurredAt } = await statusOf(deps, announcement, now)
  const { xml, sha256 } = await sealStatus(message, { key: deps.key, sealedAt: now })
  const { envelopeSha256, series, recipient, description } = announcement
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
  now: Date,
): Promise<{ message: StatusMessage; consignment: string | null; occurredAt: Date }> {
  const { envelopeSha256, recipient, description } = announcement
  const found = await deps.context.db.asNode(async (trx) => ({
    envelope: await findEnvelope(trx, envelopeSha256),
    bytes: await readEnvelopeBytes(trx, envelopeSha256),
    agency: await findAgencyByCode(trx, recipient, vietnamDay(announcement.occurredAt)),
    terminal: await terminalReceipts(trx, announcement, [recipient]),
  }))
  const { envelope, bytes, agency, terminal } = found
  if (envelope === undefined || bytes === undefined) {
    throw new Error(`announcement ${announcement.id} has lost its envelope`)
  }
  const occurredAt = timeOfAct(announcement, envelope, now, deps.context.limits.clockSkewSeconds)
  const { message } = openOwnEnvelope(bytes, envelope.sealKey)
  const addressed = message.to.find((one) => one.organId === recipient)
  const { codeNumber, codeNotation } = message.code
  return {
    occurredAt,
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

/**
 * When a clerk's act happened, as the evidence of it says. An act that was noted before its document was sealed was
 * noted under a clock that was wrong; all that is certain then is that it happened before now.
 *
 * @throws CongvanError `RELAY_TOO_EARLY`
 */
function timeOfAct(
  { occurredAt }: Announcement,
  { sealedAt }: Pick<StoredEnvelope, 'sealedAt'>,
  now: Date,
  clockSkewSeconds: number,
): Date {
  if (now.getTime() < sealedAt.getTime() - clockSkewSeconds * 1000) {
    throw new CongvanError('RELAY_TOO_EARLY', { sealedAt: sealedAt.toISOString(), now: now.toISOString() })
  }
  return occurredAt < sealedAt ? now : occurredAt
}
