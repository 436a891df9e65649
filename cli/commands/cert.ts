import type { Command } from 'commander'
import { z } from 'zod'
import { readConfig } from '../../server/config.ts'
import { makeNodeKey, readNodeKey } from '../../server/main.ts'
import { type CommandContext, described, type Invoke } from '../command.ts'
import { withConsole } from '../console.ts'
import { parseOptions } from '../parse-options.ts'
import { writeNewFile } from '../write-new-file.ts'

const optionsForm = z.object({ years: z.coerce.number().int().min(1).max(10) })

export function defineCert(command: Command, invoke: Invoke): void {
  command
    .command('node-key')
    .description(
      described(
        'tạo khóa và chứng thư tự ký của nút (CONGVAN_NODE_ID); không ghi đè',
        'make the node’s key and self-signed certificate; never overwrites',
      ),
    )
    .option('--years <n>', described('số năm hiệu lực', 'years of validity'), '5')
    .action((options: unknown) =>
      invoke((context) => nodeKey(context, parseOptions(optionsForm, options, context.language).years)),
    )
  defineNextKey(command, invoke)
}

const nextForm = optionsForm.extend({ key: z.string(), certificate: z.string(), out: z.string() })

/** The next key lies beside the one in use until the node is started with it. */
function defineNextKey(command: Command, invoke: Invoke): void {
  command
    .command('next-key')
    .description(
      described(
        'tạo khóa tiếp theo của nút và thông báo (hai khóa cùng ký) gửi người vận hành nút trên',
        'make the node’s next key and its announcement, signed by both keys, for the operator of its parent',
      ),
    )
    .requiredOption('--key <file>', described('tệp khóa mới', 'where the new key goes'))
    .requiredOption('--certificate <file>', described('tệp chứng thư mới', 'where its certificate goes'))
    .requiredOption('--out <file>', described('tệp thông báo', 'where the announcement goes'))
    .option('--years <n>', described('số năm hiệu lực', 'years of validity'), '5')
    .addHelpText('after', `\nCác bước đổi khóa / how a key is changed: congvan peer key --help`)
    .action((options: unknown) =>
      invoke((context) => nextKey(context, parseOptions(nextForm, options, context.language))),
    )
}

/** Days until the announcement is refused for its age. */
const ANNOUNCEMENT_DAYS = 14

async function nextKey(context: CommandContext, options: z.output<typeof nextForm>): Promise<number> {
  const { key, certificate, out, years } = options
  return withConsole(context, async ({ services }) => {
    const config = { ...readConfig(context.io.env), nodeKeyFile: key, nodeCertificateFile: certificate }
    const made = await makeNodeKey(config, context.io.now(), years)
    const bytes = await services.console.peers.announceNextKey(readNodeKey(config), ANNOUNCEMENT_DAYS)
    await writeNewFile(out, bytes, context.language)
    if (context.json) await context.output.json({ ...made, announcement: out })
    else await context.output.table(Object.entries({ ...made, announcement: out }))
    const next = {
      vi: 'gửi tệp thông báo cho người vận hành nút trên; chưa đổi CONGVAN_NODE_KEY_FILE trước khi họ báo đã ghi',
      en: 'send the announcement to the operator of the parent; do not change CONGVAN_NODE_KEY_FILE before they have entered it',
    }
    context.output.message(next[context.language])
    return 0
  })
}

/** Prints the fingerprint that the operators of neighbouring nodes compare before they add this one. */
async function nodeKey(context: CommandContext, years: number): Promise<number> {
  const config = readConfig(context.io.env)
  const made = await makeNodeKey(config, context.io.now(), years)
  if (context.json) await context.output.json(made)
  else await context.output.table(Object.entries(made))
  return 0
}
