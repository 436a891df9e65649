import type { Command } from 'commander'
import { type CommandContext, described, type Invoke } from '../command.ts'
import { withConsole } from '../console.ts'
import { safeText } from '../terminal-text.ts'

export function definePeerTest(command: Command, invoke: Invoke): void {
  command
    .command('test <node>')
    .description(
      described(
        'thử cả đường tới một nút: kết nối, TLS, giờ, xác thực hai chiều, gói thử có dấu và biên nhận',
        'try the whole way to a node: connection, TLS, clock, authentication both ways, sealed ping and receipt',
      ),
    )
    .addHelpText(
      'after',
      `
Mã thoát / exit code: 0 mọi bước đạt / every step passed, 1 có bước hỏng / a step failed`,
    )
    .action((node: string) => invoke((context) => test(node, context)))
}

const stepWords = {
  entered: { vi: 'đã nhập tại đây', en: 'entered here' },
  connection: { vi: 'kết nối', en: 'connection' },
  tls: { vi: 'TLS', en: 'TLS' },
  protocol: { vi: 'giao thức', en: 'protocol' },
  clock: { vi: 'đồng hồ', en: 'clock' },
  identity: { vi: 'bên kia chứng tỏ là nút đó', en: 'it proves to be that node' },
  authentication: { vi: 'bên kia nhận ra nút này', en: 'it knows this node' },
  ping: { vi: 'gói thử có dấu và biên nhận', en: 'sealed ping and its receipt' },
} as const

const stateWords = {
  passed: { vi: 'đạt', en: 'ok' },
  warning: { vi: 'CHÚ Ý', en: 'WARNING' },
  failed: { vi: 'HỎNG', en: 'FAILED' },
  skipped: { vi: '-', en: '-' },
} as const

async function test(nodeId: string, context: CommandContext): Promise<number> {
  const { language, output } = context
  return withConsole(context, async ({ services }) => {
    const result = await services.console.peers.test(nodeId, language)
    if (context.json) {
      await output.json(result)
      return result.ok ? 0 : 1
    }
    await output.table(
      result.steps.map(({ step, state, text, ms }) =>
        [
          stateWords[state][language],
          stepWords[step][language],
          ms === undefined ? '' : `${ms} ms`,
          text,
        ].map(safeText),
      ),
    )
    for (const { remedy } of result.steps) if (remedy !== '') output.message(`→ ${remedy}`)
    return result.ok ? 0 : 1
  })
}
