import { Readable } from 'node:stream'
import { expect } from 'chai'
import { CongvanError } from '../../../server/errors.ts'
import { dispatchDocument } from '../../../server/relay/dispatch.ts'
import { readAway, unspent } from '../../../server/relay/read-away.ts'
import { PIECE_BYTES } from '../../../server/relay/send-files.ts'
import { issueDocument, type Network, openNetwork } from './network.ts'

describe('relay: a disk that is full while a large file comes in', () => {
  let network: Network
  before(async () => {
    network = await openNetwork([
      { id: 'tinh', parent: null, agencies: [{ code: 'H40', name: 'Ủy ban nhân dân tỉnh thử nghiệm' }] },
      { id: 'xa', parent: 'tinh', agencies: [{ code: 'H40.12.3', name: 'Ủy ban nhân dân xã thử nghiệm' }] },
    ])
  })
  after(() => network?.close())

  it('is seen by the sender as what it is, in the middle of a piece, and the file comes when there is room', async () => {
    const [xa, tinh] = [network.node('xa'), network.node('tinh')]
    const { clerk } = network.agency('H40.12.3')
    const bytes = Buffer.concat([
      Buffer.from('%PDF-1.7\n'),
      Buffer.alloc(PIECE_BYTES + 4_000_000, 'công văn '),
    ])
    const { id } = await issueDocument(network, 'H40.12.3', bytes)
    const { envelope } = await dispatchDocument(xa.deps, clerk, { documentId: id, recipients: ['H40'] })
    const { pieces } = tinh.deps
    const outcome = async () => {
      const [row] = await xa.rows('select state, outcome from branches where envelope_sha256 = $1', [
        envelope,
      ])
      return row
    }
    for (const chunks of [0, 1, 20]) {
      const write: typeof pieces.write = async (_name, _offset, source) => {
        let left = chunks
        if (left > 0) for await (const _chunk of source) if (--left === 0) break
        throw new CongvanError('STORAGE_FULL')
      }
      Object.assign(tinh.deps, { pieces: { ...pieces, write } })
      await xa.runJobs()
      expect(await outcome(), `after ${chunks} chunks`).to.deep.equal({
        state: 'queued',
        outcome: 'storage-full',
      })
      network.advance(60_000)
    }
    Object.assign(tinh.deps, { pieces })
    network.advance(600_000)
    await network.settle()
    expect(await outcome()).to.deep.equal({ state: 'done', outcome: 'committed' })
  })

  it('does not make this node read for ever', async () => {
    let read = 0
    const endless = new Readable({
      read() {
        read += 65_536
        this.push(Buffer.alloc(65_536))
      },
    })
    for await (const _chunk of unspent(endless)) break
    await readAway(endless)
    expect(read).to.be.within(PIECE_BYTES, PIECE_BYTES + 1_000_000)
    const gone = new Readable({ read() {} })
    setImmediate(() => gone.destroy())
    await readAway(gone)
    await readAway(new Readable({ read() {} }), 20)
  })
})
