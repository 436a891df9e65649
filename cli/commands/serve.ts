import cluster from 'node:cluster'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { z } from 'zod'
import { readConfig } from '../../server/config.ts'
import { type ReadyMessage, startNode, startNodePool } from '../../server/main.ts'
import { type CommandContext, described, type Invoke } from '../command.ts'
import { parseOptions } from '../parse-options.ts'

const optionsForm = z.object({
  workers: z.coerce
    .number('cần số / a number is wanted')
    .int()
    .min(1, 'ít nhất 1 / at least 1')
    .max(64, 'nhiều nhất 64 / at most 64')
    .optional(),
})

export function defineServe(command: Command, invoke: Invoke): void {
  command
    .option(
      '--workers <n>',
      described(
        'chạy nút bằng n tiến trình chung một cổng, một cơ sở dữ liệu',
        'run the node as n processes behind one port, on one database',
      ),
    )
    .addHelpText('after', settingsHelp)
    .action((options: unknown) =>
      invoke((context) => {
        const { workers } = parseOptions(optionsForm, options, context.language)
        return workers === undefined || cluster.isWorker ? serve(context) : servePool(workers, context)
      }),
    )
}

const settingsHelp = `
Cấu hình qua biến môi trường CONGVAN_* và DATABASE_URL, hoặc tệp NAME=value do CONGVAN_CONFIG chỉ ra
Settings come from CONGVAN_* and DATABASE_URL, or from a file of NAME=value lines named by CONGVAN_CONFIG:
  CONGVAN_NODE_ID               tên nút / name of the node (bắt buộc / required)
  CONGVAN_DATA                  thư mục dữ liệu / data folder (./.congvan)
  CONGVAN_HOST, CONGVAN_PORT    địa chỉ / address (127.0.0.1, 8080)
  CONGVAN_BEHIND_PROXY          tên proxy TLS phía trước / the TLS proxy in front, for other addresses
  CONGVAN_PUBLIC_URL            địa chỉ mà nút khác gọi / where other nodes reach this one
  DATABASE_URL                  PostgreSQL 15+ có sẵn / instead of the embedded one (application role)
  CONGVAN_OWNER_DATABASE_URL    vai trò chủ lược đồ, để nâng cấp / the owner, to migrate
  CONGVAN_NODE_KEY_FILE, CONGVAN_NODE_CERTIFICATE_FILE   khóa của nút / the node’s key (PEM)
  CONGVAN_TRUST                 chứng thư gốc, CRL / anchors and CRLs, paths separated by ":"
  CONGVAN_DIRECTORY_ROOT        vân tay khóa nút gốc / fingerprint of the root node’s key
  CONGVAN_METRICS_TOKEN_FILE    tệp chứa mã đọc /metrics từ máy khác / token to read /metrics from elsewhere
  CONGVAN_MAX_FILE_BYTES, CONGVAN_MAX_RECIPIENTS, …      giới hạn / limits`

const launcher = fileURLToPath(new URL('../congvan.mjs', import.meta.url))

/** Keeps the processes of a node until SIGINT or SIGTERM; a second signal ends at once. */
async function servePool(workers: number, context: CommandContext): Promise<number> {
  const config = readConfig(context.io.env)
  const stopAsked = untilStopped()
  try {
    const pool = await startNodePool(config, { workers, program: { exec: launcher, args: ['serve'] } })
    if (context.json) await context.output.json({ node: config.nodeId, url: pool.url, workers })
    else await context.output.result(`${config.nodeId} ${pool.url} (${workers})`)
    await stopAsked
    await pool.stop()
    return 0
  } finally {
    if (process.connected) process.disconnect()
  }
}

/** Serves until SIGINT or SIGTERM; a second signal ends at once. One of several tells the one that keeps them. */
async function serve(context: CommandContext): Promise<number> {
  const config = readConfig(context.io.env)
  // Listened for from the beginning: a signal during the start stops the node in order once it has started.
  const stopAsked = untilStopped()
  try {
    const node = await startNode(config)
    if (cluster.isWorker) process.send?.({ url: node.url } satisfies ReadyMessage)
    else if (context.json) await context.output.json({ node: node.nodeId, url: node.url })
    else await context.output.result(`${node.nodeId} ${node.url}`)
    await stopAsked
    await node.stop()
    return 0
  } finally {
    // An open channel to the process that started this one would keep it alive.
    if (process.connected) process.disconnect()
  }
}

/** Resolves at the first signal, or when the process that started this one is gone (its IPC channel closed). */
function untilStopped(): Promise<void> {
  return new Promise((accept) => {
    const stop = () => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) {
        process.removeListener(signal, stop)
        process.once(signal, () => process.exit(130))
      }
      accept()
    }
    // Ctrl-C reaches every process of a terminal; when one of several stops is said by the one that keeps them.
    if (cluster.isWorker) process.on('SIGINT', () => {})
    else process.once('SIGINT', stop)
    process.once('SIGTERM', stop)
    process.once('disconnect', stop)
  })
}
