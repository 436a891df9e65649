import type { Language } from '../../signing/index.ts'
import { tableLines } from '../terminal-text.ts'
import { agencies, type PersonKey, people, readSecrets } from './people.ts'
import { nodeIds, nodeTitles, type Places } from './places.ts'
import type { DeliveryReport, JourneyReport } from './report.ts'
import type { DemoResult } from './run-demo.ts'

const verdicts: Readonly<Record<string, string>> = {
  TOTAL_PASSED: 'HỢP LỆ',
  INDETERMINATE: 'CHƯA ĐỦ CĂN CỨ',
  TOTAL_FAILED: 'KHÔNG HỢP LỆ',
  NO_SIGNATURE: 'KHÔNG CÓ CHỮ KÝ',
}

/** A table a document: every delivery with its hops, receipts and statuses, and the verdict on the received bytes. */
export function demoText(result: DemoResult, language: Language): string {
  const end =
    language === 'vi'
      ? `${result.ok ? 'ĐẠT' : 'KHÔNG ĐẠT'}: ${result.journeys.length} văn bản trong ${result.seconds} giây`
      : `${result.ok ? 'OK' : 'NOT OK'}: ${result.journeys.length} documents in ${result.seconds} seconds`
  return [...result.journeys.flatMap((one) => journeyLines(one, language)), end].join('\n')
}

function journeyLines(journey: JourneyReport, language: Language): string[] {
  const { document, verification } = journey
  const { indication } = document.verify
  const verdict = language === 'vi' ? `${verdicts[indication] ?? ''} (${indication})` : indication
  const signers = verification.signatures.map((one) => `${one.role}: ${one.signer?.subject ?? '?'}`)
  const header =
    language === 'vi'
      ? ['Nơi nhận', 'Chặng', 'Biên nhận', 'Trạng thái', 'Byte']
      : ['Recipient', 'Hops', 'Receipt', 'Statuses', 'Bytes']
  return [
    '',
    `${document.number}  SHA-256 ${document.sha256}`,
    `  verify: ${verdict}`,
    ...signers.map((line) => `  ${line}`),
    ...tableLines([header, ...document.deliveries.map((one) => row(one, document.sha256, language))]),
    '',
  ]
}

function row(one: DeliveryReport, issued: string, language: Language): string[] {
  const name = Object.values(agencies).find((agency) => agency.code === one.recipient)?.name ?? ''
  const same = one.sha256 === issued
  return [
    `${one.recipient} ${name}`,
    one.hops.map((hop) => `${hop.to} ${clock(hop.time)}`).join(' → '),
    one.terminal ?? '-',
    one.statuses.map((status) => `${status.code} ${clock(status.time)}`).join(', '),
    language === 'vi' ? (same ? 'nguyên vẹn' : 'KHÁC') : same ? 'identical' : 'DIFFERENT',
  ]
}

/** The time of day in Viet Nam. */
function clock(time: string): string {
  return new Date(new Date(time).getTime() + 7 * 3_600_000).toISOString().slice(11, 19)
}

/** Where the nodes are and how to sign in to them; the accounts were made for this folder. */
export function placesText(places: Places, language: Language): string {
  const accounts = (Object.keys(people) as PersonKey[]).map((key) => {
    const person = people[key]
    const agency = agencies[person.agency]
    return [
      places.url(agency.node),
      person.login,
      readSecrets(places, key).password,
      `${person.title}, ${agency.name}`,
    ]
  })
  return [
    language === 'vi' ? 'Các nút đang chạy (Ctrl-C để dừng):' : 'The nodes are running (Ctrl-C to stop):',
    ...tableLines(nodeIds.map((node) => [node, nodeTitles[node], places.url(node), places.dataFolder(node)])),
    '',
    ...tableLines(accounts),
  ].join('\n')
}
