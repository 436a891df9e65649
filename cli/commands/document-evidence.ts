/** `document evidence`: what the verdict on a received document rests on, to be judged again elsewhere. */
import type { Command } from 'commander'
import { z } from 'zod'
import { type CommandContext, described, type Invoke } from '../command.ts'
import { forEachItem } from '../each.ts'
import { nodeOptionsForm, signedInClient, withNodeOptions } from '../node-options.ts'
import { parseOptions } from '../parse-options.ts'
import { writeNewFile } from '../write-new-file.ts'

const evidenceForm = nodeOptionsForm.extend({ out: z.string().default('.') })
const sha256 = z.string().regex(/^[0-9a-f]{64}$/)

export function defineEvidence(command: Command, invoke: Invoke): void {
  withNodeOptions(
    command
      .command('evidence <id...>')
      .description(
        described(
          'tải báo cáo kiểm tra, chứng thư và CRL đã lưu cùng văn bản đến',
          'download the verification report with the certificates and CRLs kept with it',
        ),
      ),
  )
    .option('--out <folder>', described('thư mục', 'folder'))
    .action((ids: string[], options: unknown) =>
      invoke((context) => evidence(ids, parseOptions(evidenceForm, options, context.language), context)),
    )
}

const reportForm = z.looseObject({
  policy: z.looseObject({ anchors: z.array(sha256), untrusted: z.array(sha256), crls: z.array(sha256) }),
})

async function evidence(
  ids: readonly string[],
  options: z.output<typeof evidenceForm>,
  context: CommandContext,
): Promise<number> {
  const client = signedInClient(options, context)
  return forEachItem('id', ids, context, async (id) => {
    const path = `/documents/${encodeURIComponent(id)}`
    const report = await client.get(`${path}/report`, reportForm)
    const files: string[] = []
    const write = async (name: string, bytes: Uint8Array) => {
      const file = `${options.out}/${id}-${name}`
      await writeNewFile(file, bytes, context.language)
      files.push(file)
    }
    await write('report.json', Buffer.from(`${JSON.stringify(report, null, 2)}\n`))
    const { anchors, untrusted, crls } = report.policy
    for (const [part, extension, hashes] of [
      ['certificates', 'crt', [...anchors, ...untrusted]],
      ['crls', 'crl', crls],
    ] as const) {
      // The same certificate may be an anchor and stand among the others.
      for (const hash of new Set(hashes)) {
        await write(
          `${hash.slice(0, 16)}.${extension}`,
          await client.getBytes(`${path}/trust/${part}/${hash}`),
        )
      }
    }
    return { json: { files }, text: files.join('\n') }
  })
}
