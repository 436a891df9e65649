import { createHash, randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { policyAt } from '../../../server/documents/document-services.ts'
import { holdFile, registerFile, releaseFile } from '../../../server/files/file-hold-store.ts'
import { sweepFiles } from '../../../server/files/sweep-files.ts'
import { archiveTrust } from '../../../server/incoming/archive-trust.ts'
import { NOW, openTestNode, type TestNode } from '../documents/support.ts'

const DAY = 24 * 60 * 60 * 1000

describe('documents: what a verdict rests on', () => {
  let node: TestNode
  before(async () => {
    node = await openTestNode()
  })
  after(() => node.close())
  beforeEach(() => node.setClock(NOW))

  const asNode = <T>(work: Parameters<typeof node.database.db.asNode<T>>[0]) => node.database.db.asNode(work)
  const fileOf = (bytes: Uint8Array) => ({
    sha256: createHash('sha256').update(bytes).digest('hex'),
    length: bytes.length,
  })
  const archive = (anchor: Uint8Array, crl: Uint8Array) =>
    archiveTrust(
      node.context,
      node.services.files,
      policyAt({ anchors: [anchor], untrusted: [anchor], crls: [crl] }, NOW, 'issued'),
    )

  /** What comes with an attachment that is offered and never committed. */
  async function uploadInVain(bytes: Uint8Array): Promise<void> {
    await asNode((trx) => registerFile(trx, fileOf(bytes), node.context.clock()))
    await node.services.files.put(bytes, 1_000)
  }
  const sweepLater = async () => {
    node.setClock(new Date(node.context.clock().getTime() + DAY + 60_000))
    await sweepFiles(node.context, node.services.files)
  }

  it('stays when the same bytes were uploaded after it, or before it, and came to nothing', async () => {
    const [anchor, crl] = [randomBytes(50), randomBytes(60)]
    await uploadInVain(crl)
    const kept = await archive(anchor, crl)
    expect(kept.anchors).to.deep.equal([fileOf(anchor).sha256])
    expect(kept.untrusted).to.deep.equal(kept.anchors)
    expect(kept.crls).to.deep.equal([fileOf(crl).sha256])
    await uploadInVain(anchor)
    await sweepLater()
    expect(Buffer.from(await node.services.files.read(fileOf(anchor).sha256)).equals(anchor)).to.equal(true)
    expect(Buffer.from(await node.services.files.read(fileOf(crl).sha256)).equals(crl)).to.equal(true)
  })

  it('stays when a document with the same bytes gives them up', async () => {
    const [anchor, crl] = [randomBytes(50), randomBytes(60)]
    await archive(anchor, crl)
    const holder = 'document:11111111-1111-4111-8111-111111111111'
    await asNode((trx) => holdFile(trx, node.services.files, fileOf(anchor), holder, NOW))
    const erased = await asNode((trx) => releaseFile(trx, node.services.files, fileOf(anchor).sha256, holder))
    expect(erased).to.equal(false)
    expect(await node.services.files.has(fileOf(anchor).sha256)).to.equal(true)
  })

  it('is stored and held once, and mended when its bytes are gone from the disk', async () => {
    const [anchor, crl] = [randomBytes(50), randomBytes(60)]
    const kept = await archive(anchor, crl)
    const { sha256 } = fileOf(crl)
    const holds = () => asNode((trx) => trx('file_holds').where({ sha256 }).pluck<string[]>('holder'))
    expect(await archive(anchor, crl)).to.deep.equal(kept)
    expect(await holds()).to.deep.equal([`trust:${sha256}`])
    await node.services.files.erase(sha256)
    expect(await archive(anchor, crl)).to.deep.equal(kept)
    expect(Buffer.from(await node.services.files.read(sha256)).equals(crl)).to.equal(true)
    expect(await holds()).to.deep.equal([`trust:${sha256}`])
  })
})
