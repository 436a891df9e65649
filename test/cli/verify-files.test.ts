import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect } from 'chai'
import type { FileResult } from '../../cli/verify/verify-file.ts'
import { type ManyFilesOptions, verifyFiles } from '../../cli/verify/verify-files.ts'

/** A thread that answers, fails, or dies in different ways, as the name of the file asks. */
const worker = `
import { appendFileSync } from 'node:fs'
import { workerData } from 'piscina'
export async function verifyOne(file) {
  appendFileSync(workerData.log, file + '\\n')
  if (file.includes('throw')) throw new Error('thrown')
  if (file.includes('exit')) process.exit(3)
  if (file.includes('crash')) { setImmediate(() => { throw new Error('crashed') }); await new Promise(() => {}) }
  if (file.includes('memory')) { const all = []; for (;;) all.push(new Array(100000).fill(all.length)) }
  const report = { format: 'pdf', indication: 'NO_SIGNATURE', subIndication: null, signatures: [], errors: [{ code: file, message: '' }] }
  return { report, unread: false, diagnostic: null }
}
`

async function collect(results: AsyncIterable<FileResult>): Promise<FileResult[]> {
  const all: FileResult[] = []
  for await (const one of results) all.push(one)
  return all
}

describe('many files on threads', () => {
  let folder: string

  beforeEach(() => {
    folder = mkdtempSync(join(process.cwd(), 'node_modules', '.cache-verify-'))
    writeFileSync(join(folder, 'worker.mjs'), worker)
    writeFileSync(join(folder, 'log'), '')
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const optionsOf = (more: Partial<ManyFilesOptions> = {}): ManyFilesOptions => ({
    jobs: 2,
    worker: pathToFileURL(join(folder, 'worker.mjs')),
    settings: { language: 'en', log: join(folder, 'log') } as ManyFilesOptions['settings'],
    here: () => undefined,
    ...more,
  })
  const codeOf = ({ report }: FileResult): string | undefined => report.errors[0]?.code

  it('tells the results in the order of the files', async () => {
    const files = Array.from({ length: 50 }, (_, index) => `file-${index}`)
    const results = await collect(verifyFiles(files, optionsOf()))
    expect(results.map(codeOf)).to.deep.equal(files)
  })

  it('reports the file whose thread fails or dies, and goes on with the others', async () => {
    const files = ['a', 'throw', 'b', 'exit', 'c', 'crash', 'd', 'e']
    const results = await collect(verifyFiles(files, optionsOf()))
    expect(results.map(codeOf)).to.deep.equal(
      files.map((file) => (file.length === 1 ? file : 'VERIFIER_ENDED')),
    )
    for (const [index, { unread, report }] of results.entries()) {
      expect(unread).to.equal((files[index] ?? '').length > 1)
      expect(report.indication).to.equal(unread ? 'INDETERMINATE' : 'NO_SIGNATURE')
    }
  })

  it('reads only a few files ahead of what has been told', async () => {
    const files = Array.from({ length: 200 }, (_, index) => `file-${index}`)
    const results = verifyFiles(files, optionsOf())
    for (let told = 1; told <= 20; told += 1) await results.next()
    const begun = readFileSync(join(folder, 'log'), 'utf8').trim().split('\n').length
    expect(begun)
      .to.be.at.least(20)
      .and.at.most(20 + 2 * 4)
    await results.return(undefined)
  })

  it('leaves to its own thread what the others cannot do', async () => {
    const report = {
      format: null,
      indication: 'NO_SIGNATURE',
      subIndication: null,
      signatures: [],
      errors: [],
    } as const
    const here = (file: string): Promise<FileResult> | undefined =>
      file === '-' ? Promise.resolve({ report, unread: false, diagnostic: null }) : undefined
    const results = await collect(verifyFiles(['a', '-', 'b'], optionsOf({ here })))
    expect(results.map(codeOf)).to.deep.equal(['a', undefined, 'b'])
  })
})
