/** What a clerk sees of a document before it goes out, and is asked about at a terminal (Luật GDĐT art 14.3). */
import { createInterface } from 'node:readline/promises'
import type { z } from 'zod'
import type { DocumentFile } from './client/document-files.ts'
import type { summaryForm } from './client/forms.ts'
import type { CommandContext } from './command.ts'
import { safeText } from './terminal-text.ts'

export interface SendingSummary {
  readonly document: z.output<typeof summaryForm>
  readonly files: readonly Pick<DocumentFile, 'name'>[]
  /** Codes of the agencies that it is sent to. */
  readonly recipients: readonly string[]
}

const urgencies = {
  vi: ['thường', 'khẩn', 'thượng khẩn', 'hỏa tốc'],
  en: ['ordinary', 'urgent', 'very urgent', 'most urgent'],
}

/** Number, subject, urgency, files and recipients; and whom the draft names and nobody sends it to, or the reverse. */
export function summaryLines({ document, files, recipients }: SendingSummary, vi: boolean): string[] {
  const number = `${document.code.number ?? '…'}/${document.code.notation}`
  const urgency = urgencies[vi ? 'vi' : 'en'][document.urgency] ?? String(document.urgency)
  const names = files.map((one) => one.name).join(', ')
  const left = document.recipients.filter((code) => !recipients.includes(code))
  const added = recipients.filter((code) => !document.recipients.includes(code))
  const line = (viText: string, enText: string, value: string) => `${vi ? viText : enText}: ${value}`
  return [
    line('Văn bản', 'Document', `${number} ${document.subject}`),
    line('Độ khẩn', 'Urgency', urgency),
    line('Tệp', 'Files', `${files.length} (${names})`),
    line('Nơi nhận', 'Recipients', `${recipients.length} (${recipients.join(', ')})`),
    ...(left.length === 0
      ? []
      : [line('Có trong dự thảo, không gửi', 'Named in the draft, not sent to', left.join(', '))]),
    ...(added.length === 0 || document.recipients.length === 0
      ? []
      : [line('Không có trong dự thảo', 'Not named in the draft', added.join(', '))]),
  ].map(safeText)
}

/**
 * Shows the summary; at a terminal it asks as well, in a script it goes on.
 *
 * @returns whether it is to be sent
 */
export async function confirmSending(
  summary: SendingSummary,
  context: CommandContext,
  options: { readonly yes: boolean },
): Promise<boolean> {
  const vi = context.language === 'vi'
  const { stdin, stderr } = context.io
  for (const line of summaryLines(summary, vi)) context.output.message(line)
  const asks = !options.yes && stderr.isTTY === true && 'isTTY' in stdin && stdin.isTTY === true
  if (!asks) return true
  const reader = createInterface({ input: stdin, output: stderr })
  try {
    const answer = await reader.question(vi ? 'Gửi? (c/K) ' : 'Send? (y/N) ')
    return /^(c|co|có|y|yes)$/i.test(answer.trim().normalize('NFC'))
  } finally {
    reader.close()
  }
}
