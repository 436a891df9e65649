import type { Command } from 'commander'
import { examineNode } from '../../server/main.ts'
import { type CommandContext, described, type Invoke } from '../command.ts'
import { safeText } from '../terminal-text.ts'

export function defineDoctor(command: Command, invoke: Invoke): void {
  command
    .addHelpText(
      'after',
      `
${described('Không thay đổi gì; chạy được khi nút đang chạy hoặc đang dừng', 'Changes nothing; beside a running node or alone')}
Mã thoát / exit code: 0 tốt / fine, 1 có lỗi / errors, 2 chỉ có cảnh báo / warnings only`,
    )
    .action(() => invoke(doctor))
}

const areaWords = {
  configuration: { vi: 'cấu hình', en: 'configuration' },
  program: { vi: 'chương trình', en: 'program' },
  files: { vi: 'tệp', en: 'files' },
  key: { vi: 'khóa của nút', en: 'node key' },
  database: { vi: 'cơ sở dữ liệu', en: 'database' },
  trust: { vi: 'chứng thư tin cậy', en: 'trust' },
  directory: { vi: 'danh bạ', en: 'directory' },
  processes: { vi: 'tiến trình', en: 'processes' },
  peers: { vi: 'nút láng giềng', en: 'peers' },
  alerts: { vi: 'cảnh báo', en: 'alerts' },
} as const

const severityWords = {
  ok: { vi: 'tốt', en: 'ok' },
  warning: { vi: 'CHÚ Ý', en: 'WARNING' },
  error: { vi: 'LỖI', en: 'ERROR' },
  skipped: { vi: '-', en: '-' },
} as const

async function doctor(context: CommandContext): Promise<number> {
  const { io, language, output } = context
  const { errors, warnings, findings } = await examineNode(io.env, { language, clock: io.now })
  if (context.json) {
    await output.json({ ok: errors === 0, errors, warnings, findings })
  } else {
    for (const { area, severity, text, remedy } of findings) {
      const head = `${severityWords[severity][language].padEnd(8)} ${areaWords[area][language]}: `
      await output.result(head + text.split('\n').map(safeText).join('\n'))
      if (remedy !== '') await output.result(`         → ${safeText(remedy)}`)
    }
    output.message(
      language === 'vi' ? `${errors} lỗi, ${warnings} cảnh báo` : `${errors} errors, ${warnings} warnings`,
    )
  }
  if (errors > 0) return 1
  return warnings > 0 ? 2 : 0
}
