import type { Command } from 'commander'
import { readConfig } from '../../server/config.ts'
import { startNode } from '../../server/main.ts'
import type { CommandContext, Invoke } from '../command.ts'

export function defineServe(command: Command, invoke: Invoke): void {
  command.addHelpText('after', settingsHelp).action(() => invoke((context) => serve(context)))
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
  CONGVAN_MAX_FILE_BYTES, CONGVAN_MAX_RECIPIENTS, …      giới hạn / limits`

/** Serves until SIGINT or SIGTERM; a second signal ends at once. */
async function serve(context: CommandContext): Promise<number> {
  const config = readConfig(context.io.env)
  // Listened for from the beginning: a signal during the start stops the node in order once it has started.
  const stopAsked = untilStopped()
  try {
    const node = await startNode(config)
    if (context.json) await context.output.json({ node: node.nodeId, url: node.url })
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
    process.once('SIGINT', stop)
    process.once('SIGTERM', stop)
    process.once('disconnect', stop)
  })
}
