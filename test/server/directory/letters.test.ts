import { execFileSync } from 'node:child_process'
import { createPublicKey, X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { type CanonicalValue, canonicalJson } from '../../../server/audit/entry.ts'
import { acceptInvitation, acceptNextKey } from '../../../server/directory/accept-letter.ts'
import { endNodeKey } from '../../../server/directory/end-node-key.ts'
import { type InvitationTerms, writeInvitation } from '../../../server/directory/invitation.ts'
import { writeNextKey } from '../../../server/directory/next-key.ts'
import { nodeKeyFingerprints } from '../../../server/directory/node-store.ts'
import { findPeer, listPeers } from '../../../server/directory/peer-store.ts'
import { registerNodeKey } from '../../../server/directory/register-node-key.ts'
import { setPeerEnabled } from '../../../server/directory/switch-peer.ts'
import { testNodeKey } from '../../support/node-key.ts'
import { requireProgram } from '../../support/programs.ts'
import { operator, startNode, type TestClock, type TestNode } from './network.ts'

const DAY_MS = 86_400_000

describe('letters between operators', () => {
  const clock: TestClock = { now: new Date('2026-03-02T01:00:00Z') }
  const rootKey = testNodeKey('tw')
  let tw: TestNode
  let tinh: TestNode
  before(async () => {
    tw = await startNode('tw', { clock, key: rootKey, rootFingerprint: () => rootKey.fingerprint })
    tinh = await startNode('tinh', { clock, rootFingerprint: () => rootKey.fingerprint })
  })
  after(async () => {
    await tw.close()
    await tinh.close()
  })

  const invitation = (more: Partial<InvitationTerms> = {}, from = tw) =>
    writeInvitation(
      {
        nodeId: from.id,
        publicUrl: from.url,
        relation: 'child',
        invited: null,
        directoryRoot: rootKey.fingerprint,
        versions: [1],
        from: clock.now,
        to: new Date(clock.now.getTime() + 7 * DAY_MS),
        ...more,
      },
      from.key.provider,
    )
  const code = (work: Promise<unknown>) =>
    work.then(
      () => 'taken',
      (error: { code?: string; params?: { field?: string } }) =>
        [error.code, error.params?.field].filter(Boolean).join(' '),
    )
  const peers = (node: TestNode) => node.database.db.asNode((trx) => listPeers(trx, clock.now))
  const accept = (bytes: Uint8Array, expected: Parameters<typeof acceptInvitation>[3]) =>
    acceptInvitation(tinh.feed, operator, bytes, expected)
  const { fingerprint } = rootKey

  describe('invitations', () => {
    it('that differ from what the operator heard or wants enter nobody', async () => {
      const bytes = await invitation()
      expect(await code(accept(bytes, { fingerprint: 'a'.repeat(64) }))).to.equal(
        'INVITATION_DIFFERS fingerprint',
      )
      expect(await code(accept(bytes, { fingerprint, relation: 'child' }))).to.equal(
        'INVITATION_DIFFERS relation',
      )
      expect(await code(accept(bytes, { fingerprint, nodeId: 'huyen' }))).to.equal('INVITATION_DIFFERS node')
      expect(await peers(tinh)).to.deep.equal([])
    })

    it('that are for another node, one’s own, too old, from the future or of no common version are refused', async () => {
      const expected = { fingerprint }
      expect(await code(accept(await invitation({ invited: 'huyen' }), expected))).to.equal(
        'INVITATION_NOT_FOR_US',
      )
      const own = await invitation({}, tinh)
      expect(await code(accept(own, { fingerprint: tinh.key.fingerprint }))).to.equal('INVITATION_NOT_FOR_US')
      expect(await code(accept(await invitation({ versions: [9] }), expected))).to.equal(
        'INVITATION_NOT_FOR_US',
      )
      expect(await code(accept(await invitation({ to: clock.now }), expected))).to.equal('LETTER_EXPIRED')
      const later = new Date(clock.now.getTime() + 600_000)
      expect(await code(accept(await invitation({ from: later }), expected))).to.equal('LETTER_INVALID')
      expect(await peers(tinh)).to.deep.equal([])
    })

    it('that were changed in any value are refused, and so is what is no invitation', async () => {
      const text = Buffer.from(await invitation()).toString('utf8')
      const stranger = testNodeKey('tw')
      const certificate = Buffer.from(stranger.provider.certificate).toString('base64')
      const changes: [string | RegExp, string][] = [
        [/"node": "tw"/, '"node": "tv"'],
        [tw.url, 'http://127.0.0.1:9'],
        ['"child"', '"parent"'],
        [/"issuedAt": "2026-03-02/, '"issuedAt": "2026-03-01'],
        [/"expiresAt": "2026-03-09/, '"expiresAt": "2027-03-09'],
        [/"signature": "../, '"signature": "AA'],
        [/"fingerprint": "\w{64}"/, `"fingerprint": "${stranger.fingerprint}"`],
        [/"certificate": "[^"]+"/, `"certificate": "${certificate}"`],
        ['congvan-invitation-v1', 'congvan-next-key-v1'],
        ['"letter"', '"more": 1, "letter"'],
      ]
      for (const [what, by] of changes) {
        const changed = text.replace(what, by)
        expect(changed, String(what)).not.to.equal(text)
        expect(await code(accept(Buffer.from(changed), { fingerprint })), String(what)).to.equal(
          'LETTER_INVALID',
        )
      }
      for (const bytes of ['', '{', '[]', 'x'.repeat(60_000)]) {
        expect(await code(accept(Buffer.from(bytes), { fingerprint }))).to.equal('LETTER_INVALID')
      }
      expect(await peers(tinh)).to.deep.equal([])
    })

    it('hold for openssl, over the canonical JSON of format and letter', async function () {
      requireProgram(this, 'openssl')
      const value = JSON.parse(Buffer.from(await invitation()).toString('utf8'))
      const folder = mkdtempSync(join(tmpdir(), 'congvan-letter-'))
      const write = (name: string, bytes: Uint8Array | string) => {
        writeFileSync(join(folder, name), bytes)
        return join(folder, name)
      }
      const { format, letter, signature } = value
      const data = write('data', canonicalJson({ format, letter } as CanonicalValue))
      const { publicKey } = new X509Certificate(Buffer.from(letter.certificate, 'base64'))
      const key = write(
        'key.pem',
        createPublicKey({
          key: publicKey.export({ type: 'spki', format: 'der' }),
          format: 'der',
          type: 'spki',
        }).export({ type: 'spki', format: 'pem' }),
      )
      const der = write('signature', ecdsaDer(Buffer.from(signature, 'base64url')))
      const told = execFileSync('openssl', ['dgst', '-sha256', '-verify', key, '-signature', der, data], {
        encoding: 'utf8',
      })
      expect(told.trim()).to.equal('Verified OK')
      rmSync(folder, { recursive: true })
    })

    it('enter both nodes as each other’s neighbours once both fingerprints were compared', async () => {
      const there = await accept(await invitation({ invited: 'tinh' }), {
        fingerprint,
        relation: 'parent',
        nodeId: 'tw',
      })
      expect(there).to.include({ nodeId: 'tw', relation: 'parent', directoryRoot: fingerprint })
      const back = await invitation({ relation: 'parent' }, tinh)
      await acceptInvitation(tw.feed, operator, back, { fingerprint: tinh.key.fingerprint })
      expect((await peers(tinh)).map((one) => [one.nodeId, one.relation, one.url])).to.deep.equal([
        ['tw', 'parent', tw.url],
      ])
      expect((await peers(tw)).map((one) => [one.nodeId, one.relation, one.url])).to.deep.equal([
        ['tinh', 'child', tinh.url],
      ])
      const hello = { method: 'GET', path: '/relay/v1/directory' } as const
      const [parent] = await peers(tinh)
      if (parent === undefined) throw new Error('no parent')
      expect((await tinh.feed.client.request(parent, hello)).status).to.equal(200)
    })
  })

  describe('announcements of the next key', () => {
    const announce = (next = testNodeKey('tinh'), by = tinh.key, nodeId = 'tinh') =>
      writeNextKey(
        { nodeId, from: clock.now, to: new Date(clock.now.getTime() + DAY_MS) },
        by.provider,
        next.provider,
      )
    const keysOf = (nodeId: string) =>
      tw.database.db.asNode((trx) => nodeKeyFingerprints(trx, nodeId, clock.now))

    it('signed by a key that is not the node’s, by one key only, of another node or too old enter nothing', async () => {
      const before = await keysOf('tinh')
      const take = (bytes: Uint8Array, node?: string) => code(acceptNextKey(tw.feed, operator, bytes, node))
      expect(await take(await announce(undefined, testNodeKey('tinh')))).to.equal('NEXT_KEY_UNPROVEN')
      expect(await take(await announce(undefined, tinh.key, 'huyen'))).to.equal('NEXT_KEY_UNPROVEN')
      expect(await take(await announce(), 'huyen')).to.equal('INVITATION_DIFFERS node')
      const text = Buffer.from(await announce()).toString('utf8')
      const other = Buffer.from(await announce()).toString('utf8')
      const [, signature = ''] = /"nextSignature": "([^"]+)"/.exec(other) ?? []
      const mixed = text.replace(/"nextSignature": "[^"]+"/, `"nextSignature": "${signature}"`)
      expect(await take(Buffer.from(mixed))).to.equal('LETTER_INVALID')
      const bytes = await announce()
      clock.now = new Date(clock.now.getTime() + DAY_MS)
      expect(await take(bytes)).to.equal('LETTER_EXPIRED')
      expect(await keysOf('tinh')).to.deep.equal(before)
    })

    it('let both keys count until the old one is ended; the last one is never ended, nor one that is mistyped', async () => {
      const next = testNodeKey('tinh')
      const taken = await acceptNextKey(tw.feed, operator, await announce(next))
      expect(taken).to.deep.equal({
        nodeId: 'tinh',
        fingerprint: next.fingerprint,
        current: tinh.key.fingerprint,
      })
      expect(await keysOf('tinh')).to.deep.equal([tinh.key.fingerprint, next.fingerprint].sort())
      const end = (key: string) => code(endNodeKey(tw.feed, operator, 'tinh', key, clock.now))
      expect(await end('f'.repeat(64))).to.equal('NOT_FOUND')
      expect(await end(tinh.key.fingerprint)).to.equal('taken')
      expect(await keysOf('tinh')).to.deep.equal([next.fingerprint])
      expect(await end(next.fingerprint)).to.equal('NODE_KEY_IS_LAST')
      const peer = await tw.database.db.asNode((trx) => findPeer(trx, 'tinh', clock.now))
      expect(peer?.keyFingerprints).to.deep.equal([next.fingerprint])
    })

    it('bring no key back that was ended, nor is one ended in the past or for a second time', async () => {
      const [current] = await keysOf('tinh')
      const now = clock.now
      const holder = testNodeKey('tinh')
      const replayed = await announce(tinh.key, holder)
      // The key in use is not at hand here; another is entered by its fingerprint, which can announce.
      const enter = (fingerprint: string, validTo: Date | null) =>
        code(
          registerNodeKey(tw.context, operator, {
            nodeId: 'tinh',
            fingerprint,
            validFrom: now.toISOString(),
            validTo: validTo?.toISOString() ?? null,
          }),
        )
      expect(await enter(holder.fingerprint, null)).to.equal('taken')
      const end = (key: string, at?: Date) => code(endNodeKey(tw.feed, operator, 'tinh', key, at))
      clock.now = new Date(now.getTime() + 3_600_000)
      const second = (ms: number) => new Date(clock.now.getTime() + ms)
      expect(await end(holder.fingerprint, second(-1))).to.equal('NODE_KEY_END_PAST')
      expect(await enter(holder.fingerprint, second(-61_000))).to.equal('NODE_KEY_END_PAST')
      expect(await keysOf('tinh')).to.deep.equal([current, holder.fingerprint].sort())
      expect(await code(acceptNextKey(tw.feed, operator, replayed)), 'ended before').to.equal(
        'NODE_KEY_ENDED',
      )
      expect(await enter(tinh.key.fingerprint, null)).to.equal('NODE_KEY_ENDED')
      expect(await end(tinh.key.fingerprint, second(DAY_MS))).to.equal('NODE_KEY_ENDED')
      const leaving = testNodeKey('tinh')
      expect(await enter(leaving.fingerprint, null)).to.equal('taken')
      expect(await end(leaving.fingerprint, second(DAY_MS))).to.equal('taken')
      const again = await announce(leaving, holder)
      expect(await code(acceptNextKey(tw.feed, operator, again)), 'to be ended').to.equal('NODE_KEY_ENDED')
      expect(await end(leaving.fingerprint)).to.equal('taken')
      expect(await end(holder.fingerprint)).to.equal('taken')
      expect(await keysOf('tinh')).to.deep.equal([current])
    })
  })

  describe('a neighbour', () => {
    it('is switched off with a reason only, which the log keeps, and on again with what it has missed', async () => {
      const set = (enabled: boolean, reason: string, node = 'tinh') =>
        code(setPeerEnabled(tw.context, operator, node, { enabled, reason }))
      expect(await set(false, ' ')).to.equal('INPUT_INVALID reason')
      expect(await set(false, 'bảo trì', 'khong-co')).to.equal('NOT_FOUND')
      tw.jobs.splice(0)
      expect(await set(false, 'bảo trì')).to.equal('taken')
      const found = await tw.database.db.asNode((trx) => findPeer(trx, 'tinh', clock.now))
      expect(found).to.include({ enabled: false, disabledReason: 'bảo trì' })
      expect(tw.jobs).to.deep.equal([])
      expect(await set(true, '')).to.equal('taken')
      expect(tw.jobs.map((job) => [job.task, job.peer])).to.deep.include(['send', 'tinh'])
      const acts = await tw.database.db.asNode((trx) =>
        trx('log_entries')
          .whereIn('kind', ['peer.disabled', 'peer.enabled'])
          .orderBy('position')
          .pluck('kind'),
      )
      expect(acts).to.deep.equal(['peer.disabled', 'peer.enabled'])
    })
  })
})

/** r‖s as the DER that openssl reads (RFC 3279). */
function ecdsaDer(raw: Buffer): Buffer {
  const integer = (bytes: Buffer) => {
    let start = 0
    while (start < bytes.length - 1 && bytes[start] === 0) start += 1
    const digits = bytes.subarray(start)
    const padded = (digits[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), digits]) : digits
    return Buffer.concat([Buffer.of(2, padded.length), padded])
  }
  const content = Buffer.concat([integer(raw.subarray(0, 32)), integer(raw.subarray(32))])
  return Buffer.concat([Buffer.of(0x30, content.length), content])
}
