import type { Command } from 'commander'
import { z } from 'zod'
import type { NodeConsole } from '../../server/main.ts'
import { ask, isYes } from '../ask.ts'
import { type CommandContext, described, type Invoke } from '../command.ts'
import { withConsole } from '../console.ts'
import { fingerprintForm, spokenFingerprint } from '../fingerprint.ts'
import { parseOptions } from '../parse-options.ts'
import { readInput } from '../read-input.ts'
import { safeText } from '../terminal-text.ts'
import { usageError } from '../usage.ts'
import { writeNewFile } from '../write-new-file.ts'
import { definePeerKey } from './peer-key.ts'
import { definePeerTest } from './peer-test.ts'

const relation = z.enum(['parent', 'child'])
const addForm = z.object({
  url: z.url({ protocol: /^https?$/ }).optional(),
  relation: relation.optional(),
  fingerprint: fingerprintForm.optional(),
  invitation: z.string().optional(),
})
const inviteForm = z.object({
  relation,
  out: z.string(),
  to: z.string().optional(),
  days: z.coerce.number().int().min(1).max(30),
})

export function definePeer(command: Command, invoke: Invoke): void {
  command
    .command('invite')
    .description(
      described(
        'lập thư mời (tệp có chữ ký của nút) để gửi người vận hành nút kia',
        'write an invitation, signed by this node’s key, for the operator of another node',
      ),
    )
    .requiredOption(
      '--relation <parent|child>',
      described('nút được mời sẽ là nút trên hay nút dưới của nút này', 'what the invited node is to become'),
    )
    .requiredOption('--out <file>', described('tệp thư mời', 'where to write it'))
    .option('--to <node>', described('chỉ cho nút này', 'for this node alone'))
    .option('--days <n>', described('số ngày dùng được', 'days until it expires'), '7')
    .action((options: unknown) =>
      invoke((context) => invite(parseOptions(inviteForm, options, context.language), context)),
    )
  command
    .command('add [node]')
    .description(
      described(
        'thêm hoặc sửa nút láng giềng, từ thư mời hoặc từ địa chỉ và vân tay',
        'add or change a neighbouring node, from its invitation or by URL and fingerprint',
      ),
    )
    .option('--invitation <file>', described('thư mời của nút kia', 'the invitation that it wrote'))
    .option('--url <url>', described('địa chỉ của nút kia', 'its URL'))
    .option('--relation <parent|child>', described('nút trên hay nút dưới', 'above or below this one'))
    .option(
      '--fingerprint <hex>',
      described(
        'vân tay khóa do người vận hành nút kia đọc qua điện thoại',
        'fingerprint of its key, as its operator read it out',
      ),
    )
    .action((node: string | undefined, options: unknown) =>
      invoke((context) => add(node, parseOptions(addForm, options, context.language), context)),
    )
  command
    .command('list')
    .description(described('các nút láng giềng và tình trạng', 'the neighbouring nodes and how they are'))
    .action(() => invoke((context) => withConsole(context, (node) => list(node, context))))
  command
    .command('disable <node>')
    .description(
      described(
        'tắt một nút: không gửi, không nhận; những gì đang chờ vẫn giữ',
        'switch a node off: nothing is sent or taken; what waits is kept',
      ),
    )
    .requiredOption('--reason <text>', described('lý do, ghi vào nhật ký', 'why; goes into the log'))
    .action((node: string, { reason }: { reason: string }) =>
      invoke((context) => setEnabled(node, { enabled: false, reason }, context)),
    )
  command
    .command('enable <node>')
    .description(described('bật lại một nút, gửi ngay những gì đang chờ', 'switch a node on again'))
    .option('--reason <text>', described('lý do, ghi vào nhật ký', 'why; goes into the log'), '')
    .action((node: string, { reason }: { reason: string }) =>
      invoke((context) => setEnabled(node, { enabled: true, reason }, context)),
    )
  definePeerTest(command, invoke)
  definePeerKey(command.command('key'), invoke)
}

async function invite(options: z.output<typeof inviteForm>, context: CommandContext): Promise<number> {
  return withConsole(context, async ({ services }) => {
    if (options.to !== undefined) requireNodeName(options.to, context)
    const { relation, to: invited = null, days, out } = options
    const { peers } = services.console
    const bytes = await peers.invite({ relation, invited, days })
    await writeNewFile(out, bytes, context.language)
    const { fingerprint, url } = z
      .object({ letter: z.object({ fingerprint: z.string(), url: z.string() }) })
      .parse(JSON.parse(new TextDecoder().decode(bytes))).letter
    if (context.json) await context.output.json({ file: out, url, fingerprint })
    else await context.output.table([[out, url], [spokenFingerprint(fingerprint)]])
    context.output.message(
      context.language === 'vi'
        ? 'gửi tệp này cho người vận hành nút kia; gọi điện đọc vân tay trên để họ đối chiếu, và xin lại thư mời của họ'
        : 'send this file to the operator of the other node; read the fingerprint above out to them by telephone, and ask for theirs',
    )
    if (/\/\/(127\.|localhost|\[::1\])/.test(url)) {
      context.output.message(
        context.language === 'vi'
          ? `chú ý: địa chỉ ${url} chỉ dùng được trên máy này; đặt CONGVAN_PUBLIC_URL`
          : `note: ${url} can be reached on this machine only; set CONGVAN_PUBLIC_URL`,
      )
    }
    return 0
  })
}

async function add(
  nodeId: string | undefined,
  options: z.output<typeof addForm>,
  context: CommandContext,
): Promise<number> {
  if (nodeId !== undefined) requireNodeName(nodeId, context)
  if (options.invitation !== undefined) return addInvited(nodeId, options.invitation, options, context)
  const { url, relation, fingerprint: keyFingerprint } = options
  if (nodeId === undefined || url === undefined || relation === undefined || keyFingerprint === undefined) {
    const missing = {
      vi: 'cần --invitation FILE, hoặc tên nút với --url, --relation và --fingerprint',
      en: 'either --invitation FILE is wanted, or the node’s name with --url, --relation and --fingerprint',
    }
    throw usageError(missing, context.language)
  }
  return withConsole(context, async ({ services }) => {
    const added = await services.console.addPeer({ nodeId, url, relation, keyFingerprint, enabled: true })
    if (context.json) await context.output.json(added)
    else await context.output.result(`${added.nodeId} ${url} (${relation})`)
    return 0
  })
}

/** The invitation is shown before anything is asked, and entered only once the fingerprint was compared. */
async function addInvited(
  nodeId: string | undefined,
  file: string,
  options: z.output<typeof addForm>,
  context: CommandContext,
): Promise<number> {
  if (options.url !== undefined) {
    const both = { vi: '--url đã có trong thư mời', en: '--url stands in the invitation' }
    throw usageError(both, context.language)
  }
  const bytes = await readInput(file, context, 100_000)
  return withConsole(context, async ({ services }) => {
    const { peers } = services.console
    const shown = peers.showInvitation(bytes)
    const words = context.language === 'vi' ? viWords : enWords
    context.output.message(
      [
        `${words.node}: ${shown.nodeId} ${shown.url} (${shown.relation})`,
        `${words.fingerprint}: ${spokenFingerprint(shown.keyFingerprint)}`,
        ...(shown.directoryRoot === null ? [] : [`CONGVAN_DIRECTORY_ROOT=${shown.directoryRoot}`]),
      ].join('\n'),
    )
    const fingerprint = options.fingerprint ?? (await compared(shown.keyFingerprint, context))
    const { relation } = options
    const added = await peers.acceptInvitation(bytes, {
      fingerprint,
      ...(relation === undefined ? {} : { relation }),
      ...(nodeId === undefined ? {} : { nodeId }),
    })
    if (context.json) await context.output.json({ ...added, expiresAt: added.expiresAt.toISOString() })
    else await context.output.result(`${added.nodeId} ${added.url} (${added.relation})`)
    const next = {
      vi: `thử đường đi: congvan peer test ${added.nodeId}`,
      en: `try the way: congvan peer test ${added.nodeId}`,
    }
    context.output.message(next[context.language])
    return 0
  })
}

const viWords = { node: 'nút', fingerprint: 'vân tay khóa' }
const enWords = { node: 'node', fingerprint: 'fingerprint of its key' }

/** The person at the terminal has compared it by voice: then it is the one expected. */
async function compared(fingerprint: string, context: CommandContext): Promise<string> {
  const question = {
    vi: 'Người vận hành nút kia đọc đúng vân tay này qua điện thoại? (có/không)',
    en: 'Did the operator of the other node read out this very fingerprint? (yes/no)',
  }
  if (isYes(await ask(question, '--fingerprint', context))) return fingerprint
  const no = { vi: 'chưa đối chiếu vân tay; chưa thêm nút nào', en: 'not compared; no node was added' }
  throw usageError(no, context.language)
}

async function list({ services }: NodeConsole, context: CommandContext): Promise<number> {
  const peers = await services.console.peers.list()
  if (context.json) {
    for (const one of peers) await context.output.json(one)
    return 0
  }
  const vi = context.language === 'vi'
  const never = vi ? 'chưa' : 'never'
  const when = (time: Date | null) => time?.toISOString() ?? never
  const rows = peers.map((one) => [
    one.peer,
    one.relation,
    one.enabled ? (vi ? 'bật' : 'on') : `${vi ? 'tắt' : 'off'}: ${one.disabledReason ?? ''}`,
    one.breaker,
    one.url,
    when(later(one.lastAnswerAt, one.lastRequestAt)),
    one.keyFingerprints.map((key) => key.slice(0, 16)).join(' '),
  ])
  const head = vi
    ? ['nút', 'quan hệ', 'trạng thái', 'cầu dao', 'địa chỉ', 'liên lạc cuối', 'khóa']
    : ['node', 'relation', 'state', 'breaker', 'url', 'last contact', 'keys']
  await context.output.table([head, ...rows].map((row) => row.map(safeText)))
  return 0
}

function later(one: Date | null, other: Date | null): Date | null {
  if (one === null || other === null) return one ?? other
  return one > other ? one : other
}

async function setEnabled(
  nodeId: string,
  change: { readonly enabled: boolean; readonly reason: string },
  context: CommandContext,
): Promise<number> {
  return withConsole(context, async ({ services }) => {
    await services.console.peers.setEnabled(nodeId, change)
    if (context.json) await context.output.json({ node: nodeId, enabled: change.enabled })
    else await context.output.result(`${nodeId} ${change.enabled ? 'enabled' : 'disabled'}`)
    return 0
  })
}

function requireNodeName(nodeId: string, context: CommandContext): void {
  if (/^[a-z0-9][a-z0-9-]{0,62}$/.test(nodeId)) return
  const reason = {
    vi: `tên nút "${nodeId}" phải gồm chữ thường, chữ số và -`,
    en: `the name of the node "${nodeId}" must be of lower-case letters, digits and -`,
  }
  throw usageError(reason, context.language)
}
