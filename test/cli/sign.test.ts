import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { encrypted, notAPdf, truncated } from '../../fixtures/documents/broken.ts'
import { makeLetter } from '../../fixtures/documents/letter.ts'
import { communeLetter } from '../../fixtures/documents/sample-letters.ts'
import { makeTestPki } from '../../fixtures/pki/make-pki.ts'
import { writePki } from '../../fixtures/pki/write-pki.ts'
import { requireProgram } from '../support/programs.ts'
import { congvan, jsonLines, runHere } from './run-congvan.ts'

describe('congvan sign', () => {
  let folder: string
  let letter: Uint8Array
  const at = (name: string): string => join(folder, name)
  const keyOf = (name: string): string[] => [
    '--key',
    at(`pki/${name}.p12`),
    '--password-file',
    at(`pki/${name}.password`),
  ]

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'congvan-sign-'))
    letter = await makeLetter({ ...communeLetter, created: new Date('2025-01-06T01:00:00Z') })
    writeFileSync(at('letter.pdf'), letter)
    writeFileSync(
      at('plain.pdf'),
      await makeLetter({ ...communeLetter, created: new Date(0), formFields: false }),
    )
    writeFileSync(at('not-a.pdf'), notAPdf())
    writeFileSync(at('truncated.pdf'), truncated(letter))
    writeFileSync(at('encrypted.pdf'), await encrypted(letter, 'x'))
    await writePki(await makeTestPki({ seedTime: new Date() }), at('pki'))
    const rsa = await makeTestPki({ seedTime: new Date(), algorithm: 'RSA-2048' })
    await writePki(rsa, at('pki-rsa'))
  })
  after(() => rmSync(folder, { recursive: true }))

  it('signs a letter for the person and then for the agency, each in its own field, input untouched', function () {
    const first = congvan(['sign', 'letter.pdf', ...keyOf('individual'), '--json'], { cwd: folder })
    expect(first.exit, first.stderr).to.equal(0)
    expect(first.stderr).to.equal('')
    const signed = readFileSync(at('letter-signed.pdf'))
    expect(jsonLines(first.stdout)).to.deep.equal([
      {
        file: 'letter.pdf',
        output: 'letter-signed.pdf',
        field: 'congvan.signature.individual',
        sha256: createHash('sha256').update(signed).digest('hex'),
      },
    ])
    expect(Buffer.from(letter).equals(readFileSync(at('letter.pdf'))), 'input').to.equal(true)
    expect(signed.subarray(0, letter.length).equals(letter), 'appended to').to.equal(true)

    const second = congvan(['sign', 'letter-signed.pdf', ...keyOf('agency'), '--out', 'issued'], {
      cwd: folder,
    })
    expect(second.exit, second.stderr).to.equal(0)
    expect(second.stdout).to.equal(
      'letter-signed.pdf → issued/letter-signed.pdf (congvan.signature.agency)\n',
    )
    requireProgram(this, 'pdfsig')
    const { stdout } = spawnSync('pdfsig', ['-nocert', at('issued/letter-signed.pdf')], { encoding: 'utf8' })
    expect(stdout.match(/Signature is Valid/g)).to.have.length(2)
    expect(stdout.match(/ETSI\.CAdES\.detached/g)).to.have.length(2)
  })

  it('locks by default all but the fills and the agency’s field', async () => {
    const { exit } = await runHere(['sign', at('letter.pdf'), ...keyOf('individual'), '--out', at('locks')])
    expect(exit).to.equal(0)
    const text = readFileSync(at('locks/letter.pdf'), 'latin1')
    const [, fields] = /\/Action\s*\/Exclude\s*\/Fields\s*\[([^\]]*)\]/.exec(text) ?? []
    expect(fields?.match(/\([^)]*\)|<[^>]*>/g)?.map(pdfString)).to.deep.equal([
      'congvan.number',
      'congvan.date',
      'congvan.signature.agency',
    ])
  })

  it('makes a new field in a document that has none, and locks as told', async () => {
    const plain = at('plain.pdf')
    const free = await runHere(['sign', plain, ...keyOf('individual'), '--suffix', '-free', '--json'])
    expect(jsonLines(free.stdout)).to.have.nested.property('[0].field', 'Signature1')
    expect(readFileSync(at('plain-free.pdf'), 'latin1')).to.not.include('FieldMDP')
    const locked = await runHere(['sign', plain, ...keyOf('agency'), '--suffix', '-all', '--lock', 'all'])
    expect(locked.exit).to.equal(0)
    expect(readFileSync(at('plain-all.pdf'), 'latin1')).to.match(/FieldMDP[\s\S]*\/Action\s*\/All/)
    const shut = await runHere(['sign', at('plain-all.pdf'), ...keyOf('individual')])
    expect(shut.exit).to.equal(65)
    expect(shut.stderr).to.include('khóa')
  })

  it('signs every file that can be signed, tells the others, and ends with the worst exit code', () => {
    const files = ['letter.pdf', 'not-a.pdf', 'truncated.pdf', 'encrypted.pdf', 'missing.pdf', 'plain.pdf']
    const { exit, stdout, stderr } = congvan(
      ['sign', ...files, ...keyOf('individual'), '--out', 'many', '--json', '--lang', 'en'],
      { cwd: folder },
    )
    expect(stderr).to.equal('')
    const lines = jsonLines(stdout)
    expect(lines.map((line) => line.file)).to.deep.equal(files)
    expect(lines.map((line) => (line.error as { code: string } | undefined)?.code)).to.deep.equal([
      undefined,
      'PDF_NOT_A_PDF',
      'PDF_MALFORMED',
      'PDF_ENCRYPTED',
      'FILE_UNREADABLE',
      undefined,
    ])
    expect(exit).to.equal(66)
    expect(readdirSync(at('many')).sort()).to.deep.equal(['letter.pdf', 'plain.pdf'])
  })

  it('never overwrites a file', async () => {
    writeFileSync(at('letter-taken.pdf'), 'mine')
    const args = ['sign', at('letter.pdf'), ...keyOf('individual')]
    const taken = await runHere([...args, '--suffix', '-taken'])
    expect(taken.exit).to.equal(73)
    expect(taken.stderr).to.include('đã có, không ghi đè')
    expect(readFileSync(at('letter-taken.pdf'), 'utf8')).to.equal('mine')
    const itself = await runHere([...args, '--out', folder])
    expect(itself.exit).to.equal(73)
    expect(Buffer.from(letter).equals(readFileSync(at('letter.pdf')))).to.equal(true)
  })

  it('says why it cannot write, and leaves nothing half-written', async () => {
    const under = await runHere([
      'sign',
      at('letter.pdf'),
      ...keyOf('individual'),
      '--out',
      at('plain.pdf/x'),
    ])
    expect(under.exit).to.equal(74)
    expect(under.stderr).to.include('đường dẫn đi qua một tệp')
    const long = 'x'.repeat(300)
    const tooLong = await runHere(['sign', at('letter.pdf'), ...keyOf('individual'), '--suffix', long])
    expect(tooLong.exit).to.equal(74)
    expect(tooLong.stderr).to.include('tên tệp quá dài')
    expect(readdirSync(folder).filter((name) => name.includes('.tmp'))).to.deep.equal([])
  })

  it('refuses a key that may not sign, before it touches any file', async () => {
    const cases: [string[], number, string, string][] = [
      [keyOf('expired'), 65, 'CERTIFICATE_EXPIRED', 'đã hết hạn'],
      [keyOf('not-yet-valid'), 65, 'CERTIFICATE_NOT_YET_VALID', 'chưa có hiệu lực'],
      [keyOf('wrong-use'), 65, 'CERTIFICATE_WRONG_USE', 'không được dùng để ký'],
      [
        ['--key', at('pki/agency.p12'), '--password-file', at('pki/individual.password')],
        77,
        'KEY_WRONG_PASSWORD',
        'Sai mật khẩu',
      ],
      [
        ['--key', at('letter.pdf'), '--password-file', at('pki/agency.password')],
        65,
        'KEY_FILE_MALFORMED',
        'bị hỏng',
      ],
      [
        ['--key', at('no.p12'), '--password-file', at('pki/agency.password')],
        66,
        'FILE_UNREADABLE',
        'không có tệp này',
      ],
      [
        ['--key', at('pki/agency.p12'), '--password-file', at('no')],
        66,
        'FILE_UNREADABLE',
        'không có tệp này',
      ],
    ]
    for (const [key, exit, code, message] of cases) {
      const args = ['sign', at('letter.pdf'), ...key, '--suffix', `-${code}`]
      const told = await runHere(args)
      expect(told.exit, code).to.equal(exit)
      expect(told.stdout).to.equal('')
      expect(told.stderr).to.include(message)
      const json = await runHere([...args, '--json'])
      expect(jsonLines(json.stderr)).to.have.nested.property('[0].error.code', code)
    }
    expect(readdirSync(folder).filter((name) => /KEY_|CERTIFICATE_|FILE_/.test(name))).to.deep.equal([])
  })

  it('refuses wrong options with exit code 64', async () => {
    const base = ['sign', at('letter.pdf'), ...keyOf('individual')]
    for (const wrong of [
      ['--rsa-padding', 'oaep'],
      ['--lock', 'some'],
      ['--lock', 'include:'],
      ['--lock', 'exclude:a,,b'],
    ]) {
      const { exit, stderr } = await runHere([...base, ...wrong])
      expect(exit, wrong.join(' ')).to.equal(64)
      expect(stderr).to.include(wrong[0])
    }
    const noField = await runHere([...base, '--field', 'no.such', '--suffix', '-x'])
    expect(noField.exit).to.equal(65)
    expect(noField.stderr).to.include('"no.such"')
  })

  it('signs with RSA by PSS, or by PKCS#1 for tools that know no PSS', async function () {
    const key = ['--key', at('pki-rsa/individual.p12'), '--password-file', at('pki-rsa/individual.password')]
    const base = ['sign', at('letter.pdf'), ...key]
    expect((await runHere([...base, '--out', at('pss')])).exit).to.equal(0)
    expect((await runHere([...base, '--out', at('pkcs1'), '--rsa-padding', 'pkcs1'])).exit).to.equal(0)
    requireProgram(this, 'pdfsig')
    const { stdout } = spawnSync('pdfsig', ['-nocert', at('pkcs1/letter.pdf')], { encoding: 'utf8' })
    expect(stdout).to.include('Signature is Valid')
  })

  it('takes the password from the first line, as an editor or a script leaves it', async () => {
    const password = readFileSync(at('pki/individual.password'), 'utf8').trimEnd()
    for (const [index, content] of [password, `${password}\r\n`, `${password}\nsecond line`].entries()) {
      writeFileSync(at(`password-${index}`), content)
      const { exit, stderr } = await runHere([
        ...['sign', at('letter.pdf'), '--key', at('pki/individual.p12')],
        ...['--password-file', at(`password-${index}`), '--suffix', `-password-${index}`],
      ])
      expect(exit, stderr).to.equal(0)
    }
  })
})

/** The text of a PDF string as our writer makes it: ASCII in brackets, or UTF-16 in hexadecimal. */
function pdfString(syntax: string): string {
  if (syntax.startsWith('(')) return syntax.slice(1, -1)
  const bytes = Buffer.from(syntax.slice(1, -1), 'hex')
  return bytes.readUInt16BE(0) === 0xfeff
    ? bytes.subarray(2).swap16().toString('utf16le')
    : bytes.toString('latin1')
}
