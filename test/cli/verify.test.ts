import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { encrypted, notAPdf, truncated } from '../../fixtures/documents/broken.ts'
import { makeLetter } from '../../fixtures/documents/letter.ts'
import { communeLetter } from '../../fixtures/documents/sample-letters.ts'
import { makeTestPki, type TestPki } from '../../fixtures/pki/make-pki.ts'
import { toPem, writePki } from '../../fixtures/pki/write-pki.ts'
import { loadPkcs12, signPdf } from '../../signing/index.ts'
import { requireProgram } from '../support/programs.ts'
import { congvan, congvanIntoClosedPipe, jsonLines, runHere } from './run-congvan.ts'

/** Keys of a line of `--json` and of a signature in it, in the order of design 7. */
const fileKeys = ['file', 'format', 'indication', 'subIndication', 'signatures', 'errors']
const signatureKeys = [
  ...['id', 'field', 'cryptoIntact', 'indication', 'subIndication', 'level', 'role', 'signer', 'claimedTime'],
  ...[
    'provenTime',
    'coverage',
    'changesAfter',
    'changes',
    'digestAlgorithm',
    'signatureAlgorithm',
    'warnings',
  ],
]

describe('congvan verify', () => {
  const signingTime = new Date('2025-01-06T01:00:00Z')
  const time = '2025-01-06T09:00:00+07:00'
  let folder: string
  let pki: TestPki
  let letter: Uint8Array
  let issued: Uint8Array
  const at = (name: string): string => join(folder, name)

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'congvan-verify-'))
    pki = await makeTestPki({ seedTime: signingTime })
    await writePki(pki, at('pki'))
    letter = await makeLetter({ ...communeLetter, created: signingTime })
    const sign = (pdf: Uint8Array, who: 'individual' | 'agency', field: string): Promise<Uint8Array> =>
      signPdf(pdf, { key: loadPkcs12(pki.samples[who].pkcs12('x'), 'x'), field, signingTime })
    const first = await sign(letter, 'individual', 'congvan.signature.individual')
    issued = await sign(first, 'agency', 'congvan.signature.agency')
    const damaged = Uint8Array.from(issued)
    // In the middle of an embedded font: the structure stays whole.
    const middle = Math.floor(letter.length / 2)
    damaged[middle] = (damaged[middle] ?? 0) ^ 1
    const files = {
      'issued.pdf': issued,
      'first.pdf': first,
      'unsigned.pdf': letter,
      'damaged.pdf': damaged,
      'not-a.pdf': notAPdf(),
      'truncated.pdf': truncated(issued),
      'encrypted.pdf': await encrypted(letter, 'x'),
      'cut-at-eof': Buffer.from('nothing but an end\n%%EOF\n'),
      'plain.xml': Buffer.from('<?xml version="1.0"?><a/>'),
    }
    for (const [name, bytes] of Object.entries(files)) writeFileSync(at(name), bytes)
    mkdirSync(at('folder'))
  })
  after(() => rmSync(folder, { recursive: true }))

  const here = (...args: string[]): ReturnType<typeof runHere> =>
    runHere(['verify', ...args, '--trust', at('pki/trust.pem'), '--at', time])

  it('passes an issued letter: exit 0, one JSON line with the keys of the contract in their order [N183]', () => {
    const args = ['verify', 'issued.pdf', '--trust', 'pki/trust.pem', '--at', time, '--json']
    const { exit, stdout, stderr } = congvan(args, { cwd: folder })
    expect(exit, stderr).to.equal(0)
    expect(stderr).to.equal('')
    const lines = jsonLines(stdout)
    expect(lines).to.have.length(1)
    const [line] = lines
    expect(Object.keys(line ?? {})).to.deep.equal(fileKeys)
    expect(line).to.deep.include({
      file: 'issued.pdf',
      format: 'pdf',
      indication: 'TOTAL_PASSED',
      subIndication: null,
      errors: [],
    })
    const signatures = signaturesOf(line)
    expect(signatures).to.have.length(2)
    for (const signature of signatures) {
      expect(Object.keys(signature)).to.deep.equal(signatureKeys)
      expect(signature).to.deep.include({
        cryptoIntact: true,
        indication: 'TOTAL_PASSED',
        level: 'PAdES-B-B',
      })
      expect(Date.parse(String(signature.claimedTime))).to.equal(signingTime.getTime())
    }
    expect(signatures.map((one) => [one.field, one.role, one.coverage])).to.deep.equal([
      ['congvan.signature.individual', 'individual', 'revision'],
      ['congvan.signature.agency', 'agency', 'whole-file'],
    ])
  })

  it('answers the exit code of the worst file, 3 over 1 over 2, and judges every file all the same', async () => {
    const good = at('issued.pdf')
    const cases: [string[], number, (string | null)[]][] = [
      [[good, good], 0, ['TOTAL_PASSED', 'TOTAL_PASSED']],
      [[good, at('damaged.pdf')], 1, ['TOTAL_PASSED', 'TOTAL_FAILED']],
      [[good, at('unsigned.pdf')], 2, ['TOTAL_PASSED', 'NO_SIGNATURE']],
      [[at('unsigned.pdf'), at('damaged.pdf'), good], 1, ['NO_SIGNATURE', 'TOTAL_FAILED', 'TOTAL_PASSED']],
      [
        [at('missing.pdf'), at('damaged.pdf'), at('unsigned.pdf'), good],
        3,
        ['INDETERMINATE', 'TOTAL_FAILED', 'NO_SIGNATURE', 'TOTAL_PASSED'],
      ],
    ]
    for (const [files, exit, indications] of cases) {
      const told = await here(...files, '--json')
      expect(told.exit, files.join(' ')).to.equal(exit)
      const lines = jsonLines(told.stdout)
      expect(lines.map((line) => line.file)).to.deep.equal(files)
      expect(lines.map((line) => line.indication)).to.deep.equal(indications)
    }
  })

  it('is undecided without a trust anchor, and when revocation is demanded and nothing is known', async () => {
    const alone = await runHere(['verify', at('issued.pdf'), '--at', time, '--json'])
    expect(alone.exit).to.equal(2)
    expect(jsonLines(alone.stdout)[0]).to.deep.include({
      indication: 'INDETERMINATE',
      subIndication: 'NO_CERTIFICATE_CHAIN_FOUND',
    })
    const demanding = await here(at('issued.pdf'), '--require-revocation', '--json')
    expect(demanding.exit).to.equal(2)
    expect(jsonLines(demanding.stdout)[0]).to.deep.include({ subIndication: 'TRY_LATER' })
    const known = await here(
      ...[at('issued.pdf'), '--require-revocation', '--json'],
      ...['--crl', at('pki/government-ca.crl'), '--crl', at('pki/root.crl')],
    )
    expect(known.exit, known.stdout).to.equal(0)
  })

  it('takes trust and revocation data from a folder in which other things lie too', async () => {
    const { exit, stdout } = await runHere([
      ...['verify', at('issued.pdf'), '--at', time, '--json'],
      ...['--trust', at('pki/trust.pem'), '--crl', at('pki')],
    ])
    expect(exit, stdout).to.equal(0)
    expect(stdout).to.not.include('REVOCATION_NOT_CHECKED')
  })

  it('judges a profile: an individual and then an agency', async () => {
    expect((await here(at('issued.pdf'), '--profile', 'issued')).exit).to.equal(0)
    expect((await here(at('first.pdf'), '--profile', 'issued')).exit).to.not.equal(0)
    expect((await here(at('first.pdf'), '--profile', 'scanned-copy')).exit).to.not.equal(0)
  })

  it('says of a file that cannot be read why, with exit code 3', async () => {
    const cases: [string, string][] = [
      [at('missing.pdf'), 'FILE_UNREADABLE'],
      [at('folder'), 'FILE_UNREADABLE'],
      [at('not-a.pdf'), 'FORMAT_UNKNOWN'],
    ]
    for (const [file, code] of cases) {
      const { exit, stdout } = await here(file, '--json')
      expect(exit, file).to.equal(3)
      expect(jsonLines(stdout)[0]).to.deep.include({ file, format: null, signatures: [] })
      expect(jsonLines(stdout)).to.have.nested.property('[0].errors[0].code', code)
    }
  })

  it('fails a broken file of a known format with FORMAT_FAILURE and exit code 1', async () => {
    for (const name of ['truncated.pdf', 'cut-at-eof']) {
      const { exit, stdout } = await here(at(name), '--json')
      expect(exit, name).to.equal(1)
      expect(jsonLines(stdout)[0]).to.deep.include({
        format: 'pdf',
        indication: 'TOTAL_FAILED',
        subIndication: 'FORMAT_FAILURE',
      })
    }
  })

  it('never passes an encrypted PDF or an XML file without a signature', async () => {
    expect((await here(at('encrypted.pdf'), '--json')).exit).to.be.oneOf([1, 2, 3])
    const xml = await here(at('plain.xml'), '--json')
    expect(xml.exit).to.equal(2)
    expect(jsonLines(xml.stdout)[0]).to.have.property('format', 'xml')
  })

  it('checks a detached CMS signature made by openssl against the file beside it', async function () {
    requireProgram(this, 'openssl')
    const { certificate, privateKeyPkcs8 } = pki.samples.agency
    writeFileSync(at('signer.pem'), toPem('CERTIFICATE', certificate) + toPem('PRIVATE KEY', privateKeyPkcs8))
    const made = spawnSync('openssl', [
      ...['cms', '-sign', '-binary', '-cades', '-md', 'sha256', '-signer', at('signer.pem')],
      ...['-certfile', at('pki/government-ca.pem'), '-in', at('unsigned.pdf')],
      ...['-outform', 'DER', '-out', at('unsigned.pdf.p7s')],
    ])
    expect(made.status, String(made.stderr)).to.equal(0)
    rmSync(at('signer.pem'))
    const beside = await here(at('unsigned.pdf.p7s'), '--json')
    expect(beside.exit, beside.stdout).to.equal(0)
    expect(jsonLines(beside.stdout)[0]).to.deep.include({ format: 'cms', indication: 'TOTAL_PASSED' })

    copyFileSync(at('unsigned.pdf.p7s'), at('damaged.pdf.p7s'))
    expect((await here(at('damaged.pdf.p7s'))).exit, 'beside another file').to.equal(1)
    copyFileSync(at('unsigned.pdf.p7s'), at('lonely.p7s'))
    const lonely = await here(at('lonely.p7s'), '--json')
    expect(lonely.exit).to.equal(2)
    expect(jsonLines(lonely.stdout)[0]).to.have.property('subIndication', 'SIGNED_DATA_NOT_FOUND')
  })

  it('reads standard input for -', () => {
    const args = ['verify', '-', '--trust', 'pki/trust.pem', '--at', time, '--json']
    const { exit, stdout } = congvan(args, { cwd: folder, stdin: issued })
    expect(exit).to.equal(0)
    expect(jsonLines(stdout)[0]).to.deep.include({ file: '-', format: 'pdf', indication: 'TOTAL_PASSED' })
  })

  it('refuses a wrong invocation with exit code 64 and judges nothing', async () => {
    const file = at('issued.pdf')
    const wrong: [string[], string][] = [
      [[file, '--at', '2025-01-06T09:00:00'], 'múi giờ'],
      [[file, '--at', '2025-02-30T09:00:00Z'], 'múi giờ'],
      [[file, '--profile', 'signed'], '--profile'],
      [[file, '--jobs', '0'], '--jobs'],
      [[file, '--jobs', 'many'], '--jobs'],
      [[file, '--trust', at('missing.pem')], at('missing.pem')],
      [[file, '--trust', at('pki/government-ca.crl')], 'không có chứng thư số nào'],
      [[file, '--trust', at('folder')], 'không có chứng thư số nào'],
      [[file, '--crl', at('pki/root.pem')], 'CRL'],
      [[file, '--ocsp', at('pki')], 'OCSP'],
      [['-', '-'], 'một lần'],
    ]
    for (const [args, message] of wrong) {
      const { exit, stdout, stderr } = await runHere(['verify', ...args])
      expect(exit, args.join(' ')).to.equal(64)
      expect(stdout).to.equal('')
      expect(stderr).to.include(message)
    }
  })

  it('tells people the verdict and the facts of each signature, in Vietnamese or English', async () => {
    const { exit, stdout, stderr } = await here(at('issued.pdf'), at('damaged.pdf'), at('unsigned.pdf'))
    expect(exit).to.equal(1)
    for (const part of [
      `${at('issued.pdf')}: HỢP LỆ\n`,
      '1. Người ký 1, Chủ tịch, Ủy ban nhân dân xã thử nghiệm (chữ ký số cá nhân): HỢP LỆ',
      '2. Ủy ban nhân dân xã thử nghiệm (chữ ký số cơ quan): HỢP LỆ',
      'CN=Người ký 1,title=Chủ tịch',
      '06.01.2025 08:00:00 +07:00 (người ký khai, chưa có gì chứng minh)',
      'phần đã ký còn nguyên vẹn',
      'có thay đổi được phép:',
      '- Thêm một chữ ký [SIGNATURE_ADDED: ',
      'toàn bộ một phiên bản trước của tệp',
      'toàn bộ tệp',
      'congvan.signature.individual',
      'PAdES-B-B, SHA-256, ECDSA with SHA-256',
      'Chưa kiểm tra chứng thư số có bị thu hồi không; thêm --crl, --ocsp hoặc --online [REVOCATION_NOT_CHECKED',
      `${at('damaged.pdf')}: KHÔNG HỢP LỆ: Tài liệu đã bị thay đổi [HASH_FAILURE]\n  → không dùng tệp này; đề nghị nơi gửi gửi lại`,
      'PHẦN ĐÃ KÝ ĐÃ BỊ THAY ĐỔI',
      `${at('unsigned.pdf')}: KHÔNG CÓ CHỮ KÝ\n  → tệp chưa được ký số`,
    ]) {
      expect(stdout).to.include(part)
    }
    expect(stderr).to.equal(
      'congvan: 3 tệp: 1 hợp lệ, 1 không hợp lệ, 1 chưa đủ căn cứ hoặc không có chữ ký, 0 không đọc được\n',
    )
    const english = await here(at('issued.pdf'), '--lang', 'en')
    expect(english.stdout).to.include(': VALID\n').and.include('(signature of an individual): VALID')
    expect(english.stdout).to.include('(claimed by the signer, not proven)').and.not.include('HỢP LỆ')
    expect(english.stdout).to.include('- A signature was added [SIGNATURE_ADDED')
  })

  it('tells first who signed and when, then what changed and what to do, and last the technical side', async () => {
    const { stdout } = await here(at('first.pdf'), '--profile', 'issued', '--require-revocation')
    const places = [
      ...['first.pdf: CHƯA ĐỦ CĂN CỨ: Chưa kiểm tra được tình trạng thu hồi [TRY_LATER]', '! Thiếu chữ ký'],
      ...[
        '→ văn bản chưa đủ chữ ký',
        '1. Người ký 1',
        'Thời gian ký:',
        'Nội dung:',
        'Sau khi ký:',
        'Nên làm:',
      ],
      ...[
        '--online',
        'Lưu ý:',
        'Phạm vi ký:',
        'Chứng thư của:',
        'Nơi cấp:',
        'Số hiệu:',
        'Ô chữ ký:',
        'Kỹ thuật:',
      ],
    ].map((part) => [part, stdout.indexOf(part)] as const)
    for (const [part, place] of places) expect(place, part).to.be.at.least(0)
    expect(places.map(([, place]) => place)).to.deep.equal(
      places.map(([, place]) => place).toSorted((a, b) => a - b),
    )
  })

  it('shows progress on a terminal only, and erases it', async () => {
    const args = ['verify', at('unsigned.pdf'), at('unsigned.pdf'), '--json']
    const quiet = await runHere(args)
    expect(quiet.stderr).to.equal('')
    const shown = await runHere(args, { stderrIsTerminal: true })
    expect(shown.stderr).to.include('[2/2]')
    expect(shown.stderr.endsWith('\r\u001b[2K')).to.equal(true)
  })

  it('stops quietly when the reader of its output has gone', async () => {
    const many = Array.from({ length: 800 }, () => 'unsigned.pdf')
    const { exit, stdout, stderr } = await congvanIntoClosedPipe(['verify', ...many, '--json'], folder)
    expect(stdout).to.include('NO_SIGNATURE')
    expect(stderr).to.equal('')
    expect(exit).to.equal(141)
  })

  it('judges many files on threads as it does on one, in the order given', async () => {
    const kinds = ['issued.pdf', 'missing.pdf', 'damaged.pdf', 'unsigned.pdf', 'not-a.pdf', 'plain.xml']
    const many = Array.from({ length: 60 }, (_, index) => at(kinds[index % kinds.length] ?? ''))
    const threads = await here(...many, '--json')
    const alone = await here(...many, '--json', '--jobs', '1')
    expect(threads.exit).to.equal(3)
    expect(jsonLines(threads.stdout).map(({ file }) => file)).to.deep.equal(many)
    expect(threads).to.deep.equal(alone)
  })

  it('opens an encrypted PDF with the password of a file', async () => {
    writeFileSync(at('password'), 'x\n')
    const locked = await here(at('encrypted.pdf'), '--json')
    expect(jsonLines(locked.stdout)).to.have.nested.property('[0].errors[0].code', 'PDF_ENCRYPTED')
    const opened = await here(at('encrypted.pdf'), '--password-file', at('password'), '--json')
    expect(jsonLines(opened.stdout)[0]).to.deep.include({ indication: 'NO_SIGNATURE', errors: [] })
    // As a Windows editor leaves it.
    writeFileSync(at('password'), '\ufeffx\r\n')
    const marked = await here(at('encrypted.pdf'), '--password-file', at('password'), '--json')
    expect(jsonLines(marked.stdout)[0]).to.deep.include({ indication: 'NO_SIGNATURE', errors: [] })
    const missing = await here(at('encrypted.pdf'), '--password-file', at('missing'))
    expect(missing.exit).to.equal(66)
    expect(missing.stdout).to.equal('')
  })
})

function signaturesOf(line: Record<string, unknown> | undefined): Record<string, unknown>[] {
  const signatures = line?.signatures
  if (!Array.isArray(signatures)) throw new Error('the line has no signatures')
  return signatures
}
