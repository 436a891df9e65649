import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { expect } from 'chai'
import type { CommandContext } from '../../../cli/command.ts'
import { Output } from '../../../cli/output.ts'
import { readSecret } from '../../../cli/read-secret.ts'
import { CongvanError } from '../../../server/errors.ts'

describe('cli: passwords', () => {
  let folder: string
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'congvan-secret-'))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  /** A terminal, or a pipe, with what stands on its screen. */
  function terminal(isTTY: boolean) {
    const stdin = Object.assign(new PassThrough(), { isTTY, setRawMode: () => stdin })
    const [stdout, stderr] = [new PassThrough(), new PassThrough()]
    const io = { stdin, stdout, stderr, env: {}, now: () => new Date() }
    const context: CommandContext = { io, output: new Output(io), language: 'vi', json: false, debug: false }
    return { context, stdin, shown: () => `${stdout.read() ?? ''}${stderr.read() ?? ''}` }
  }
  async function refusal(act: Promise<unknown>): Promise<string> {
    const error: unknown = await act.then(
      () => undefined,
      (caught: unknown) => caught,
    )
    return error instanceof CongvanError ? `${error.code} ${error.params.reason ?? ''}` : String(error)
  }

  it('are typed at the terminal and not shown', async () => {
    const { context, stdin, shown } = terminal(true)
    const read = readSecret(undefined, context)
    stdin.write('mật khẩu ở đây\r')
    expect(await read).to.equal('mật khẩu ở đây')
    expect(shown()).to.equal('Mật khẩu: \n')
  })

  it('may be refused with Ctrl-C or Ctrl-D', async () => {
    for (const key of ['\x03', '\x04']) {
      const { context, stdin } = terminal(true)
      const read = readSecret(undefined, context)
      stdin.write(key)
      expect(await refusal(read)).to.equal('USAGE không nhập mật khẩu')
    }
  })

  it('are asked of nobody where there is no terminal', async () => {
    expect(await refusal(readSecret(undefined, terminal(false).context))).to.equal(
      'USAGE thiếu --password-file',
    )
  })

  it('come from a file or a pipe without the end of the line', async () => {
    const file = join(folder, 'password')
    for (const [content, password] of [
      ['một hai\n', 'một hai'],
      ['một hai\r\n', 'một hai'],
      ['một hai', 'một hai'],
      [' một \n', ' một '],
    ] as const) {
      writeFileSync(file, content)
      expect(await readSecret(file, terminal(false).context)).to.equal(password)
      const { context, stdin } = terminal(false)
      stdin.end(content)
      expect(await readSecret('-', context)).to.equal(password)
    }
    expect(await refusal(readSecret(join(folder, 'none'), terminal(false).context))).to.match(
      /^FILE_UNREADABLE/,
    )
    writeFileSync(file, Buffer.alloc(5_000, 0x61))
    expect(await refusal(readSecret(file, terminal(false).context))).to.match(/^INPUT_TOO_LARGE/)
  })
})
