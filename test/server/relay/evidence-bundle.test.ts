import { spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { makeTestPki } from '../../../fixtures/pki/make-pki.ts'
import { readFile } from '../../../server/documents/read-files.ts'
import type { TrustGiven } from '../../../server/relay/evidence/node-trust.ts'
import { type EvidenceReport, verifyEvidence } from '../../../server/relay/evidence/verify-evidence.ts'
import { readZip } from '../../../server/relay/evidence/zip-reader.ts'
import { redispatch } from '../../../server/relay/redispatch.ts'
import { asKeyProvider, nodeKeyFingerprint } from '../../../signing/index.ts'
import { requireProgram } from '../../support/programs.ts'
import { expectCode } from '../documents/support.ts'
import { Forgery } from './evidence-forger.ts'
import { evidenceOf, type Journey, makeJourney, rollRootKey, sendTo, sha256 } from './evidence-journey.ts'
import { issue } from './office.ts'

const codes = (report: EvidenceReport) => [...new Set(report.findings.map((one) => one.code))].sort()

describe('relay: evidence of a document that went over four nodes', () => {
  let journey: Journey
  let zip: Uint8Array
  let given: TrustGiven

  before(async function () {
    // Four databases and a journey through them: long on a busy machine.
    this.timeout(180_000)
    journey = await makeJourney()
    zip = await journey.bundle()
    const { pki } = journey.network
    given = { anchors: [pki.root], untrusted: [pki.governmentCa], crls: [], roots: [journey.root] }
  })
  after(() => journey?.close())

  const judge = (trust: Partial<TrustGiven>, bytes = zip) =>
    verifyEvidence(bytes, { ...given, ...trust }, journey.network.now())
  const certificateOf = (node: string) => journey.network.node(node).key.certificate

  it('proves to whoever has neither node nor database what became of it at every recipient', async () => {
    const report = await judge({})
    expect(report.findings).to.deep.equal([])
    expect(report.verdict).to.equal('PROVEN')
    expect(report.document).to.deep.include({ code: '01/UBND-VP', promulgationDate: '2025-03-10' })
    const histories = report.deliveries.map((one) => [
      one.recipient,
      ...one.steps.map((step) => `${step.event}@${step.node}`),
      ...one.statuses.map((status) => status.code),
    ])
    expect(histories).to.deep.equal([
      [
        'G22',
        'SubmissionAcceptance@xa',
        'RelayAcceptance@huyen',
        'RelayAcceptance@tinh',
        'ContentConsignment@tw',
        'ContentHandover@tw',
        '03',
        '06',
      ],
      [
        'H40',
        'SubmissionAcceptance@xa',
        'RelayAcceptance@huyen',
        'ContentConsignment@tinh',
        'ContentHandoverFailure@tinh',
        '02',
      ],
      ['H40.12', 'SubmissionAcceptance@xa', 'ContentConsignment@huyen'],
      ['H40.12.5', 'SubmissionAcceptance@xa', 'ContentConsignment@xa'],
    ])
  })

  it('holds the files as the sender’s people see them, byte for byte', async () => {
    const { network, office, documentId } = journey
    const { deps } = network.agency(office.code).node
    const files = readZip(zip)
    const report = await judge({})
    expect(report.files.map((one) => one.name)).to.deep.equal([
      '01-UBND-VP.pdf',
      'phu-luc-1.pdf',
      'du-lieu.csv',
    ])
    for (const [index, one] of report.files.entries()) {
      const position = index + 1
      const own = await readFile(office.context, deps.files, office.clerk, { id: documentId, position })
      expect(sha256(files.get(one.file) ?? Buffer.alloc(0))).to.equal(sha256(own.bytes))
    }
    const entries = await network.node('xa').rows("select part from document_reads where part = 'evidence'")
    expect(entries).to.not.be.empty
  })

  describe('what it rests on', () => {
    const outcome = async (trust: Partial<TrustGiven>) => {
      const report = await judge(trust)
      return [report.verdict, ...codes(report)]
    }

    it('the root by its certificate, where that is the only one of a node', async () => {
      const anchors = [...given.anchors, certificateOf('tw')]
      expect(await outcome({ anchors, roots: [] })).to.deep.equal(['PROVEN'])
    })

    it('several nodes by their certificates: none of them is called the root', async () => {
      const anchors = [...given.anchors, certificateOf('tw'), certificateOf('xa')]
      expect(await outcome({ anchors, roots: [] })).to.deep.equal(['INCOMPLETE', 'DIRECTORY_NOT_TRUSTED'])
    })

    it('an authority alone says who the nodes are, not which one is the root', async () => {
      expect(await outcome({ roots: [] })).to.deep.equal(['INCOMPLETE', 'DIRECTORY_NOT_TRUSTED'])
    })

    it('an authority alone: what holds by it and what is open is told point by point', async () => {
      const holds = { files: 'holds', signatures: 'holds', seals: 'holds', course: 'holds' }
      expect((await judge({ roots: [] })).aspects).to.deep.equal({
        ...holds,
        nodes: 'holds',
        hosting: 'open',
      })
      expect((await judge({})).aspects).to.deep.equal({ ...holds, nodes: 'holds', hosting: 'holds' })
      // Nodes that sign their own certificates are known to no authority: as if it were another one.
      const stranger = await makeTestPki({ seedTime: journey.network.now() })
      const { aspects } = await judge({ anchors: [stranger.root], untrusted: [], roots: [] })
      expect(aspects).to.deep.equal({ ...holds, signatures: 'open', nodes: 'open', hosting: 'open' })
    })

    it('the root alone proves the exchange, not the signatures of people', async () => {
      expect(await outcome({ anchors: [] })).to.deep.equal(['INCOMPLETE', 'SIGNATURE_OPEN'])
    })

    it('nothing is proven to who trusts nothing, and nothing is false', async () => {
      expect(await outcome({ anchors: [], roots: [] })).to.deep.equal([
        'INCOMPLETE',
        'DIRECTORY_NOT_TRUSTED',
        'KEY_NOT_TRUSTED',
        'SIGNATURE_OPEN',
      ])
    })

    it('another root is not this one', async () => {
      expect(await outcome({ roots: ['0'.repeat(64)] })).to.deep.equal([
        'INCOMPLETE',
        'DIRECTORY_NOT_TRUSTED',
      ])
    })
  })

  describe('by hand, as its own text says', () => {
    let folder: string
    beforeEach(function () {
      for (const program of ['xmlsec1', 'openssl', 'sha256sum', 'unzip']) requireProgram(this, program)
      folder = mkdtempSync(join(tmpdir(), 'congvan-evidence-'))
    })
    afterEach(() => rmSync(folder, { recursive: true, force: true }))

    /** Unpacks with another program and runs every command of the text: the first that fails, and all its output. */
    function byHand(bytes: Uint8Array): { failed: string | null; count: number; output: string } {
      writeFileSync(join(folder, 'out.zip'), bytes)
      const here = join(folder, 'unpacked')
      mkdirSync(here)
      expect(spawnSync('unzip', ['-q', '../out.zip'], { cwd: here }).status).to.equal(0)
      writeFileSync(join(here, 'ca.pem'), new X509Certificate(journey.network.pki.root).toString())
      const text = readFileSync(join(here, 'HOW-TO-VERIFY.txt'), 'utf8')
      const commands = text.split('\n').flatMap((line) => (line.startsWith('    $ ') ? [line.slice(6)] : []))
      let output = ''
      for (const command of commands) {
        const run = spawnSync('sh', ['-c', command], { cwd: here, encoding: 'utf8' })
        output += `${run.stdout}${run.stderr}`
        if (run.status !== 0) return { failed: command, count: commands.length, output }
      }
      return { failed: null, count: commands.length, output }
    }

    it('every command passes, with xmlsec1, openssl and sha256sum alone', function () {
      this.timeout(120_000)
      const { failed, count, output } = byHand(zip)
      expect(failed, output).to.equal(null)
      expect(count).to.be.at.least(15)
      // Two signatures in the letter, one in its annex.
      expect(output.match(/CMS Verification successful/g)).to.have.length(3)
      expect(output).to.include(journey.root)
      expect(output).to.include('<Event>ContentHandover')
      expect(output).to.include('"hostingNode":"huyen"')
    })

    const tamper: readonly (readonly [string, RegExp, (forgery: Forgery) => unknown])[] = [
      ['a changed receipt', /sha256sum/, (one) => one.damage(one.receipt('G22', 'ContentConsignment'))],
      [
        'a receipt changed under its new hash',
        /^while read.*xmlsec1/,
        (one) => {
          const file = one.receipt('H40.12', 'ContentConsignment')
          const xml = Buffer.from(
            one.text(file).replace('<Event>ContentConsignment<', '<Event>RelayAcceptance<'),
          )
          one.remove(file)
          one.files.set(`receipts/${sha256(xml)}.xml`, xml)
          one.delivery('H40.12').receipts.push(sha256(xml))
          const key = one.index.certificates[0]?.fingerprint
          one.falseSeals.push(`receipts/${sha256(xml)}.xml ${key} huyen\n`)
        },
      ],
      [
        'a receipt left out',
        /PreviousReceiptSha256/,
        (one) => one.remove(one.receipt('G22', 'RelayAcceptance', 'tinh')),
      ],
      [
        'the PDF left out',
        /cv:Sha256/,
        (one) => one.files.delete(one.index.files.find((file) => file.name.includes('UBND'))?.file ?? ''),
      ],
      [
        'a changed part of the directory',
        /openssl dgst/,
        (one) => {
          const file = 'directory/tinh-1.jws'
          const [header = '', payload = '', signature = ''] = one.text(file).split('.')
          const changed = Buffer.from(payload, 'base64url').toString().replace('"huyen"', '"xuyen"')
          const bytes = [header, Buffer.from(changed).toString('base64url'), signature].join('.')
          one.files.set(file, Buffer.from(bytes))
        },
      ],
    ]
    for (const [what, by, change] of tamper) {
      it(`${what} is seen`, async function () {
        this.timeout(120_000)
        const forgery = new Forgery(zip)
        await change(forgery)
        expect(byHand(await forgery.pack()).failed).to.match(by)
      })
    }
  })

  it('grows with what comes back: under way it is incomplete, at the end it is proven', async function () {
    this.timeout(120_000)
    const { network, office } = journey
    const { id } = await issue(office, [])
    network.disturb('xa', () => Promise.reject(new Error('the line is cut')))
    await sendTo(network, office, id, ['H40'])
    const underWay = await judge({}, await evidenceOf(network, office, id))
    expect([underWay.verdict, ...codes(underWay)]).to.deep.equal(['INCOMPLETE', 'NOT_ENDED'])
    network.disturb('xa', undefined)
    network.advance(10 * 60_000)
    await network.settle()
    const arrived = await judge({}, await evidenceOf(network, office, id))
    expect(arrived.findings).to.deep.equal([])
    expect(arrived.deliveries[0]?.terminal?.event).to.equal('ContentConsignment')
  })

  it('proves as well that a document never arrived, and that it did when it was sent again', async function () {
    this.timeout(120_000)
    const { network, office } = journey
    const { id } = await issue(office, [])
    network.disturb('xa', () => Promise.reject(new Error('the line is cut')))
    const { deliveries } = await sendTo(network, office, id, ['H40'])
    network.advance(25 * 3_600_000)
    await network.settle()
    network.disturb('xa', undefined)
    const failed = await judge({}, await evidenceOf(network, office, id))
    expect(failed.findings).to.deep.equal([])
    expect(failed.deliveries[0]?.terminal).to.deep.include({ event: 'Expiry', node: 'xa' })
    const { deps } = network.agency(office.code).node
    await redispatch(deps, { actor: office.clerk }, { deliveryId: deliveries[0]?.id ?? '' })
    network.advance(10 * 60_000)
    await network.settle()
    const both = await judge({}, await evidenceOf(network, office, id))
    expect(both.findings).to.deep.equal([])
    expect(both.deliveries.map((one) => `${one.series} ${one.terminal?.event}`)).to.deep.equal([
      '1 Expiry',
      '2 ContentConsignment',
    ])
  })

  it('leads whoever knows an earlier key of the root to the one that it has now', async () => {
    const { network } = journey
    const later = asKeyProvider(network.pki.issueNode({ nodeId: 'tw' }))
    await rollRootKey(network, later)
    const rolled = await journey.bundle()
    expect([...readZip(rolled).keys()].filter((name) => name.endsWith('.jws')).sort()).to.deep.equal([
      'directory/huyen-1.jws',
      'directory/tinh-1.jws',
      'directory/tw-2.jws',
      'directory/tw-3.jws',
    ])
    for (const root of [journey.root, nodeKeyFingerprint(later.certificate)]) {
      const report = await judge({ roots: [root] }, rolled)
      expect(report.findings, root).to.deep.equal([])
    }
    const strange = await judge({ roots: ['0'.repeat(64)] }, rolled)
    expect(codes(strange)).to.deep.equal(['DIRECTORY_NOT_TRUSTED'])
  })

  it('is there for documents that were sent, and for those who may read them', async () => {
    const { network, office, documentId } = journey
    const { id } = await issue(office, [])
    await expectCode(evidenceOf(network, office, id), 'EVIDENCE_NONE')
    const stranger = { ...office, clerk: network.agency('H40').clerk }
    await expectCode(evidenceOf(network, stranger, documentId), 'NOT_FOUND')
    const scoped = { ...office, clerk: { ...office.clerk, scopes: ['delivery.read'] as const } }
    await expectCode(evidenceOf(network, scoped, documentId), 'NOT_PERMITTED')
  })
})
