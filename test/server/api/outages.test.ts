import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import express from 'express'
import pg from 'pg'
import { makeLetter } from '../../../fixtures/documents/letter.ts'
import { communeLetter } from '../../../fixtures/documents/sample-letters.ts'
import { authenticate, authorise } from '../../../server/auth/authenticate.ts'
import type { DocumentServices } from '../../../server/documents/document-services.ts'
import { documentRoutes } from '../../../server/documents/routes.ts'
import { openFileStore } from '../../../server/files/file-store.ts'
import { errorHandler } from '../../../server/http/error-handler.ts'
import { mountRoutes } from '../../../server/http/mount.ts'
import { outgoingRoutes } from '../../../server/outgoing/routes.ts'
import { openPageTextReader } from '../../../server/pages/page-text.ts'
import { DatabaseLine } from './database-line.ts'
import { footprintOf } from './footprint.ts'
import { type ApiNode, PASSWORD, send, startApiNode } from './node.ts'
import { letterDraft, until } from './steps.ts'

const { declaredFreeOfSecrets: _, ...metadata } = letterDraft

describe('api: the database away', () => {
  let node: ApiNode
  let line: DatabaseLine
  before(async () => {
    line = new DatabaseLine()
    node = await startApiNode({
      logins: ['operator', 'commune-clerk', 'commune-auditor'],
      databaseUrl: (url) => line.open(url),
    })
    for (const login of ['operator', 'commune-clerk', 'commune-auditor'] as const) await node.token(login)
  })
  after(async () => {
    line.restore()
    await node.close()
    await line.close()
  })
  afterEach(() => line.restore())

  const clerk = async (method: string, path: string, options: { json?: unknown; key?: string } = {}) =>
    send(node.url, method, path, { token: await node.token('commune-clerk'), ...options })
  const count = async () => ((await clerk('GET', '/documents?limit=200')).body.items as unknown[]).length

  it('is answered 503 by everything that needs it, and the process goes on', async () => {
    line.cut()
    const auditor = await node.token('commune-auditor')
    const answers = [
      await clerk('GET', '/documents'),
      await clerk('GET', '/agencies'),
      await clerk('POST', '/documents', { json: metadata }),
      await clerk('GET', `/documents/${randomUUID()}/file`),
      await send(node.url, 'GET', '/log', { token: auditor }),
      await send(node.url, 'POST', '/session', { json: { login: 'commune-clerk', password: PASSWORD } }),
    ]
    for (const { status, body, headers, text } of answers) {
      expect([status, body.code], text).to.deep.equal([503, 'DATABASE_UNAVAILABLE'])
      expect(headers.get('retry-after')).to.equal('5')
      expect(body.detail).to.equal('Cơ sở dữ liệu không trả lời')
      expect(body.hint).to.contain('thử lại')
      expect(text).not.to.contain('127.0.0.1')
    }
    expect((await fetch(`${node.url}/readyz`)).status).to.equal(503)
    expect((await fetch(`${node.url}/healthz`)).status).to.equal(200)
    expect((await fetch(`${node.url}/openapi.json`)).status).to.equal(200)
  })

  it('comes back by itself: people, scripts and the queue go on', async () => {
    line.cut()
    expect((await clerk('GET', '/documents')).status).to.equal(503)
    line.restore()
    expect((await clerk('GET', '/documents')).status).to.equal(200)
    expect((await fetch(`${node.url}/readyz`)).status).to.equal(200)
    const { context } = node.services
    const marker = Date.now()
    await context.db.asNode((trx) => context.queue.put(trx, 'directory-push', { task: 'publish', marker }))
    await until('a job after the outage', async () => {
      const { rows } = await asSuperuser<{ state: string }>(
        `select state from pgboss.job where data->>'marker' = '${marker}'`,
      )
      return rows[0]?.state === 'completed' ? true : undefined
    })
  })

  it('may end all its connections: what comes next opens new ones', async () => {
    const { rowCount } = await asSuperuser(
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    )
    expect(rowCount).to.be.greaterThan(0)
    // A connection may be found dead by the first who uses it; nobody after him.
    await until('an answer', async () => ((await clerk('GET', '/me')).status === 200 ? true : undefined))
    for (let tries = 0; tries < 5; tries += 1) expect((await clerk('GET', '/documents')).status).to.equal(200)
  })

  it('may be lost at the commit: the same request asked again is done once', async () => {
    for (const when of ['before', 'after'] as const) {
      const before = await count()
      const key = randomUUID()
      line.cutAtCommitOf(/insert into "documents"/, when)
      const lost = await clerk('POST', '/documents', { json: metadata, key })
      expect([lost.status, lost.body.code], when).to.deep.equal([503, 'DATABASE_UNAVAILABLE'])
      expect(await count(), when).to.equal(when === 'before' ? before : before + 1)
      const again = await clerk('POST', '/documents', { json: metadata, key })
      expect(again.status).to.equal(201)
      expect(await count(), when).to.equal(before + 1)
    }
  })

  async function asSuperuser<T extends pg.QueryResultRow>(sql: string): Promise<pg.QueryResult<T>> {
    const client = new pg.Client({ connectionString: node.database.superuserUrl })
    await client.connect()
    try {
      return await client.query<T>(sql)
    } finally {
      await client.end()
    }
  }
})

describe('api: the disk full', () => {
  let pdf: Uint8Array
  before(async () => {
    pdf = await makeLetter({ ...communeLetter, created: new Date() })
  })

  /** Fills while the upload is written, is told so, has nothing of it, and takes the same upload when there is room. */
  async function expectFull(node: ApiNode, base: string, fill: () => void, clear: () => void): Promise<void> {
    const token = await node.token('commune-clerk')
    const { body } = await send(node.url, 'POST', '/documents', { token, json: metadata })
    const path = `/documents/${body.id}/file`
    const before = await footprintOf(node)
    fill()
    const key = randomUUID()
    const full = await send(base, 'POST', path, { token, bytes: pdf, key })
    clear()
    expect([full.status, full.body.code], full.text).to.deep.equal([507, 'STORAGE_FULL'])
    expect(full.body.detail).to.equal('Hết chỗ trên đĩa; chưa có gì được ghi')
    // The row that lets the sweep find what an upload leaves behind is written before the bytes, on purpose.
    expect(withoutFileRows(await footprintOf(node))).to.deep.equal(withoutFileRows(before))
    expect((await fetch(`${node.url}/readyz`)).status).to.equal(200)
    expect((await send(base, 'POST', path, { token, bytes: pdf, key })).status).to.equal(200)
    const declared = await send(node.url, 'POST', `/documents/${body.id}/declaration`, {
      token,
      json: { stateSecret: false },
    })
    expect(declared.body.state).to.equal('draft')
  }

  function withoutFileRows(footprint: object): object {
    const { rows, files } = footprint as { rows: Record<string, number>; files: string[] }
    return { files, rows: Object.fromEntries(Object.entries(rows).filter(([name]) => name !== 'files')) }
  }

  it('is answered 507 when the kernel says so in the middle of an upload', async () => {
    const node = await startApiNode({ logins: ['commune-clerk'] })
    let isFull = false
    const files = await openFileStore({
      folder: join(node.folder, 'data', 'store'),
      now: new Date(),
      openForWriting: async (path) => {
        const file = await open(path, 'wx', 0o600)
        if (!isFull) return file
        const full = await open('/dev/full', 'w')
        return {
          write: full.write.bind(full),
          sync: () => file.sync(),
          async close() {
            await full.close()
            await file.close()
          },
        }
      },
    })
    const server = await serveDocuments(node, files)
    try {
      const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
      await expectFull(
        node,
        base,
        () => {
          isFull = true
        },
        () => {
          isFull = false
        },
      )
    } finally {
      server.close()
      await node.close()
    }
  })

  it('is answered 507 by a whole node whose data folder lies on a full file system', async function () {
    const mount = mkdtempSync(join(tmpdir(), 'congvan-full-'))
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m,mode=711', 'tmpfs', mount]).status !== 0) {
      rmSync(mount, { recursive: true })
      process.stderr.write('      skipped: only root may mount a tmpfs\n')
      this.skip()
    }
    try {
      const node = await startApiNode({ folder: mount, logins: ['commune-clerk'] })
      const filler = join(mount, 'filler')
      try {
        await expectFull(
          node,
          node.url,
          () => fillUp(filler),
          () => rmSync(filler),
        )
        expect(readdirSync(join(mount, 'data', 'store', 'incoming'))).to.deep.equal([])
      } finally {
        await node.close()
      }
    } finally {
      spawnSync('umount', [mount])
      rmSync(mount, { recursive: true, force: true })
    }
  })
})

/** Leaves room for a part of the letter only. */
function fillUp(file: string): void {
  try {
    for (;;) writeFileSync(file, Buffer.alloc(8_192), { flag: 'a' })
  } catch (error) {
    expect(error).to.have.property('code', 'ENOSPC')
  }
}

/** The document routes as the node mounts them, over another file store. */
async function serveDocuments(node: ApiNode, files: DocumentServices['files']): Promise<Server> {
  const { context } = node.services
  const app = express()
  const font = await readFile(
    createRequire(import.meta.url).resolve('@expo-google-fonts/tinos/400Regular/Tinos_400Regular.ttf'),
  )
  const services: DocumentServices = {
    files,
    trust: { anchors: [], untrusted: [], crls: [] },
    fillFonts: { number: font, date: font },
    pageText: openPageTextReader(),
    announce: async () => {},
  }
  app.use(
    '/api/v1',
    mountRoutes([...outgoingRoutes(context, services), ...documentRoutes(context, services)], {
      clock: context.clock,
      maxJsonBytes: context.limits.jsonBytes,
      authenticate: (request, now) => {
        const caller = { authorization: request.get('authorization'), address: request.ip ?? '' }
        return authenticate(context.db, node.services.accounts.settings, caller, now)
      },
      authorise,
    }),
  )
  app.use(errorHandler(context.log))
  const server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}
