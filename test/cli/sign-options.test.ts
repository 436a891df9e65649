import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32, deflateSync } from 'node:zlib'
import { expect } from 'chai'
import { encrypted } from '../../fixtures/documents/broken.ts'
import { makeLetter } from '../../fixtures/documents/letter.ts'
import { communeLetter } from '../../fixtures/documents/sample-letters.ts'
import { type ServedPki, servePki } from '../../fixtures/pki/serve-pki.ts'
import { writePki } from '../../fixtures/pki/write-pki.ts'
import { requireProgram } from '../support/programs.ts'
import { jsonLines, runHere } from './run-congvan.ts'

describe('congvan sign: levels, formats and looks', () => {
  const time = new Date()
  let folder: string
  let served: ServedPki
  const at = (name: string): string => join(folder, name)
  const key = (): string[] => ['--key', at('pki/agency.p12'), '--password-file', at('pki/agency.password')]
  const sign = (file: string, ...more: string[]): ReturnType<typeof runHere> =>
    runHere(['sign', at(file), ...key(), '--json', ...more], { now: () => time })

  async function verified(file: string): Promise<Record<string, unknown>> {
    const args = ['verify', file, '--trust', at('pki/root.pem'), '--untrusted', at('pki/government-ca.pem')]
    const { stdout } = await runHere([...args, '--json'], { now: () => time })
    return jsonLines(stdout)[0] ?? expect.fail('no line')
  }

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'congvan-sign-options-'))
    served = await servePki({ seedTime: time, clock: () => time })
    await writePki(served.pki, at('pki'))
    const letter = await makeLetter({ ...communeLetter, created: time })
    writeFileSync(at('letter.pdf'), letter)
    writeFileSync(at('plain.pdf'), await makeLetter({ ...communeLetter, created: time, formFields: false }))
    writeFileSync(at('encrypted.pdf'), await encrypted(letter, 'mật khẩu'))
    writeFileSync(at('password'), 'mật khẩu\n')
    writeFileSync(
      at('data.xml'),
      '<?xml version="1.0" encoding="UTF-8"?>\n<a xmlns="urn:x"><b>văn bản</b></a>\n',
    )
    writeFileSync(at('data.txt'), 'bất kỳ')
    writeFileSync(at('seal.png'), png())
  })
  beforeEach(() => {
    served.requests.length = 0
    served.answer('/dead', () => ({ status: 503 }))
  })
  after(async () => {
    await served.close()
    rmSync(folder, { recursive: true })
  })

  it('time-stamps a PDF by the next server when the first one fails', async () => {
    const servers = ['--timestamp', `${served.url}/dead`, '--timestamp', `${served.url}/tsa`]
    const { exit, stdout, stderr } = await sign('letter.pdf', '--suffix', '-t', ...servers)
    expect(exit, stdout + stderr).to.equal(0)
    expect(served.requests).to.deep.equal(['POST /dead', 'POST /tsa'])
    const line = await verified(at('letter-t.pdf'))
    expect(line).to.have.nested.property('signatures[0].level', 'PAdES-B-T')
    expect(line, JSON.stringify(line)).to.have.property('indication', 'TOTAL_PASSED')
    expect(line).to.have.nested.property('signatures[0].provenTime').that.is.a('string')
  })

  it('writes nothing when no time-stamp can be had, and says why', async () => {
    const dead = await sign('letter.pdf', '--suffix', '-none', '--timestamp', `${served.url}/dead`)
    expect(dead.exit).to.equal(75)
    expect(dead.stdout).to.include('TIMESTAMP_UNAVAILABLE').and.include('503')
    const policy = ['--timestamp', `${served.url}/tsa`, '--timestamp-policy', '1.2.3.4']
    const refused = await sign('letter.pdf', '--suffix', '-none', ...policy)
    expect(refused.exit).to.equal(69)
    expect(refused.stdout).to.include('TIMESTAMP_REJECTED').and.include('unacceptedPolicy')
    expect(() => readFileSync(at('letter-none.pdf'))).to.throw()
  })

  it('signs XML as XAdES, with a time-stamp where asked for', async () => {
    for (const [suffix, more, level] of [
      ['-b', [], 'XAdES-B-B'],
      ['-t', ['--timestamp', `${served.url}/tsa`], 'XAdES-B-T'],
    ] as const) {
      const { exit, stdout } = await sign('data.xml', '--suffix', suffix, ...more)
      expect(exit, stdout).to.equal(0)
      const [told] = jsonLines(stdout)
      const line = await verified(at(`data${suffix}.xml`))
      expect(line).to.have.nested.property('signatures[0].cryptoIntact', true)
      expect(line).to.have.nested.property('signatures[0].level', level)
      expect(line).to.have.nested.property('signatures[0].field', told?.field)
    }
  })

  it('signs any file as CAdES beside it, which verify and openssl find good', async function () {
    for (const file of ['data.txt', 'letter.pdf']) {
      const { exit, stdout } = await sign(file, '--format', 'cades')
      expect(exit, stdout).to.equal(0)
      const [told] = jsonLines(stdout)
      expect(told).to.include({ output: at(`${file}.p7s`), field: null })
      expect(told?.sha256).to.equal(
        createHash('sha256')
          .update(readFileSync(at(`${file}.p7s`)))
          .digest('hex'),
      )
      expect(await verified(at(`${file}.p7s`))).to.have.property('indication', 'TOTAL_PASSED')
    }
    expect(jsonLines((await sign('data.txt', '--format', 'cades')).stdout)).to.have.nested.property(
      '[0].error.code',
      'FILE_EXISTS',
    )
    requireProgram(this, 'openssl')
    const checked = spawnSync('openssl', [
      ...[
        'cms',
        '-verify',
        '-cades',
        '-inform',
        'DER',
        '-in',
        at('data.txt.p7s'),
        '-content',
        at('data.txt'),
      ],
      ...['-binary', '-CAfile', at('pki/root.pem'), '-out', '/dev/null'],
    ])
    expect(checked.status, String(checked.stderr)).to.equal(0)
  })

  it('certifies, and what the certification forbids is refused', async function () {
    expect((await sign('plain.pdf', '--suffix', '-c1', '--certify', '1')).exit).to.equal(0)
    expect(readFileSync(at('plain-c1.pdf'), 'latin1')).to.include('DocMDP')
    const further = await sign('plain-c1.pdf')
    expect(jsonLines(further.stdout)).to.have.nested.property('[0].error.code', 'PDF_NO_CHANGES_PERMITTED')
    expect((await sign('plain.pdf', '--suffix', '-c2', '--certify', '2')).exit).to.equal(0)
    expect((await sign('plain-c2.pdf', '--suffix', '-2')).exit).to.equal(0)
    expect(await verified(at('plain-c2-2.pdf'))).to.have.property('indication', 'TOTAL_PASSED')
    expect((await sign('plain-c2.pdf', '--certify', '2', '--suffix', '-3')).stdout).to.include(
      'PDF_CERTIFICATION_NOT_FIRST',
    )
    requireProgram(this, 'pdfsig')
    const { stdout } = spawnSync('pdfsig', ['-nocert', at('plain-c2-2.pdf')], { encoding: 'utf8' })
    expect(stdout.match(/Signature is Valid/g)).to.have.length(2)
  })

  it('shows picture and text in a box of a page', async function () {
    const { exit, stdout } = await sign(
      'plain.pdf',
      ...['--suffix', '-box', '--field', 'Seal', '--box', '20mm,30mm,60mm,25mm', '--page', '-1'],
      ...['--image', at('seal.png'), '--text', 'Ký bởi: Ủy ban nhân dân', '--text', 'Thời gian: nay'],
    )
    expect(exit, stdout).to.equal(0)
    expect(await verified(at('plain-box.pdf'))).to.have.property('indication', 'TOTAL_PASSED')
    const rect = /\/Rect\s*\[\s*([\d.]+)\s+([\d.]+)\s+([\d.]+)\s+([\d.]+)\s*\]/g
    const boxes = [...readFileSync(at('plain-box.pdf'), 'latin1').matchAll(rect)].map((match) =>
      match.slice(1).map((one) => Math.round(Number(one))),
    )
    expect(boxes).to.deep.include([57, 85, 227, 156])
    requireProgram(this, 'mutool')
    const shown = spawnSync('mutool', ['draw', '-F', 'txt', at('plain-box.pdf'), '-1'], { encoding: 'utf8' })
    expect(shown.stdout).to.include('Ủy ban nhân dân')
  })

  it('signs an encrypted PDF with its password from a file', async () => {
    expect((await sign('encrypted.pdf')).exit).to.not.equal(0)
    const { exit, stdout } = await sign('encrypted.pdf', '--pdf-password-file', at('password'))
    expect(exit, stdout).to.equal(0)
    const args = ['verify', at('encrypted-signed.pdf'), '--password-file', at('password'), '--json']
    const told = await runHere([...args, '--trust', at('pki/root.pem')], { now: () => time })
    expect(told.exit, told.stdout).to.equal(0)
  })

  it('refuses wrong options with exit code 64, naming them', async () => {
    for (const [args, name] of [
      [['--format', 'pkcs7'], '--format'],
      [['--certify', '4'], '--certify'],
      [['--timestamp', 'ftp://x/'], '--timestamp'],
      [['--timestamp', 'x'], '--timestamp'],
      [['--timestamp-policy', '1.2.3'], '--timestamp-policy'],
      [['--timestamp', 'http://x/', '--timestamp-policy', 'x'], '--timestamp-policy'],
      [['--page', '2'], '--page'],
      [['--page', '0', '--box', '1,1,1,1'], '--page'],
      [['--box', '1,2,3'], '--box'],
      [['--box', '1,2,3,4,5'], '--box'],
      [['--box', '1,2,0,4'], '--box'],
      [['--box', '1cm,2,3,4'], '--box'],
      [['--box', '-1,2,3,4'], '--box'],
      [['--image-place', 'below'], '--image-place'],
    ] as const) {
      const { exit, stderr } = await sign('letter.pdf', ...args)
      expect(exit, args.join(' ')).to.equal(64)
      expect(stderr).to.include(name)
    }
  })
})

/** A red square of two by two dots (ISO/IEC 15948). */
function png(): Buffer {
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type), data])
    const out = Buffer.alloc(4 + body.length + 4)
    out.writeUInt32BE(data.length, 0)
    body.copy(out, 4)
    out.writeUInt32BE(crc32(body), 4 + body.length)
    return out
  }
  const header = Buffer.from([0, 0, 0, 2, 0, 0, 0, 2, 8, 2, 0, 0, 0])
  const row = [0, 255, 0, 0, 255, 0, 0]
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.from([...row, ...row]))),
    chunk('IEND', Buffer.alloc(0)),
  ])
}
