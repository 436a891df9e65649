import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { CongvanError } from '../../../server/errors.ts'
import { readZip } from '../../../server/relay/evidence/zip-reader.ts'
import { requireProgram } from '../../support/programs.ts'
import { pack } from './evidence-forger.ts'

const text = (value: string) => Buffer.from(value)

function reasonOf(zip: Uint8Array): string {
  try {
    readZip(zip)
  } catch (error) {
    if (error instanceof CongvanError && error.code === 'EVIDENCE_UNREADABLE')
      return String(error.params.reason)
    throw error
  }
  return 'read'
}

describe('the ZIP form of evidence', () => {
  const files = new Map([
    ['HOW-TO-VERIFY.txt', text('đọc')],
    ['document/aa.pdf', text('%PDF-1.7')],
    ['directory/tinh-1.jws', new Uint8Array()],
  ])
  let zip: Buffer
  let folder: string
  before(async () => {
    zip = Buffer.from(await pack(files))
    folder = mkdtempSync(join(tmpdir(), 'congvan-zip-'))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  it('is read back as it was written', () => {
    expect([...readZip(zip)].map(([name, bytes]) => [name, Buffer.from(bytes)])).to.deep.equal(
      [...files].map(([name, bytes]) => [name, Buffer.from(bytes)]),
    )
  })

  it('is whole to unzip, with the names and the time of Việt Nam', function () {
    requireProgram(this, 'unzip')
    const file = join(folder, 'whole.zip')
    writeFileSync(file, zip)
    expect(spawnSync('unzip', ['-tq', file], { encoding: 'utf8' }).stdout).to.match(/^No errors detected/)
    const listed = spawnSync('unzip', ['-l', file], { encoding: 'utf8' }).stdout
    expect(listed).to.match(/8\s+2025-03-10 09:00\s+document\/aa\.pdf/)
  })

  /** Every name is changed in both headers, so that only the name is wrong. */
  const renamed = (name: string) => {
    const at = (from: number) => zip.indexOf('document/aa.pdf', from)
    const bytes = Buffer.from(zip)
    bytes.write(name, at(0), 'latin1')
    bytes.write(name, at(at(0) + 1), 'latin1')
    return bytes
  }
  for (const name of [
    '../../../aa.pdf',
    '/ocument/aa.pdf',
    'document\\aa.pdf',
    'document//a.pdf',
    'document/../pdf',
    'document/aa.pd/',
    'C:cument/aa.pdf',
    'document/a\0.pdf',
    'document/a .pdf',
    'document/.a.pdf',
    'document/\xc3\xa9.pdf',
  ]) {
    it(`does not take the name ${JSON.stringify(name)}`, () => {
      expect(name).to.have.length('document/aa.pdf'.length)
      expect(reasonOf(renamed(name))).to.match(/has a bad name/)
    })
  }

  it('does not take a name twice, in whatever case', async () => {
    const twice = Buffer.from(await pack(new Map([...files, ['document/ab.pdf', text('x')]])))
    for (let at = twice.indexOf('ab.pdf'); at !== -1; at = twice.indexOf('ab.pdf')) twice.write('aa.pdf', at)
    expect(reasonOf(twice)).to.match(/is there twice/)
    const folded = await pack(new Map([...files, ['how-to-verify.txt', text('x')]]))
    expect(reasonOf(folded)).to.match(/is there twice/)
  })

  it('does not take two headers of one entry that differ', () => {
    const bytes = Buffer.from(zip)
    bytes.write('document/bb.pdf', bytes.indexOf('document/aa.pdf'))
    expect(reasonOf(bytes)).to.match(/two headers that differ/)
  })

  it('does not take bytes that the CRC does not cover', () => {
    const bytes = Buffer.from(zip)
    bytes.write('%PDF-1.8', bytes.indexOf('%PDF-1.7'))
    expect(reasonOf(bytes)).to.match(/wrong CRC-32/)
  })

  it('does not take what is compressed, a bomb of it neither', function () {
    requireProgram(this, 'zip')
    const file = join(folder, 'bomb')
    writeFileSync(file, Buffer.alloc(50_000_000))
    expect(spawnSync('zip', ['-jqX', `${file}.zip`, file]).status).to.equal(0)
    const bomb = readFileSync(`${file}.zip`)
    expect(bomb.length).to.be.lessThan(60_000)
    expect(reasonOf(bomb)).to.match(/is compressed/)
  })

  it('does not take a file cut short, or with anything before, between or after', () => {
    for (let length = 0; length < zip.length; length += 7) {
      expect(reasonOf(zip.subarray(0, length)), String(length)).to.not.equal('read')
    }
    expect(reasonOf(Buffer.concat([text('MZ'), zip]))).to.not.equal('read')
    expect(reasonOf(Buffer.concat([zip, text('\n')]))).to.not.equal('read')
  })

  it('no changed byte but those of times and modes goes unseen', () => {
    const known = JSON.stringify([...readZip(zip)].map(([name, bytes]) => [name, Buffer.from(bytes)]))
    fc.assert(
      fc.property(fc.nat(zip.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const bytes = Buffer.from(zip)
        bytes[at] = (bytes[at] ?? 0) ^ change
        if (reasonOf(bytes) !== 'read') return
        const read = [...readZip(bytes)].map(([name, content]) => [name, Buffer.from(content)])
        expect(JSON.stringify(read)).to.equal(known)
      }),
      { numRuns: 3_000 },
    )
  })
})
