import { readFileSync } from 'node:fs'
import { Command, CommanderError, Option } from 'commander'
import type { Language } from '../signing/index.ts'
import { type DefineCommand, described, type Invoke } from './command.ts'
import { describeFailure, failureJson, stackOf } from './failure.ts'
import { type Io, processIo } from './io.ts'
import { jsonLine, Output, OutputClosed } from './output.ts'
import { fromCommander } from './usage.ts'

interface CommandEntry {
  readonly name: string
  readonly description: string
  readonly load: () => Promise<DefineCommand>
}

/**
 * Every command, in the order of `congvan --help`. A command's file is imported only when its name stands on the
 * command line, so that `verify` does not wait for a database driver.
 */
const commands: readonly CommandEntry[] = [
  {
    name: 'demo',
    description: described('chạy thử cả hành trình trên máy này', 'the whole journey on this machine'),
    load: async () => (await import('./commands/demo.ts')).defineDemo,
  },
  {
    name: 'serve',
    description: described('chạy một nút', 'run one node'),
    load: async () => (await import('./commands/serve.ts')).defineServe,
  },
  {
    name: 'migrate',
    description: described('nâng cấp lược đồ cơ sở dữ liệu', 'bring the database schema up to date'),
    load: async () => (await import('./commands/migrate.ts')).defineMigrate,
  },
  {
    name: 'doctor',
    description: described('khám một nút và nói phải làm gì', 'examine a deployment and say what to do'),
    load: async () => (await import('./commands/doctor.ts')).defineDoctor,
  },
  {
    name: 'agency',
    description: described('danh bạ cơ quan', 'the directory of agencies'),
    load: async () => (await import('./commands/agency.ts')).defineAgency,
  },
  {
    name: 'calendar',
    description: described('lịch ngày làm việc', 'calendar of working days'),
    load: async () => (await import('./commands/calendar.ts')).defineCalendar,
  },
  {
    name: 'user',
    description: described('tài khoản và đăng nhập', 'accounts and signing in'),
    load: async () => (await import('./commands/user.ts')).defineUser,
  },
  {
    name: 'cert',
    description: described('khóa và chứng thư của nút', 'the node’s key and certificate'),
    load: async () => (await import('./commands/cert.ts')).defineCert,
  },
  {
    name: 'document',
    description: described(
      'văn bản đi và đến: dự thảo, ký, phát hành, tiếp nhận',
      'documents, outgoing and incoming',
    ),
    load: async () => (await import('./commands/document.ts')).defineDocument,
  },
  {
    name: 'sign',
    description: described(
      'ký số tệp PDF, XML (PAdES, XAdES, CAdES) bằng khóa PKCS#12',
      'sign PDF, XML and other files with a PKCS#12 key',
    ),
    load: async () => (await import('./commands/sign.ts')).defineSign,
  },
  {
    name: 'verify',
    description: described('kiểm tra chữ ký số trong tệp', 'check the signatures in files'),
    load: async () => (await import('./commands/verify.ts')).defineVerify,
  },
  {
    name: 'send',
    description: described('gửi văn bản tới các cơ quan', 'send documents to agencies'),
    load: async () => (await import('./commands/send.ts')).defineSend,
  },
  {
    name: 'inbox',
    description: described('văn bản đến', 'incoming documents'),
    load: async () => (await import('./commands/inbox.ts')).defineInbox,
  },
  {
    name: 'track',
    description: described('văn bản đã gửi đang ở đâu', 'what became of sent documents'),
    load: async () => (await import('./commands/track.ts')).defineTrack,
  },
  {
    name: 'verify-evidence',
    description: described(
      'kiểm tra gói chứng cứ gửi, nhận văn bản, không cần nút nào',
      'check evidence of an exchange, without any node',
    ),
    load: async () => (await import('./commands/verify-evidence.ts')).defineVerifyEvidence,
  },
  {
    name: 'recall',
    description: described('thu hồi văn bản đã gửi', 'recall a document that was sent'),
    load: async () => (await import('./commands/recall.ts')).defineRecall,
  },
  {
    name: 'register',
    description: described('sổ đăng ký văn bản', 'registers of documents'),
    load: async () => (await import('./commands/register.ts')).defineRegister,
  },
  {
    name: 'dossier',
    description: described('hồ sơ công việc', 'dossiers of documents'),
    load: async () => (await import('./commands/dossier.ts')).defineDossier,
  },
  {
    name: 'stats',
    description: described('thống kê văn bản đi, đến', 'documents sent and received, counted'),
    load: async () => (await import('./commands/stats.ts')).defineStats,
  },
  {
    name: 'log',
    description: described('nhật ký trao đổi', 'the log of exchange'),
    load: async () => (await import('./commands/log.ts')).defineLog,
  },
  {
    name: 'peer',
    description: described('nút láng giềng', 'neighbouring nodes'),
    load: async () => (await import('./commands/peer.ts')).definePeer,
  },
  {
    name: 'relay',
    description: described('gửi nhận giữa các nút: xem, thử lại, hủy', 'what the relay cannot get rid of'),
    load: async () => (await import('./commands/relay.ts')).defineRelay,
  },
]

/** As a shell reports a program that SIGPIPE ended. */
const exitOutputClosed = 141

/**
 * Runs one command line and answers the exit code.
 *
 * This is the one place that turns an error into text: `congvan: <message>` and a hint on standard error, in
 * Vietnamese unless `--lang en`; with `--json` one object `{"error":{code,message,…}}`, on standard error too, so
 * that standard output never holds anything but results.
 */
export async function run(argv: readonly string[], io: Io = processIo()): Promise<number> {
  const output = new Output(io)
  const settings = settingsOf(argv)
  let exit = 0
  const invoke: Invoke = async (body) => {
    exit = await body({ io, output, ...settings })
  }
  try {
    const program = await buildProgram(argv, io, invoke)
    await program.parseAsync([...argv], { from: 'user' })
    return exit
  } catch (error) {
    if (error instanceof OutputClosed) return exitOutputClosed
    if (error instanceof CommanderError && error.exitCode === 0) return 0
    const known = error instanceof CommanderError ? fromCommander(error, settings.language) : error
    const failure = describeFailure(known, settings.language)
    if (settings.json) {
      output.diagnostic(jsonLine({ error: failureJson(failure) }))
    } else {
      output.message(failure.message)
      if (failure.hint !== undefined) output.message(`→ ${failure.hint}`)
    }
    if (settings.debug) output.diagnostic(stackOf(error))
    return failure.exit
  } finally {
    output.clearProgress()
  }
}

async function buildProgram(argv: readonly string[], io: Io, invoke: Invoke): Promise<Command> {
  const program = new Command('congvan')
  // Settings are inherited by the sub-commands made after them.
  program
    .description(
      described(
        'liên thông văn bản điện tử có chữ ký số giữa cơ quan các cấp',
        'exchange of signed official documents',
      ),
    )
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      // Errors are told by `run`; help asked for by mistake is not needed besides.
      writeErr: () => {},
    })
    .configureHelp({ showGlobalOptions: true, styleTitle: helpTitle })
    .helpOption('-h, --help', described('hiện trợ giúp', 'show help'))
    .helpCommand('help [command]', described('trợ giúp của một lệnh', 'help for a command'))
    .version(productVersion(), '-V, --version', described('hiện phiên bản', 'show the version'))
    .addOption(
      new Option('--lang <vi|en>', described('ngôn ngữ thông báo', 'language of messages'))
        .choices(['vi', 'en'])
        .default('vi'),
    )
    .option('--json', described('kết quả dạng JSON, mỗi dòng một đối tượng', 'results as JSON lines'))
    .option('--debug', described('in vết lỗi của chương trình', 'print stack traces'))
  for (const entry of commands) {
    const command = program.command(entry.name).description(entry.description)
    if (argv.includes(entry.name)) (await entry.load())(command, invoke)
  }
  return program
}

/** Read ahead of parsing, because an error of parsing must be told in this way already. */
function settingsOf(argv: readonly string[]): { language: Language; json: boolean; debug: boolean } {
  const end = argv.indexOf('--')
  const options = end === -1 ? argv : argv.slice(0, end)
  const lang = options.indexOf('--lang')
  const english = options.includes('--lang=en') || (lang !== -1 && options[lang + 1] === 'en')
  return {
    language: english ? 'en' : 'vi',
    json: options.includes('--json'),
    debug: options.includes('--debug'),
  }
}

function helpTitle(title: string): string {
  const vietnamese: Readonly<Record<string, string>> = {
    'Usage:': 'Cách dùng / Usage:',
    'Arguments:': 'Tham số / Arguments:',
    'Options:': 'Tùy chọn / Options:',
    'Global Options:': 'Tùy chọn chung / Global options:',
    'Commands:': 'Lệnh / Commands:',
  }
  return vietnamese[title] ?? title
}

function productVersion(): string {
  const file: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  if (typeof file === 'object' && file !== null && 'version' in file && typeof file.version === 'string') {
    return file.version
  }
  throw new Error('package.json has no version')
}
