/** To whom an envelope goes: which codes a clerk may name, until when, and by which next hop. */
import type { NodeContext } from '../context.ts'
import type { AgencyTransaction } from '../db.ts'
import { vietnamDay } from '../directory/agency-entry.ts'
import { type Agency, requireOpenAgency } from '../directory/agency-store.ts'
import { CongvanError } from '../errors.ts'
import { together } from '../together.ts'
import { deliveriesOfDocument } from './delivery-store.ts'
import { recipientRouter } from './route-recipient.ts'
import { defaultHoursToLive } from './urgency.ts'

export interface Recipient {
  /** The code by which it is addressed. */
  readonly code: string
  readonly agency: Agency
}

/** The seal states whole seconds; a receipt of the same moment should not precede it. */
export function wholeSecond(time: Date): Date {
  return new Date(Math.floor(time.getTime() / 1000) * 1000)
}

/**
 * Until when a document may travel: as its sender says, at most `limits.deliveryHours`, or by its urgency.
 *
 * @param urgency priority of the document
 */
export function requireNotAfter(
  { limits }: NodeContext,
  wanted: Date | undefined,
  now: Date,
  urgency: number,
): Date {
  const after = (hours: number) => new Date(now.getTime() + hours * 3_600_000)
  const latest = after(limits.deliveryHours)
  const notAfter = wholeSecond(wanted ?? after(defaultHoursToLive(urgency, limits.deliveryHours)))
  if (notAfter > now && notAfter <= latest) return notAfter
  const reason = `notAfter phải sau bây giờ và không quá ${latest.toISOString()} / must be later than now and not after it`
  throw new CongvanError('DISPATCH_INVALID', { reason })
}

export function requireCodes(context: NodeContext, recipients: readonly string[]): void {
  const { recipients: most } = context.limits
  if (recipients.length === 0 || recipients.length > most) {
    const reason = `${recipients.length} nơi nhận, cho phép 1 đến ${most} / recipients, 1 to ${most} are allowed`
    throw new CongvanError('DISPATCH_INVALID', { reason })
  }
}

export async function findRecipients(
  trx: AgencyTransaction,
  codes: readonly string[],
  now: Date,
): Promise<Recipient[]> {
  const found = new Map<string, Recipient>()
  const agencies = await together(codes.map((code) => requireOpenAgency(trx, code, vietnamDay(now))))
  for (const [index, agency] of agencies.entries()) {
    const code = codes[index] ?? ''
    const twin = found.get(agency.id)
    if (twin !== undefined) {
      const reason = `${twin.code} và ${code} là cùng một cơ quan / are the same agency`
      throw new CongvanError('DISPATCH_INVALID', { reason })
    }
    found.set(agency.id, { code, agency })
  }
  return [...found.values()]
}

/** An agency gets a document once, by whichever of its codes. */
export async function requireNotSent(
  trx: AgencyTransaction,
  documentId: string,
  recipients: readonly Recipient[],
): Promise<void> {
  const sent = new Set((await deliveriesOfDocument(trx, documentId)).map((one) => one.recipientAgencyId))
  const again = recipients.filter(({ agency }) => sent.has(agency.id)).map((one) => one.code)
  if (again.length === 0) return
  const named = again.length > 20 ? `${again.slice(0, 20).join(', ')}, … (${again.length})` : again.join(', ')
  const reason = `văn bản đã gửi tới ${named} / the document was sent there already`
  throw new CongvanError('DISPATCH_INVALID', { reason })
}

/** Recipients by next hop; null: hosted here. */
export async function byNextHop(
  trx: AgencyTransaction,
  context: NodeContext,
  recipients: readonly string[],
  now: Date,
): Promise<Map<string | null, string[]>> {
  const hops = new Map<string | null, string[]>()
  const routeRecipient = recipientRouter(trx, context.nodeId, recipients, now, now)
  for (const code of recipients) {
    const route = await routeRecipient(code)
    const hop = route.kind === 'here' ? null : route.nodeId
    hops.set(hop, [...(hops.get(hop) ?? []), code])
  }
  return hops
}
