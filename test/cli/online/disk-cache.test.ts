import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { diskCache } from '../../../cli/online/disk-cache.ts'

describe('cache of answers on disk', () => {
  const now = new Date('2025-01-06T01:00:00Z')
  const later = new Date('2025-01-07T01:00:00Z')
  const value = Buffer.from('an answer\nof two lines')
  let folder: string

  beforeEach(() => {
    folder = join(mkdtempSync(join(tmpdir(), 'congvan-cache-')), 'online')
  })
  afterEach(() => rmSync(join(folder, '..'), { recursive: true }))

  const only = (): string => join(folder, readdirSync(folder)[0] ?? expect.fail('no file'))

  it('keeps an answer until its time, for its question alone, readable by its owner alone', async () => {
    const cache = diskCache({ folder })
    expect(await cache.get('q', now)).to.equal(undefined)
    await cache.put('q', value, later)
    expect(Buffer.from((await cache.get('q', now)) ?? []).equals(value)).to.equal(true)
    expect(await diskCache({ folder }).get('q', now), 'another run').to.not.equal(undefined)
    expect(await cache.get('other', now)).to.equal(undefined)
    expect(await cache.get('q', later)).to.equal(undefined)
    expect(statSync(folder).mode & 0o777).to.equal(0o700)
    expect(statSync(only()).mode & 0o777).to.equal(0o600)
    expect(readdirSync(folder)).to.have.length(1)
  })

  it('takes no notice of broken, hostile and foreign files', async () => {
    const cache = diskCache({ folder })
    await cache.put('q', value, later)
    const path = only()
    const good = readFileSync(path)
    const broken: [string, Buffer][] = [
      ['empty', Buffer.alloc(0)],
      ['cut off', good.subarray(0, -1)],
      ['longer', Buffer.concat([good, Buffer.from('x')])],
      ['no JSON', Buffer.from('header\nbody')],
      ['no line', Buffer.alloc(100_000, 0x20)],
      ['null', Buffer.from('null\nbody')],
      ['another question', Buffer.from(good.toString().replace('"q"', '"r"'))],
      ['no time', Buffer.from(good.toString().replace(later.toISOString(), 'soon'))],
    ]
    for (const [name, bytes] of broken) {
      writeFileSync(path, bytes)
      expect(await cache.get('q', now), name).to.equal(undefined)
    }
    rmSync(path)
    mkdirSync(path)
    expect(await cache.get('q', now), 'a folder').to.equal(undefined)
    rmSync(path, { recursive: true })
    symlinkSync('/dev/zero', path)
    expect(await cache.get('q', now), 'a device').to.equal(undefined)
    await cache.put('q', value, later)
    expect(await cache.get('q', now), 'written over').to.not.equal(undefined)
  })

  it('stays within its bounds', async () => {
    const cache = diskCache({ folder, mostFiles: 20, mostBytes: 20_000 })
    for (let index = 0; index < 60; index += 1) {
      await cache.put(`q${index}`, Buffer.alloc(1500), later)
      const sizes = readdirSync(folder).map((name) => statSync(join(folder, name)).size)
      expect(sizes.length).to.be.at.most(20)
      expect(sizes.reduce((a, b) => a + b, 0)).to.be.at.most(22_000)
    }
    await cache.put('large', Buffer.alloc(30_000), later)
    expect(await cache.get('large', now)).to.equal(undefined)
  })

  it('is no obstacle where nothing can be written', async () => {
    writeFileSync(join(folder, '..', 'file'), '')
    const cache = diskCache({ folder: join(folder, '..', 'file', 'below') })
    await cache.put('q', value, later)
    expect(await cache.get('q', now)).to.equal(undefined)
  })
})
