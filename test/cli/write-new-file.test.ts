import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { writeNewFile } from '../../cli/write-new-file.ts'
import { CongvanError } from '../../server/errors.ts'

describe('cli/write-new-file', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'congvan-write-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  it('writes the file and leaves nothing else behind', async () => {
    await writeNewFile(join(folder, 'a.pdf'), Buffer.from('abc'), 'vi')
    expect(readdirSync(folder)).to.deep.equal(['a.pdf'])
    expect(readFileSync(join(folder, 'a.pdf'), 'utf8')).to.equal('abc')
  })

  it('refuses a name that is taken, be it by a file or a dangling link, and touches nothing', async () => {
    writeFileSync(join(folder, 'taken'), 'old')
    symlinkSync(join(folder, 'nowhere'), join(folder, 'link'))
    for (const name of ['taken', 'link']) {
      const error = await failureOf(writeNewFile(join(folder, name), Buffer.from('new'), 'vi'))
      expect(error.code, name).to.equal('FILE_EXISTS')
    }
    expect(readdirSync(folder).sort()).to.deep.equal(['link', 'taken'])
    expect(readFileSync(join(folder, 'taken'), 'utf8')).to.equal('old')
  })

  it('lets one of two writers at the same time win, whole', async () => {
    const file = join(folder, 'race')
    const outcomes = await Promise.allSettled(
      ['first', 'second', 'third'].map((text) => writeNewFile(file, Buffer.from(text), 'vi')),
    )
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).to.have.length(1)
    expect(readFileSync(file, 'utf8')).to.be.oneOf(['first', 'second', 'third'])
    expect(readdirSync(folder)).to.deep.equal(['race'])
  })

  it('names the folder that is not there', async () => {
    const error = await failureOf(writeNewFile(join(folder, 'no', 'a'), Buffer.from('x'), 'vi'))
    expect(error.code).to.equal('STORAGE_FAILED')
    expect(error.params.reason).to.include('không có tệp này')
  })
})

async function failureOf(promise: Promise<unknown>): Promise<CongvanError> {
  const error = await promise.then(
    () => undefined,
    (cause: unknown) => cause,
  )
  if (error instanceof CongvanError) return error
  throw new Error(`expected a CongvanError, got ${String(error)}`)
}
