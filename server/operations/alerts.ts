/**
 * Alerts: what stands stuck or soon will, judged from the facts of one moment by one table of rules. Pure.
 *
 * The same alerts are shown by `congvan doctor`, by the gauge `congvan_alert` of `/metrics`, and told in the
 * operational log when they begin and end.
 */
import type { EndingFact, NodeFacts, PeerFacts, QueueFacts } from './facts.ts'

export type AlertSeverity = 'warning' | 'error'

export interface Alert {
  readonly code: AlertCode
  readonly severity: AlertSeverity
  /** Which peer, queue, certificate or folder; with the code it names the alert. */
  readonly subject: string
  /** What fills the text of the alert. */
  readonly params: Readonly<Record<string, string | number>>
}

/** Text and remedy of each alert, in both languages; `{name}` stands for a parameter. */
export const alertTexts = {
  DELIVERY_STUCK: {
    vi: '{depth} lượt gửi mức {urgency} tới nút {peer} đang chờ, lâu nhất {age}',
    en: '{depth} branches of urgency {urgency} wait for the node {peer}, the oldest for {age}',
    remedy: {
      vi: 'chạy "congvan peer test {peer}"; xem "congvan relay stuck"',
      en: 'run "congvan peer test {peer}"; see "congvan relay stuck"',
    },
  },
  CONSIGNMENT_STUCK: {
    vi: '{depth} văn bản mức {urgency} cho cơ quan trên nút này chưa được giao, lâu nhất {age}',
    en: '{depth} branches of urgency {urgency} for agencies of this node are not consigned, the oldest for {age}',
    remedy: {
      vi: 'xem "congvan relay stuck" và nhật ký nút',
      en: 'see "congvan relay stuck" and the log of the node',
    },
  },
  RETURN_STUCK: {
    vi: '{depth} biên nhận, trạng thái mức {urgency} chờ trả về nút {peer}, lâu nhất {age}',
    en: '{depth} receipts and statuses of urgency {urgency} wait to go back to the node {peer}, the oldest for {age}',
    remedy: {
      vi: 'chạy "congvan peer test {peer}"; xem "congvan relay stuck"',
      en: 'run "congvan peer test {peer}"; see "congvan relay stuck"',
    },
  },
  ANNOUNCEMENT_UNSEALED: {
    vi: '{depth} trạng thái chưa được ký gửi, lâu nhất {age}',
    en: '{depth} statuses are not sealed yet, the oldest for {age}',
    remedy: {
      vi: 'xem "congvan relay stuck"; kiểm tra khóa của nút và nhật ký',
      en: 'see "congvan relay stuck"; check the node’s key and its log',
    },
  },
  JOBS_DEAD: {
    vi: '{count} việc của hàng đợi {queue} đã thử hết số lần mà không xong trong 24 giờ qua',
    en: '{count} jobs of the queue {queue} were tried in vain to the end in the last 24 hours',
    remedy: {
      vi: 'xem "congvan relay stuck" và nhật ký nút quanh lúc đó',
      en: 'see "congvan relay stuck" and the log of the node around that time',
    },
  },
  PEER_FAILING: {
    vi: 'Không gửi được tới nút {peer} đã {age} (cầu dao {breaker})',
    en: 'the node {peer} has been failing for {age} (breaker {breaker})',
    remedy: { vi: 'chạy "congvan peer test {peer}"', en: 'run "congvan peer test {peer}"' },
  },
  OFFERS_OPEN: {
    vi: 'Nút {peer} để mở {count} đề nghị chuyển chưa hoàn tất',
    en: 'the node {peer} has left {count} offers uncommitted',
    remedy: {
      vi: 'hỏi người vận hành nút {peer}; đề nghị hết hạn sẽ tự đóng',
      en: 'ask the operator of the node {peer}; offers that expire close by themselves',
    },
  },
  CLOCK_OFF: {
    vi: 'Đồng hồ của {subject} lệch {seconds} giây so với nút này (cho phép {allowed})',
    en: 'the clock of {subject} differs by {seconds} s from this node’s ({allowed} are allowed)',
    remedy: {
      vi: 'bật đồng bộ giờ (NTP) ở cả hai nơi',
      en: 'switch time synchronisation (NTP) on at both',
    },
  },
  CERTIFICATE_ENDS: {
    vi: '{what} "{name}" hết hạn sau {days} ngày ({ends})',
    en: '{whatEn} "{name}" ends in {days} days ({ends})',
    remedy: {
      vi: 'chuẩn bị cái thay thế và để hai cái cùng hiệu lực một thời gian (congvan help cert, congvan help peer)',
      en: 'prepare its successor and let both be valid for a time (congvan help cert, congvan help peer)',
    },
  },
  CERTIFICATE_ENDED: {
    vi: '{what} "{name}" đã hết hạn {ends}',
    en: '{whatEn} "{name}" ended on {ends}',
    remedy: { vi: 'thay ngay', en: 'replace it now' },
  },
  DISK_FULL: {
    vi: 'Ổ đĩa của {folder} chỉ còn {percent}% ({free})',
    en: 'the disk of {folder} has only {percent}% left ({free})',
    remedy: {
      vi: 'thêm dung lượng; khi đầy, nút từ chối văn bản mới và nút khác sẽ gửi lại sau',
      en: 'add space; when it is full the node refuses new documents and its peers try again later',
    },
  },
  STANDBY_MISSING: {
    vi: 'PostgreSQL cần bản dự phòng đồng bộ nhưng không có bản nào đang nối',
    en: 'PostgreSQL wants a synchronous standby and none is connected',
    remedy: {
      vi: 'khởi động lại bản dự phòng; tới khi đó mọi lần ghi phải chờ',
      en: 'start the standby again; until then every commit waits',
    },
  },
} as const
export type AlertCode = keyof typeof alertTexts

/**
 * After how long what waits is stuck, minutes, by urgency: ordinary, khẩn, thượng khẩn, hỏa tốc, hỏa tốc hẹn giờ. An
 * ordinary document should be at its recipient within the day of work (NĐ 30/2020 art 18 with 15); an urgent one at
 * once (art 18.1).
 */
const STUCK_WARNING_MINUTES = [60, 20, 10, 5, 5] as const
const STUCK_ERROR_MINUTES = [480, 120, 60, 30, 30] as const
const UNSEALED_WARNING_SECONDS = 10 * 60
const UNSEALED_ERROR_SECONDS = 60 * 60
const FAILING_WARNING_SECONDS = 5 * 60
const FAILING_ERROR_SECONDS = 60 * 60
const OFFERS_WARNING = 50
/** Days before the end: plan, act, act today. */
export const CERTIFICATE_DAYS = [60, 14, 3] as const
/** A list of revocations is renewed often; only one that is due counts. Hours before its end. */
const CRL_WARNING_HOURS = 12
const DISK_WARNING = { share: 0.15, bytes: 10e9 }
const DISK_ERROR = { share: 0.05, bytes: 2e9 }

export interface AlertSettings {
  /** Beyond it peers refuse each other's signatures. */
  readonly clockSkewSeconds: number
}

/** Every alert that is on at this moment, in the order of the table. */
export function evaluateAlerts(facts: NodeFacts, settings: AlertSettings): Alert[] {
  return [
    ...facts.queues.flatMap(stuck),
    ...facts.jobs.filter((one) => one.dead > 0).map(deadJobs),
    ...facts.peers.flatMap(failing),
    ...facts.offers.filter((one) => one.count >= OFFERS_WARNING).map(openOffers),
    ...clocks(facts, settings),
    ...facts.certificates.flatMap((one) => ending(one, facts.now)),
    ...facts.disks.flatMap(nearlyFull),
    ...(facts.standbys.wanted && facts.standbys.connected === 0
      ? [{ code: 'STANDBY_MISSING', severity: 'error', subject: 'database', params: {} } as const]
      : []),
  ]
}

const stuckCodes = {
  send: 'DELIVERY_STUCK',
  consign: 'CONSIGNMENT_STUCK',
  return: 'RETURN_STUCK',
  announcement: 'ANNOUNCEMENT_UNSEALED',
} as const

function stuck({ queue, peer, urgency, depth, oldestSeconds }: QueueFacts): Alert[] {
  const isSeal = queue === 'announcement'
  const warnAfter = isSeal ? UNSEALED_WARNING_SECONDS : (STUCK_WARNING_MINUTES[urgency] ?? 5) * 60
  const errAfter = isSeal ? UNSEALED_ERROR_SECONDS : (STUCK_ERROR_MINUTES[urgency] ?? 30) * 60
  if (oldestSeconds < warnAfter) return []
  return [
    {
      code: stuckCodes[queue],
      severity: oldestSeconds < errAfter ? 'warning' : 'error',
      subject: isSeal ? 'announcements' : `${peer === '' ? 'here' : peer}/${urgency}`,
      params: { depth, peer, urgency, age: ageText(oldestSeconds) },
    },
  ]
}

function deadJobs({ queue, dead }: { readonly queue: string; readonly dead: number }): Alert {
  return { code: 'JOBS_DEAD', severity: 'warning', subject: queue, params: { queue, count: dead } }
}

/** A peer that its operator has switched off fails nobody. */
function failing({ peer, enabled, breaker, failingSeconds }: PeerFacts): Alert[] {
  if (!enabled || failingSeconds === null || failingSeconds < FAILING_WARNING_SECONDS) return []
  const severity = failingSeconds < FAILING_ERROR_SECONDS ? 'warning' : 'error'
  return [
    {
      code: 'PEER_FAILING',
      severity,
      subject: peer,
      params: { peer, breaker, age: ageText(failingSeconds) },
    },
  ]
}

function openOffers({ peer, count }: { readonly peer: string; readonly count: number }): Alert {
  return { code: 'OFFERS_OPEN', severity: 'warning', subject: peer, params: { peer, count } }
}

function clocks(facts: NodeFacts, { clockSkewSeconds: allowed }: AlertSettings): Alert[] {
  const clocksOf = [
    { subject: 'PostgreSQL', seconds: facts.databaseAheadSeconds },
    ...facts.peers.flatMap((one) =>
      one.enabled && one.clockAheadSeconds !== null
        ? [{ subject: one.peer, seconds: one.clockAheadSeconds }]
        : [],
    ),
  ]
  return clocksOf
    .filter(({ seconds }) => Math.abs(seconds) > allowed / 2)
    .map(({ subject, seconds }) => ({
      code: 'CLOCK_OFF' as const,
      severity: Math.abs(seconds) > allowed ? ('error' as const) : ('warning' as const),
      subject,
      params: { subject, seconds: Math.round(seconds), allowed },
    }))
}

const endingWords = {
  'node-certificate': { vi: 'Chứng thư khóa của nút', en: 'the certificate of the node’s key' },
  'directory-key': { vi: 'Khóa của nút theo danh bạ', en: 'the node’s key by the directory' },
  'trust-anchor': { vi: 'Chứng thư gốc', en: 'the trust anchor' },
  'trust-certificate': { vi: 'Chứng thư trung gian', en: 'the intermediate certificate' },
  crl: { vi: 'Danh sách thu hồi của', en: 'the revocation list of' },
  'agency-certificate': { vi: 'Chứng thư số của cơ quan', en: 'the signing certificate of the agency' },
  'individual-certificate': {
    vi: 'Chứng thư số cá nhân hết hạn sớm nhất của cơ quan',
    en: 'the first to end of the personal certificates of the agency',
  },
} as const

/**
 * What stands still without it: the node without its own key, an agency's issuing without its certificate. A list that
 * is overdue leaves signatures undecided; a person whose certificate has ended may have left.
 */
const standstills: ReadonlySet<EndingFact['kind']> = new Set([
  'node-certificate',
  'directory-key',
  'agency-certificate',
])

const DAY_MS = 86_400_000

function ending({ kind, name, endsAt }: EndingFact, now: Date): Alert[] {
  const left = endsAt.getTime() - now.getTime()
  const days = Math.max(0, Math.floor(left / DAY_MS))
  const { vi, en } = endingWords[kind]
  const params = { what: vi, whatEn: en, name, days, ends: endsAt.toISOString().slice(0, 10) }
  const subject = `${kind}:${name}`
  const ended = standstills.has(kind) ? 'error' : 'warning'
  if (left <= 0) return [{ code: 'CERTIFICATE_ENDED', severity: ended, subject, params }]
  if (kind === 'crl') {
    if (left > CRL_WARNING_HOURS * 3_600_000) return []
    return [{ code: 'CERTIFICATE_ENDS', severity: 'warning', subject, params }]
  }
  const [plan, , today] = CERTIFICATE_DAYS
  if (left > plan * DAY_MS) return []
  const severity = left <= today * DAY_MS ? 'error' : 'warning'
  return [{ code: 'CERTIFICATE_ENDS', severity, subject: `${subject}/${stepOf(left)}`, params }]
}

/** 60, 14 or 3: the nearest of the days of warning that has been passed. Each is an alert of its own. */
function stepOf(left: number): number {
  return CERTIFICATE_DAYS.findLast((days) => left <= days * DAY_MS) ?? CERTIFICATE_DAYS[0]
}

function nearlyFull({ folder, freeBytes, sizeBytes }: NodeFacts['disks'][number]): Alert[] {
  const share = sizeBytes === 0 ? 1 : freeBytes / sizeBytes
  const below = ({ share: least, bytes }: typeof DISK_ERROR) => share < least && freeBytes < bytes
  if (!below(DISK_WARNING)) return []
  const params = { folder, percent: Math.floor(share * 100), free: `${(freeBytes / 1e9).toFixed(1)} GB` }
  return [{ code: 'DISK_FULL', severity: below(DISK_ERROR) ? 'error' : 'warning', subject: folder, params }]
}

/** `45s`, `12m`, `3h`, `2d`: one glance, in both languages. */
export function ageText(seconds: number): string {
  if (seconds < 120) return `${Math.floor(seconds)}s`
  if (seconds < 7_200) return `${Math.floor(seconds / 60)}m`
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)}h`
  return `${Math.floor(seconds / 86_400)}d`
}
