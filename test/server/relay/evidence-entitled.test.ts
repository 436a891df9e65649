import { expect } from 'chai'
import fc from 'fast-check'
import { signPart } from '../../../server/directory/part.ts'
import { sealStatus } from '../../../server/edxml/seal.ts'
import { partHelpers } from '../../../server/relay/evidence/derived-files.ts'
import { type Court, codesOf, openCourt } from './evidence-court.ts'
import { Forgery, pack } from './evidence-forger.ts'

/** Who may say what in a bundle, and that nothing in it can be changed unseen. */
describe('relay: evidence by who may not give it', () => {
  let court: Court
  before(async function () {
    // Four databases and a journey through them: long on a busy machine.
    this.timeout(180_000)
    court = await openCourt()
  })
  after(() => court?.journey.close())

  it('a changed byte, wherever it is and whatever lists are made anew, leaves it unproven', async function () {
    this.timeout(300_000)
    const names = [...new Forgery(court.zip).files.keys()].filter((name) => name.includes('/'))
    const place = fc.tuple(fc.constantFrom(...names), fc.nat(), fc.integer({ min: 1, max: 255 }))
    await fc.assert(
      fc.asyncProperty(place, async ([name, at, change]) => {
        const forgery = new Forgery(court.zip)
        const bytes = Buffer.from(forgery.files.get(name) ?? [])
        const position = at % bytes.length
        bytes[position] = (bytes[position] ?? 0) ^ change
        forgery.files.set(name, bytes)
        expect((await court.judge(await forgery.pack())).verdict).to.not.equal('PROVEN')
      }),
      { numRuns: 25 },
    )
  })

  it('an index of any form is read or refused, never a failure of the program', async () => {
    const forgery = new Forgery(court.zip)
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), fc.constantFrom(...Object.keys(forgery.index)), async (value, key) => {
        const files = new Map(forgery.files)
        files.set('index.json', Buffer.from(JSON.stringify({ ...forgery.index, [key]: value })))
        const error = await court.judge(await pack(files)).then(
          () => undefined,
          (thrown: unknown) => thrown,
        )
        if (error !== undefined) expect(error).to.have.property('code', 'EVIDENCE_UNREADABLE')
      }),
      { numRuns: 100 },
    )
  })

  describe('statuses', () => {
    async function status(forgery: Forgery, node: string, documentId: string, statusCode = '06') {
      const { key } = court.journey.network.node(node)
      const sealedAt = court.journey.network.now()
      const { xml } = await sealStatus(
        {
          from: { organId: 'H40.12', organName: '-' },
          responseFor: {
            organId: 'H40.12.3',
            code: '01/UBND-VP',
            documentId,
            promulgationDate: '2025-03-10',
          },
          statusCode,
          timestamp: sealedAt,
        },
        { key, sealedAt },
      )
      forgery.add('statuses', 'H40.12', xml, key)
    }
    const documentId = 'H40.12.3,2025/03/10,01/UBND-VP'

    it('one more by the recipient is his to give', () =>
      court.expectFound((one) => status(one, 'huyen', documentId), 'PROVEN'))

    it('an answer to another document', () =>
      court.expectFound(
        (one) => status(one, 'huyen', 'H40.12.3,2025/03/10,99/UBND-VP'),
        'FALSE',
        'STATUS_FOREIGN',
      ))

    it('an answer sealed by the sender himself', () =>
      court.expectFound((one) => status(one, 'xa', documentId), 'FALSE', 'KEY_NOT_OF_NODE'))

    it('a code that is the sender’s', () =>
      court.expectFound((one) => status(one, 'huyen', documentId, '13'), 'FALSE', 'STATUS_CODE_WRONG'))
  })

  describe('the directory', () => {
    const replacePart = async (forgery: Forgery, file: string, issuer: string, key: string) => {
      const [, payload = ''] = forgery.text(file).split('.')
      const { format: _, ...content } = JSON.parse(Buffer.from(payload, 'base64url').toString())
      const part = await signPart({ ...content, issuer }, court.journey.network.node(key).key)
      const helpers = partHelpers(part.bytes)
      const base = file.replace(/\.jws$/, '')
      forgery.files.set(file, part.bytes)
      forgery.files.set(`${base}.pem`, helpers.key)
      forgery.files.set(`${base}.sig`, helpers.signature)
      const entry = forgery.index.directory.find((one) => one.file === file)
      if (entry !== undefined) entry.sha256 = part.sha256
    }

    it('a changed byte of a part', async () => {
      const report = await court.found((one) => one.damage('directory/tinh-1.jws'))
      expect(codesOf(report)).to.include('DIRECTORY_PART_BROKEN')
      expect(report.verdict).to.equal('FALSE')
    })

    it('a part signed by another node', async () => {
      const report = await court.found((one) => replacePart(one, 'directory/tinh-1.jws', 'tinh', 'xa'))
      expect(codesOf(report)).to.include('DIRECTORY_PART_NOT_ENTITLED')
      expect(report.verdict).to.equal('FALSE')
    })

    it('a root that made itself one proves nothing', async () => {
      const report = await court.found((one) => replacePart(one, 'directory/tw-1.jws', 'tw', 'xa'))
      expect(report.root).to.deep.include({ node: 'tw', trusted: false })
      expect(report.verdict).to.not.equal('PROVEN')
      expect(codesOf(report)).to.include('DIRECTORY_NOT_TRUSTED')
    })

    it('a part that was left out leaves things unproven, not false', async () => {
      const report = await court.found((one) => {
        for (const end of ['jws', 'pem', 'sig']) one.files.delete(`directory/huyen-1.${end}`)
        one.index.directory.splice(
          one.index.directory.findIndex((part) => part.issuer === 'huyen'),
          1,
        )
      })
      // The key of the node is still known by its certificate, which the trusted authority issued.
      expect(codesOf(report)).to.deep.equal(['HOST_UNKNOWN'])
      expect(report.verdict).to.equal('INCOMPLETE')
    })
  })
})
