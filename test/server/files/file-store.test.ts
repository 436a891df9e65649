import { spawnSync } from 'node:child_process'
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { expect } from 'chai'
import { type FileStore, openFileStore } from '../../../server/files/file-store.ts'
import { expectCode } from '../documents/support.ts'

const now = new Date('2026-01-05T09:00:00+07:00')
const LIMIT = 10_000_000

describe('file store', () => {
  let folder: string
  let store: FileStore

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'congvan-files-'))
    store = await openFileStore({ folder, now })
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const place = (sha256: string) => join(folder, 'files', sha256.slice(0, 2), sha256.slice(2, 4), sha256)
  const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
  const leftovers = () => readdirSync(join(folder, 'incoming'))

  it('stores bytes under their SHA-256 and gives them back', async () => {
    const bytes = randomBytes(100_000)
    const stored = await store.put(bytes, LIMIT)
    expect(stored).to.deep.equal({ sha256: hashOf(bytes), length: 100_000 })
    expect(readFileSync(place(stored.sha256)).equals(bytes)).to.equal(true)
    expect(Buffer.from(await store.read(stored.sha256)).equals(bytes)).to.equal(true)
    expect((await buffer(store.open(stored.sha256))).equals(bytes)).to.equal(true)
    expect(await store.has(stored.sha256)).to.equal(true)
    expect(leftovers()).to.deep.equal([])
  })

  it('takes a stream piece by piece, also an empty one', async () => {
    const pieces = Array.from({ length: 20 }, () => randomBytes(5_000))
    async function* stream() {
      yield* pieces
    }
    const stored = await store.put(stream(), LIMIT)
    expect(stored.sha256).to.equal(hashOf(Buffer.concat(pieces)))
    const empty = await store.put(new Uint8Array(), LIMIT)
    expect(empty).to.deep.equal({ sha256: hashOf(new Uint8Array()), length: 0 })
  })

  it('keeps one copy of the same content', async () => {
    const bytes = randomBytes(1_000)
    const first = await store.put(bytes, LIMIT)
    const { ino, mtimeMs } = statSync(place(first.sha256))
    await Promise.all(Array.from({ length: 5 }, () => store.put(bytes, LIMIT)))
    expect(statSync(place(first.sha256))).to.include({ ino, mtimeMs })
    expect(leftovers()).to.deep.equal([])
  })

  it('refuses one byte more than the limit and keeps nothing', async () => {
    async function* stream() {
      yield randomBytes(600)
      yield randomBytes(401)
    }
    await expectCode(store.put(stream(), 1_000), 'INPUT_TOO_LARGE')
    expect(leftovers()).to.deep.equal([])
    expect(readdirSync(join(folder, 'files'))).to.deep.equal([])
    expect(await store.put(randomBytes(1_000), 1_000)).to.include({ length: 1_000 })
  })

  it('passes an error of the source on and keeps nothing', async () => {
    async function* broken() {
      yield randomBytes(10)
      throw new Error('connection lost')
    }
    const error: unknown = await store.put(broken(), LIMIT).catch((caught: unknown) => caught)
    expect(String(error)).to.match(/connection lost/)
    expect(leftovers()).to.deep.equal([])
  })

  it('notices bytes that changed on disk, and a file that is gone', async () => {
    const stored = await store.put(Buffer.from('nội dung'), LIMIT)
    writeFileSync(place(stored.sha256), 'nội dunG')
    await expectCode(store.read(stored.sha256), 'STORAGE_DAMAGED')
    rmSync(place(stored.sha256))
    await expectCode(store.read(stored.sha256), 'STORAGE_DAMAGED')
    expect(await store.has(stored.sha256)).to.equal(false)
  })

  it('mends a file that was cut short when the same content comes again', async () => {
    const bytes = randomBytes(1_000)
    const { sha256 } = await store.put(bytes, LIMIT)
    truncateSync(place(sha256), 10)
    await store.put(bytes, LIMIT)
    expect(Buffer.from(await store.read(sha256)).equals(bytes)).to.equal(true)
  })

  it('erases a file, and does not mind one that is not there', async () => {
    const { sha256 } = await store.put(Buffer.from('x'), LIMIT)
    await store.erase(sha256)
    expect(await store.has(sha256)).to.equal(false)
    await store.erase(sha256)
    await store.erase(hashOf(Buffer.from('never stored')))
  })

  it('takes nothing but a hash for a name', () => {
    for (const name of ['../../etc/passwd', 'ABCDEF'.repeat(10), '', `${'a'.repeat(63)}/`]) {
      expect(() => store.open(name), name).to.throw(RangeError)
    }
  })

  it('sweeps old uploads of its own names when opened, and nothing else', async () => {
    const incoming = join(folder, 'incoming')
    const old = `upload-${randomUUID()}.part`
    const young = `upload-${randomUUID()}.part`
    const foreign = 'ghi-chu.txt'
    for (const name of [old, young, foreign]) writeFileSync(join(incoming, name), 'x')
    const yesterday = now.getTime() / 1000 - 25 * 3600
    for (const name of [old, foreign]) utimesSync(join(incoming, name), yesterday, yesterday)
    utimesSync(join(incoming, young), now, now)
    await openFileStore({ folder, now })
    expect(leftovers().sort()).to.deep.equal([foreign, young].sort())
  })

  describe('on a full disk', () => {
    it('says STORAGE_FULL and keeps nothing when the kernel answers ENOSPC in the middle of a file', async () => {
      let written = 0
      const filling = await openFileStore({
        folder,
        now,
        openForWriting: async (path) => {
          const file = await open(path, 'wx', 0o600)
          const full = await open('/dev/full', 'w')
          return {
            write: ((bytes: Uint8Array, offset: number, length: number) => {
              written += length
              return (written > 8_000 ? full : file).write(bytes, offset, length)
            }) as typeof file.write,
            sync: () => file.sync(),
            async close() {
              await full.close()
              await file.close()
            },
          }
        },
      })
      async function* stream() {
        for (let piece = 0; piece < 5; piece += 1) yield randomBytes(4_000)
      }
      await expectCode(filling.put(stream(), LIMIT), 'STORAGE_FULL')
      expect(written).to.be.greaterThan(8_000)
      expect(leftovers()).to.deep.equal([])
      expect(readdirSync(join(folder, 'files'))).to.deep.equal([])
      expect(await store.put(randomBytes(10), LIMIT)).to.include({ length: 10 })
    })

    it('says STORAGE_FULL when the disk is full at the sync', async () => {
      const filling = await openFileStore({
        folder,
        now,
        openForWriting: async (path) => {
          const file = await open(path, 'wx', 0o600)
          return {
            write: file.write.bind(file),
            sync: () => Promise.reject(Object.assign(new Error('no space left'), { code: 'ENOSPC' })),
            close: () => file.close(),
          }
        },
      })
      await expectCode(filling.put(randomBytes(100), LIMIT), 'STORAGE_FULL')
      expect(leftovers()).to.deep.equal([])
    })

    it('holds on a real file system of 256 kB', async function () {
      const mount = join(folder, 'small')
      mkdirSync(mount)
      if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', mount]).status !== 0) {
        process.stderr.write('      skipped: only root may mount a tmpfs\n')
        this.skip()
      }
      try {
        const small = await openFileStore({ folder: mount, now })
        const kept = await small.put(randomBytes(50_000), LIMIT)
        await expectCode(small.put(randomBytes(400_000), LIMIT), 'STORAGE_FULL')
        expect(readdirSync(join(mount, 'incoming'))).to.deep.equal([])
        expect(await small.read(kept.sha256)).to.have.length(50_000)
        expect(await small.put(randomBytes(50_000), LIMIT)).to.include({ length: 50_000 })
      } finally {
        spawnSync('umount', [mount])
      }
    })
  })
})
