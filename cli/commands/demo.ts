import { resolve } from 'node:path'
import type { Command } from 'commander'
import { z } from 'zod'
import { type CommandContext, described, type Invoke } from '../command.ts'
import { type Demo, startDemo } from '../demo/run-demo.ts'
import { openDemoFolder } from '../demo/set-up.ts'
import { demoText, placesText } from '../demo/texts.ts'

const optionsForm = z.object({
  once: z.boolean().default(false),
  reset: z.boolean().default(false),
  folder: z.string(),
})

export function defineDemo(command: Command, invoke: Invoke): void {
  command
    .option('--once', described('dừng khi xong, không giữ các nút chạy', 'stop when done'))
    .option('--reset', described('xóa thư mục chạy thử cũ, làm lại từ đầu', 'begin with an empty folder'))
    .option('--folder <folder>', described('thư mục chạy thử', 'folder of the demo'), '.congvan/demo')
    .action((options: unknown) => invoke((context) => demo(optionsForm.parse(options), context)))
}

/**
 * Runs the whole journey on this machine.
 *
 * @returns 0 only if every delivery ended as it had to and the received bytes are the issued ones
 */
async function demo(options: z.output<typeof optionsForm>, context: CommandContext): Promise<number> {
  const stopped = new Promise<void>((accept) => {
    process.once('SIGINT', accept)
    process.once('SIGTERM', accept)
  })
  const runAs = context.io.env.CONGVAN_PG_USER ?? 'nobody'
  const { reset } = options
  const places = await openDemoFolder(resolve(options.folder), { reset, runAs }, context.io.now())
  let running: Demo | undefined
  try {
    const interrupted = stopped.then(() => undefined)
    const started = startDemo(places, {
      now: context.io.now,
      runAs,
      say: (text) => context.output.message(text),
    })
    // Ctrl-C while things are being started: they are stopped as soon as they can be.
    running = await Promise.race([started, interrupted])
    if (running === undefined) {
      running = await started
      return 130
    }
    const result = await Promise.race([running.run(), interrupted])
    if (result === undefined) return 130
    const { ok, seconds, journeys } = result
    if (context.json) {
      await context.output.json({ ok, seconds, documents: journeys.map((one) => one.document) })
    } else {
      await context.output.result(demoText(result, context.language))
    }
    for (const problem of journeys.flatMap((one) => one.problems)) context.output.message(problem)
    if (!options.once) {
      await context.output.result(placesText(places, context.language))
      await stopped
    }
    return ok ? 0 : 1
  } finally {
    await running?.stop()
  }
}
