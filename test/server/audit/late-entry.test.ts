import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import type { UserActor } from '../../../server/actor.ts'
import { appendLogEntry } from '../../../server/audit/audit-store.ts'
import { exportLog } from '../../../server/audit/export.ts'
import type { NodeContext } from '../../../server/context.ts'
import { cloneDatabase, type TestDatabase } from '../../support/database.ts'

describe('audit: an act under way while the log is exported', () => {
  let test: TestDatabase
  before(async () => {
    test = await cloneDatabase()
  })
  after(() => test.drop())

  it('is waited for, so that no entry appears later within what was exported', async () => {
    const agencyId = randomUUID()
    const actor: UserActor = {
      kind: 'user',
      userId: randomUUID(),
      login: 'kt',
      displayName: 'Kiểm tra',
      agencyId,
      roles: ['auditor'],
    }
    const context = {
      nodeId: 'xa',
      clock: () => new Date('2026-03-02T02:00:00Z'),
      db: test.db,
    } as NodeContext
    const log = { nodeId: 'xa', actor, now: new Date('2026-03-02T01:00:00Z') }
    let release = () => {}
    let written = () => {}
    const hasWritten = new Promise<void>((accept) => {
      written = accept
    })
    const slow = test.db.asAgency({ agencyId }, async (trx) => {
      await appendLogEntry(trx, log, agencyId, { kind: 'document.drafted', subject: 'document:slow' })
      written()
      await new Promise<void>((accept) => {
        release = accept
      })
    })
    await hasWritten
    await test.db.asAgency({ agencyId }, (trx) =>
      appendLogEntry(trx, log, agencyId, { kind: 'document.drafted', subject: 'document:fast' }),
    )
    const exported = exportLog(context, actor, {})
    release()
    await slow
    const subjects: string[] = []
    for await (const line of await exported) {
      const { entry } = JSON.parse(line) as { entry: string }
      subjects.push((JSON.parse(entry) as { subject: string }).subject)
    }
    expect(subjects).to.deep.equal(['document:slow', 'document:fast'])
  })
})
