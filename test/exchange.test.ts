/**
 * Whole nodes in processes of their own: four levels, both journeys, and `kill -9` of each node on the way.
 * Judged by programs that we did not write where they can judge it.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
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
import { nodeIds, type Places } from '../cli/demo/places.ts'
import { reportJourney } from '../cli/demo/report.ts'
import { type Demo, startDemo } from '../cli/demo/run-demo.ts'
import { openDemoFolder } from '../cli/demo/set-up.ts'
import { requireProgram } from './support/programs.ts'

const now = () => new Date()
const recipients = Object.keys(letterUp.answers) as AgencyKey[]

describe('exchange between four nodes', function () {
  this.timeout(240_000)
  let folder: string
  let places: Places
  let demo: Demo
  const said: string[] = []

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'congvan-exchange-'))
    chmodSync(folder, 0o711)
    const runAs = process.env.CONGVAN_PG_USER ?? 'nobody'
    places = await openDemoFolder(join(folder, 'demo'), { reset: false, runAs }, now())
    demo = await startDemo(places, { now, runAs, say: (text) => said.push(text) })
  })
  after(async () => {
    await demo?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  it('carries a letter up and a directive down, and every status comes back', async () => {
    const { ok, journeys } = await demo.run()
    expect(journeys.flatMap((one) => one.problems)).to.deep.equal([])
    expect(ok).to.equal(true)
    for (const { document } of journeys) {
      expect(document.verify.indication).to.equal('TOTAL_PASSED')
      expect(document.deliveries.map((one) => one.sha256)).to.deep.equal(Array(4).fill(document.sha256))
    }
    const [letter] = journeys
    const codes = Object.fromEntries(
      letter?.document.deliveries.map((one) => [one.recipient, one.statuses.map((status) => status.code)]) ??
        [],
    )
    expect(codes).to.deep.equal({
      'H40.19': ['01', '03', '04', '05', '06'],
      H40: ['01', '03', '04', '05', '06'],
      'H40.4': ['01', '02'],
      G22: ['01', '03', '04', '05', '06'],
    })
    const government = letter?.document.deliveries.find((one) => one.recipient === 'G22')
    expect(government?.hops.map((hop) => [hop.from, hop.to])).to.deep.equal([
      ['xa', 'huyen'],
      ['huyen', 'tinh'],
      ['tinh', 'tw'],
    ])
  })

  it('delivers a PDF whose two signatures pdfsig finds valid, and which verify fails after any change', async function () {
    requireProgram(this, 'pdfsig')
    requireProgram(this, 'certutil')
    requireProgram(this, 'qpdf')
    const sent = await sendDocument(demo.offices, letterUp, now)
    const { bytes } = await receiveDocument(demo.offices, sent, 'government')
    await Promise.all(
      recipients.filter((one) => one !== 'government').map((one) => receiveDocument(demo.offices, sent, one)),
    )
    await awaitAnswers(demo.offices, sent)
    const file = join(folder, 'received.pdf')
    writeFileSync(file, bytes)
    const verdict = pdfsig(file)
    expect(verdict.match(/Signature is Valid\./g)).to.have.length(2)
    expect(verdict.match(/Certificate is Trusted\./g)).to.have.length(2)
    expect(spawnSync('qpdf', ['--check', file]).status).to.equal(0)

    expect(verify(file)).to.equal(0)
    const text = Buffer.from(bytes).toString('latin1')
    const ranges = [...text.matchAll(/\/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]/g)].map((found) =>
      found.slice(1, 5).map(Number),
    )
    expect(ranges).to.have.length(2)
    for (const [start = 0, before = 0, gap = 0, rest = 0] of ranges) {
      for (const place of [start + 20, start + before - 1, gap, gap + rest - 1]) {
        expect(verify(changed(bytes, place)), `byte ${place}`).to.equal(1)
      }
      // A digit within /Contents: whatever its value becomes, the document never passes.
      expect(verify(changed(bytes, start + before + 200)), 'in /Contents').not.to.equal(0)
    }
  })

  for (const node of nodeIds) {
    it(`ends every delivery in its right state, once, when node ${node} is killed twice on the way`, async () => {
      const sent = await sendDocument(demo.offices, letterUp, now)
      await demo.supervisor.killNode(node)
      const received = await Promise.all(
        recipients.map((agency) => receiveDocument(demo.offices, sent, agency)),
      )
      await demo.supervisor.killNode(node)
      const deliveries = await awaitAnswers(demo.offices, sent)
      const report = reportJourney(places, sent, received, deliveries, now())
      expect(report.problems).to.deep.equal([])
      await expectOnce(sent, received)
    })
  }

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

  function verify(file: string): number | null {
    const launcher = join(import.meta.dirname, '../cli/congvan.mjs')
    const trust = places.trustFolder
    const args = [launcher, 'verify', file, '--trust', trust, '--crl', trust, '--profile', 'issued', '--json']
    const run = spawnSync(process.execPath, args, { encoding: 'utf8' })
    expect(run.stdout, run.stderr).to.contain('"indication"')
    return run.status
  }
})

describe('congvan demo', function () {
  this.timeout(180_000)
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

  it('prints the JSON of the whole journey and exits 0', () => {
    const folder = mkdtempSync(join(tmpdir(), 'congvan-demo-'))
    chmodSync(folder, 0o711)
    try {
      const launcher = join(import.meta.dirname, '../cli/congvan.mjs')
      const run = spawnSync(
        process.execPath,
        [launcher, 'demo', '--once', '--json', '--folder', join(folder, 'demo')],
        { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } },
      )
      expect(run.status, run.stderr).to.equal(0)
      const lines = run.stdout.trim().split('\n')
      expect(lines).to.have.length(1)
      const result = JSON.parse(lines[0] ?? '') as { ok: boolean; seconds: number; documents: unknown[] }
      expect(result.ok).to.equal(true)
      expect(Object.keys(result)).to.deep.equal(['ok', 'seconds', 'documents'])
      expect(result.documents).to.have.length(2)
      // Nothing of it goes on running: the cluster's own file names no process any more.
      expect(() => readFileSync(join(folder, 'demo/database/postgres/cluster/postmaster.pid'))).to.throw(
        /ENOENT/,
      )
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
