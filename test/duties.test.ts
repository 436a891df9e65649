import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { readCsv } from './support/corpora.ts'
import { dutiesFile, dutiesTable, dutyIds, findProofs, readLeftOut } from './support/duties.ts'

const list = fileURLToPath(new URL('../../shared/domain/duties.csv', import.meta.url))

describe('duties of the law', () => {
  it('each has a test that names it, or a reason why it has none', () => {
    const proofs = findProofs()
    const leftOut = readLeftOut()
    expect(dutyIds.filter((id) => !proofs.has(id) && !leftOut.has(id))).to.deep.equal([])
    expect([...leftOut].filter(([id, reason]) => !dutyIds.includes(id) || reason === '')).to.deep.equal([])
  })

  it('tests name no duty that does not exist', () => {
    expect([...findProofs().keys()].filter((id) => !dutyIds.includes(id))).to.deep.equal([])
  })

  it('the table in test/duties.md is the one that the tests make', () => {
    expect(readFileSync(dutiesFile, 'utf8')).to.equal(dutiesTable())
  })

  it('the ids are those of the list of duties', function () {
    if (!existsSync(list)) {
      process.stderr.write('      skipped: the list of duties is not present\n')
      this.skip()
    }
    const ids = readCsv(readFileSync(list)).map((row) => row.id ?? '')
    expect(ids.toSorted()).to.deep.equal([...dutyIds].toSorted())
  })
})
