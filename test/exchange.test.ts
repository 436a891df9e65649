/**
 * Whole nodes in processes of their own: four levels, both journeys, and `kill -9` of each node on the way.
 * Judged by programs that we did not write where they can judge it.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { pageForm } from '../cli/client/forms.ts'
import {
  awaitAnswers,
  letterUp,
  type ReceivedDocument,
  receiveDocument,
  type SentDocument,
  sendDocument,
} from '../cli/demo/journey.ts'
import type { AgencyKey } from '../cli/demo/people.ts'
import type { NodeId, Places } from '../cli/demo/places.ts'
import { type JourneyReport, reportJourney } from '../cli/demo/report.ts'
import { type Demo, startDemo } from '../cli/demo/run-demo.ts'
import { openDemoFolder } from '../cli/demo/set-up.ts'
import { requireProgram } from './support/programs.ts'

const now = () => new Date()
const launcher = join(import.meta.dirname, '../cli/congvan.mjs')
const recipients = Object.keys(letterUp.answers) as AgencyKey[]

interface DemoOutput {
  readonly ok: boolean
  readonly seconds: number
  readonly documents: readonly JourneyReport['document'][]
}

describe('exchange between four nodes', function () {
  this.timeout(240_000)
  let folder: string
  let places: Places
  let first: ReturnType<typeof runDemo>
  let demo: Demo
  let letter: Uint8Array | undefined

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'congvan-exchange-'))
    chmodSync(folder, 0o711)
    first = runDemo(join(folder, 'demo'))
    const runAs = process.env.CONGVAN_PG_USER ?? 'nobody'
    // The folder that the command left: the same nodes go on.
    places = await openDemoFolder(join(folder, 'demo'), { reset: false, runAs }, now())
    demo = await startDemo(places, { now, runAs, say: () => {} })
  })
  after(async () => {
    await demo?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  it('congvan demo prints the JSON of the whole journey, exits 0 and leaves nothing running', () => {
    expect(first.status, first.stderr).to.equal(0)
    const lines = first.stdout.trim().split('\n')
    expect(lines).to.have.length(1)
    const result = JSON.parse(lines[0] ?? '') as DemoOutput
    expect(result.ok).to.equal(true)
    expect(Object.keys(result)).to.deep.equal(['ok', 'seconds', 'documents'])
    expect(result.documents).to.have.length(2)
    // Nothing of it went on running: the cluster's own file named no process any more.
    expect(first.postmaster).to.equal(undefined)
  })

  it('carries a letter up and a directive down, and every status comes back', () => {
    const { documents } = JSON.parse(first.stdout) as DemoOutput
    for (const document of documents) {
      expect(document.verify.indication).to.equal('TOTAL_PASSED')
      expect(document.deliveries.map((one) => one.sha256)).to.deep.equal(Array(4).fill(document.sha256))
    }
    const [up] = documents
    const codes = Object.fromEntries(
      up?.deliveries.map((one) => [one.recipient, one.statuses.map((status) => status.code)]) ?? [],
    )
    expect(codes).to.deep.equal({
      'H40.19': ['01', '03', '04', '05', '06'],
      H40: ['01', '03', '04', '05', '06'],
      'H40.4': ['01', '02'],
      G22: ['01', '03', '04', '05', '06'],
    })
    const government = up?.deliveries.find((one) => one.recipient === 'G22')
    expect(government?.hops.map((hop) => [hop.from, hop.to])).to.deep.equal([
      ['xa', 'huyen'],
      ['huyen', 'tinh'],
      ['tinh', 'tw'],
    ])
  })

  // Two at a time, never a node and its neighbour: between the two there is always one that waits for both.
  const together: readonly (readonly NodeId[])[] = [
    ['tw', 'huyen'],
    ['tinh', 'xa'],
  ]
  for (const nodes of together) {
    it(`ends every delivery in its right state, once, when ${nodes.join(' and ')} are killed twice on the way`, async () => {
      const sent = await sendDocument(demo.offices, letterUp, now)
      for (const node of nodes) await demo.supervisor.killNode(node)
      const received = await Promise.all(
        recipients.map((agency) => receiveDocument(demo.offices, sent, agency)),
      )
      for (const node of nodes) await demo.supervisor.killNode(node)
      const deliveries = await awaitAnswers(demo.offices, sent)
      const report = reportJourney(places, sent, received, deliveries, now())
      expect(report.problems).to.deep.equal([])
      await expectOnce(sent, received)
      letter = received.find((one) => one.agency === 'government')?.bytes
    })
  }

  it('delivered a PDF whose two signatures pdfsig finds valid, and which verify fails after any change', function () {
    requireProgram(this, 'pdfsig')
    requireProgram(this, 'certutil')
    requireProgram(this, 'qpdf')
    const bytes = letter ?? new Uint8Array()
    const file = join(folder, 'received.pdf')
    writeFileSync(file, bytes)
    const verdict = pdfsig(file)
    expect(verdict.match(/Signature is Valid\./g)).to.have.length(2)
    expect(verdict.match(/Certificate is Trusted\./g)).to.have.length(2)
    expect(spawnSync('qpdf', ['--check', file]).status).to.equal(0)

    const text = Buffer.from(bytes).toString('latin1')
    const ranges = [...text.matchAll(/\/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]/g)].map((found) =>
      found.slice(1, 5).map(Number),
    )
    expect(ranges).to.have.length(2)
    const forged: string[] = []
    const broken: string[] = []
    for (const [start = 0, before = 0, gap = 0, rest = 0] of ranges) {
      for (const place of [start + 20, start + before - 1, gap, gap + rest - 1]) {
        forged.push(changed(bytes, place))
      }
      // A digit within /Contents: whatever its value becomes, the document never passes.
      broken.push(changed(bytes, start + before + 200))
    }
    const verdicts = verify([file, ...forged, ...broken])
    expect(verdicts.slice(0, 1)).to.deep.equal(['TOTAL_PASSED'])
    expect(verdicts.slice(1, 1 + forged.length)).to.deep.equal(forged.map(() => 'TOTAL_FAILED'))
    expect(verdicts.slice(1 + forged.length))
      .to.have.length(2)
      .and.not.to.include('TOTAL_PASSED')
  })

  /** Each recipient has the document once in its list, and its bytes are the issued ones. */
  async function expectOnce(sent: SentDocument, received: readonly ReceivedDocument[]): Promise<void> {
    const clerks = {
      district: 'districtClerk',
      province: 'provinceClerk',
      department: 'departmentClerk',
      government: 'governmentClerk',
    } as const
    for (const [agency, clerk] of Object.entries(clerks)) {
      const client = await demo.offices.client(clerk)
      const { items } = await client.get('/documents', pageForm, {
        query: { direction: 'incoming', limit: '200' },
      })
      const same = items.filter(
        (one) =>
          one.incoming?.senderCode === 'H40.19.6' &&
          `${one.code.number}/${one.code.notation}` === sent.number,
      )
      expect(same, agency).to.have.length(1)
    }
    for (const { bytes } of received) {
      expect(createHash('sha256').update(bytes).digest('hex')).to.equal(sent.sha256)
    }
  }

  function pdfsig(file: string): string {
    const database = join(folder, 'nss')
    mkdirSync(database, { recursive: true })
    const certutil = (...args: string[]) =>
      spawnSync('certutil', [...args, '-d', `sql:${database}`], { encoding: 'utf8' })
    certutil('-N', '--empty-password')
    certutil('-A', '-n', 'root', '-t', 'CT,CT,CT', '-i', join(places.trustFolder, 'root.crt'))
    certutil('-A', '-n', 'ca', '-t', 'CT,CT,CT', '-i', join(places.trustFolder, 'government-ca.crt'))
    const run = spawnSync('pdfsig', ['-nssdir', `sql:${database}`, file], { encoding: 'utf8' })
    return run.stdout
  }

  function changed(bytes: Uint8Array, place: number): string {
    const copy = Buffer.from(bytes)
    const old = copy[place] ?? 0
    copy[place] = old === 0x30 ? 0x31 : 0x30
    const file = join(folder, `changed-${place}.pdf`)
    writeFileSync(file, copy)
    return file
  }

  /** What the command says of each file, all in one run. */
  function verify(files: readonly string[]): string[] {
    const trust = places.trustFolder
    const args = [
      launcher,
      'verify',
      ...files,
      '--trust',
      trust,
      '--crl',
      trust,
      '--profile',
      'issued',
      '--json',
    ]
    const run = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 1 << 26 })
    expect(run.status, run.stderr).to.equal(1)
    return run.stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { indication: string }).indication)
  }
})

function runDemo(folder: string) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [launcher, 'demo', '--once', '--json', '--folder', folder],
    { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } },
  )
  const pid = join(folder, 'database/postgres/cluster/postmaster.pid')
  return { status, stdout, stderr, postmaster: existsSync(pid) ? readFileSync(pid, 'utf8') : undefined }
}

describe('congvan demo', () => {
  it('never empties a folder that it did not make, nor one in which a demo runs', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'congvan-foreign-'))
    const file = join(folder, 'keep.txt')
    writeFileSync(file, 'kept')
    const options = { reset: true, runAs: process.env.CONGVAN_PG_USER ?? 'nobody' }
    const foreign = await openDemoFolder(folder, options, now()).catch((error: unknown) => error)
    expect(foreign).to.have.property('code', 'DEMO_FOLDER_FOREIGN')
    expect(readFileSync(file, 'utf8')).to.equal('kept')
    rmSync(folder, { recursive: true, force: true })
  })
})
