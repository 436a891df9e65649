import { Writable } from 'node:stream'
import { expect } from 'chai'
import { congvan, jsonLines, otherNode, runHere } from './run-congvan.ts'

describe('cli/main', () => {
  it('shows help on standard output, Vietnamese first with English beside', () => {
    const { exit, stdout, stderr } = congvan(['--help'])
    expect(exit).to.equal(0)
    expect(stderr).to.equal('')
    expect(stdout).to.include('Cách dùng / Usage: congvan')
    expect(stdout).to.match(/verify +kiểm tra chữ ký số trong tệp \/ check/)
    expect(stdout).to.match(/sign +ký số tệp PDF/)
  })

  it('shows the help of a command with the global options', () => {
    const { exit, stdout } = congvan(['verify', '--help'])
    expect(exit).to.equal(0)
    for (const part of ['--trust <path>', '--require-revocation', '--json', '--lang <vi|en>', '3 > 1 > 2']) {
      expect(stdout).to.include(part)
    }
  })

  it('prints the version', () => {
    expect(congvan(['--version'])).to.deep.equal({ exit: 0, stdout: '0.1.0\n', stderr: '' })
  })

  it('answers a wrong invocation with exit code 64 and one line in the language asked for', async () => {
    const cases: [string[], string, string][] = [
      [[], 'thiếu lệnh; xem --help', 'no command given; see --help'],
      [['no-such'], 'không có lệnh "no-such"', "unknown command 'no-such'"],
      [['verify'], 'thiếu tham số "file"', "missing required argument 'file'"],
      [['verify', 'a.pdf', '--no-such'], 'không có tùy chọn "--no-such"', "unknown option '--no-such'"],
      [
        ['verify', 'a.pdf', '--at'],
        'tùy chọn "--at <time>" thiếu giá trị',
        "option '--at <time>' argument missing",
      ],
      [['sign', 'a.pdf'], 'thiếu tùy chọn bắt buộc "--key', "required option '--key"],
    ]
    for (const [args, vietnamese, english] of cases) {
      const vi = await runHere(args)
      expect(vi.exit, args.join(' ')).to.equal(64)
      expect(vi.stdout).to.equal('')
      expect(vi.stderr).to.match(/^congvan: Sai cách dùng: .*\n$/)
      expect(vi.stderr).to.include(vietnamese)
      const en = await runHere([...args, '--lang', 'en'])
      expect(en.exit).to.equal(64)
      expect(en.stderr).to.include(`congvan: usage: ${english}`)
    }
  })

  it('refuses a language that it does not speak', async () => {
    const { exit, stderr } = await runHere(['verify', 'a.pdf', '--lang', 'fr'])
    expect(exit).to.equal(64)
    expect(stderr).to.include('--lang')
  })

  it('writes errors as JSON on standard error with --json', async () => {
    const { exit, stdout, stderr } = await runHere(['no-such', '--json', '--lang=en'])
    expect(exit).to.equal(64)
    expect(stdout).to.equal('')
    expect(jsonLines(stderr)).to.deep.equal([
      { error: { code: 'USAGE', message: "usage: unknown command 'no-such'" } },
    ])
  })

  it('takes what stands after -- for file names', async () => {
    const { exit, stdout } = await runHere(['verify', '--', '--json'])
    expect(exit).to.equal(3)
    expect(stdout).to.match(/^--json: CHƯA ĐỦ CĂN CỨ/)
  })

  it('calls an unexpected error a defect with a reference, and shows the stack only with --debug', async () => {
    const now = (): Date => {
      throw new TypeError('planted defect')
    }
    const quiet = await runHere(['verify', 'no-such-file'], { now })
    expect(quiet.exit).to.equal(70)
    expect(quiet.stderr).to.match(/^congvan: Lỗi của chương trình \(mã [0-9a-f]{8}\)[^\n]*\n$/)
    const json = await runHere(['verify', 'no-such-file', '--json'], { now })
    const [line] = jsonLines(json.stderr)
    expect(line).to.have.nested.property('error.code', 'INTERNAL')
    expect(line)
      .to.have.nested.property('error.reference')
      .that.matches(/^[0-9a-f]{8}$/)
    const loud = await runHere(['verify', 'no-such-file', '--debug'], { now })
    expect(loud.stderr).to.include('TypeError: planted defect').and.include('main.test.ts')
  })

  it('says that the disk is full when standard output goes to a full disk', async () => {
    const full = new Writable({
      write(_chunk, _encoding, callback) {
        callback(Object.assign(new Error('no space left'), { code: 'ENOSPC' }))
      },
    })
    const { exit, stderr } = await runHere(['verify', 'no-such-file'], { stdout: full })
    expect(exit).to.equal(74)
    expect(stderr).to.include('Hết chỗ trên đĩa')
  })

  describe('the launcher under another Node', () => {
    it('runs the command with the Node it brings, and passes arguments, input and exit code on', function () {
      const node = otherNode()
      if (node === undefined) {
        process.stderr.write('      skipped: there is no Node of another version on the search path\n')
        this.skip()
      }
      expect(congvan(['--version'], { node })).to.deep.equal({ exit: 0, stdout: '0.1.0\n', stderr: '' })
      expect(congvan(['no-such'], { node })).to.deep.equal(congvan(['no-such']))
      const piped = { node, stdin: Buffer.from('neither this nor that') }
      const { exit, stdout } = congvan(['verify', '-', '--json'], piped)
      expect(exit).to.equal(3)
      expect(jsonLines(stdout)).to.have.nested.property('[0].errors[0].code', 'FORMAT_UNKNOWN')
    })
  })
})
