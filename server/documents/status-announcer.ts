import type { AgencyTransaction } from '../db.ts'

/** What a recipient's clerk did, told to the sender of the document. */
export interface AnnouncedStatus {
  /** The incoming document's id in this node (uuid). */
  readonly documentId: string
  /** The document's identifier in the message (`OrganId,YYYY/MM/DD,Số/KýHiệu`), opaque. */
  readonly documentCode: string
  /** Identity of the envelope that brought it: SHA-256, hexadecimal. */
  readonly envelopeSha256: string
  /** The code by which the recipient agency was addressed: From of the status. */
  readonly recipientCode: string
  /** The code of the sending agency: ResponseFor.OrganId of the status. */
  readonly senderCode: string
  /** 15 and 16 answer a recall or an update. */
  readonly code: '02' | '03' | '04' | '05' | '06' | '15' | '16'
  /** For people, in Vietnamese: the reason of a refusal, the incoming number, who handles it. */
  readonly description: string
  readonly at: Date
  /** The envelope whose content the recipient has given up: SHA-256, hexadecimal. */
  readonly givenUp?: string
}

/**
 * Puts a status on its way. It is called inside the transaction of the clerk's act and only enqueues: the status
 * travels if and only if the act is there.
 */
export type StatusAnnouncer = (trx: AgencyTransaction, status: AnnouncedStatus) => Promise<void>
