import type { Command } from 'commander'
import { z } from 'zod'
import { ApiClient } from './client/api-client.ts'
import { findCredentials } from './client/credentials.ts'
import { type CommandContext, described } from './command.ts'

/** The options of every command that speaks to a node. */
export function withNodeOptions(command: Command): Command {
  return command
    .option('--node <url>', described('địa chỉ nút (hoặc CONGVAN_NODE)', 'URL of the node'))
    .option(
      '--token-file <file>',
      described('tệp mã truy cập (hoặc CONGVAN_TOKEN_FILE)', 'file with an API token'),
    )
}

export const nodeOptionsForm = z.object({ node: z.string().optional(), tokenFile: z.string().optional() })

export type NodeOptions = z.output<typeof nodeOptionsForm>

/** A client signed in as the person or script at hand. */
export function signedInClient(options: NodeOptions, context: CommandContext): ApiClient {
  const { node, tokenFile } = options
  const found = findCredentials(context.io, {
    ...(node === undefined ? {} : { node }),
    ...(tokenFile === undefined ? {} : { tokenFile }),
  })
  return new ApiClient({ ...found, language: context.language })
}
