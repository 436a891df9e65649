import type { FaultRun } from './run.ts'

const head = [
  'fault',
  'times',
  'sent',
  'lost',
  'twice',
  'receipts',
  'bytes',
  'numbers',
  'log',
  'crashed',
  'take-over p50/max',
]

/** The table that people read: one line a fault; `sent` counts deliveries from the beginning of the run. */
export function faultTable(run: FaultRun): string {
  const lines = run.rows.map(({ fault, times, findings: found, takeOver }) => [
    fault,
    String(times),
    String(found.deliveries),
    ...[found.lost, found.doubled, found.receipts, found.bytes, found.numbers, found.log, found.crashed].map(
      String,
    ),
    takeOver === null ? '-' : `${seconds(takeOver.p50)} / ${seconds(takeOver.max)}`,
  ])
  const widths = head.map((name, at) => Math.max(name.length, ...lines.map((line) => line[at]?.length ?? 0)))
  const text = (line: readonly string[]) =>
    line
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  ')
  const verdict = run.clean ? 'nothing lost, nothing doubled' : 'NOT CLEAN'
  return `${[head, ...lines].map(text).join('\n')}\n\nseed ${run.seed}: ${verdict}\n`
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
