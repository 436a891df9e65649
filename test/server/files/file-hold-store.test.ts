import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import {
  eraseUnheldFile,
  findUnheldFiles,
  holdFile,
  registerFile,
  releaseFile,
} from '../../../server/files/file-hold-store.ts'
import type { StoredFile } from '../../../server/files/file-store.ts'
import { expectCode, NOW, openTestNode, type TestNode } from '../documents/support.ts'

describe('file holds', () => {
  let node: TestNode
  before(async () => {
    node = await openTestNode()
  })
  after(() => node.close())

  const one = 'document:11111111-1111-4111-8111-111111111111'
  const two = `envelope:${'ab'.repeat(32)}` as const
  const asNode = <T>(work: Parameters<typeof node.database.db.asNode<T>>[0]) => node.database.db.asNode(work)
  const store = () => node.services.files.put(randomBytes(100), 1_000)
  const hold = (file: StoredFile, holder: typeof one | typeof two) =>
    asNode((trx) => holdFile(trx, node.services.files, file, holder, NOW))
  const release = (file: StoredFile, holder: typeof one | typeof two) =>
    asNode((trx) => releaseFile(trx, node.services.files, file.sha256, holder))

  it('keep a file until the last one is given up', async () => {
    const file = await store()
    await hold(file, one)
    await hold(file, one)
    await hold(file, two)
    expect(await release(file, one)).to.equal(false)
    expect(await node.services.files.has(file.sha256)).to.equal(true)
    expect(await release(file, two)).to.equal(true)
    expect(await node.services.files.has(file.sha256)).to.equal(false)
    await expectCode(hold(file, one), 'STORAGE_DAMAGED')
  })

  it('make an erasure wait for a hold that is being taken, and then leave the file', async () => {
    const file = await store()
    await hold(file, one)
    const released = await asNode(async (trx) => {
      await holdFile(trx, node.services.files, file, two, NOW)
      const waiting = release(file, one)
      // Until the other transaction stands at the row's lock; `pg_locks` is never a snapshot.
      const waiters =
        'select count(*)::int as count from pg_locks where not granted and transactionid is not null'
      for (let rounds = 0, found = 0; found === 0; rounds += 1) {
        if (rounds > 5_000) throw new Error('the erasure did not wait')
        found = (await trx.raw<{ rows: { count: number }[] }>(waiters)).rows[0]?.count ?? 0
      }
      return { waiting }
    })
    expect(await released.waiting).to.equal(false)
    expect(await node.services.files.has(file.sha256)).to.equal(true)
  })

  it('are what the sweep looks for: not held, and not uploaded again since', async () => {
    const before = new Date(NOW.getTime() + 1_000)
    const [held, lost, again] = [await store(), await store(), await store()]
    for (const file of [held, lost, again]) await asNode((trx) => registerFile(trx, file, NOW))
    await hold(held, one)
    const found = await asNode((trx) => findUnheldFiles(trx, before, 100))
    expect(found).to.include.members([lost.sha256, again.sha256])
    expect(found).not.to.include(held.sha256)
    await asNode((trx) => registerFile(trx, again, new Date(NOW.getTime() + 2_000)))
    const erase = (file: StoredFile) =>
      asNode((trx) => eraseUnheldFile(trx, node.services.files, file.sha256, before))
    expect([await erase(lost), await erase(again), await erase(held)]).to.deep.equal([true, false, false])
    expect(await node.services.files.has(again.sha256)).to.equal(true)
  })
})
