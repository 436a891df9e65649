/** The labelled collections but the vectors of primitives, as the short form of `npm run test:corpora`. */
import { existsSync } from 'node:fs'
import { expect } from 'chai'
import { corporaFolder } from '../support/corpora.ts'
import { listedDifferences } from './differences.ts'
import { compareWithList, runSources, sourceNames } from './run.ts'

describe('labelled signatures of other makers', function () {
  this.timeout(300_000)
  before(function () {
    if (existsSync(corporaFolder)) return
    process.stderr.write(`      skipped: the labelled files are not at ${corporaFolder}\n`)
    this.skip()
  })

  it('are judged as labelled, or the difference is listed with its reason; nothing invalid passes without one', () => {
    const names = sourceNames.filter((name) => name !== 'wycheproof')
    const cases = runSources(names)
    expect(cases.length).to.be.greaterThan(1_500)
    const list = listedDifferences()
    const { unlisted, gone, passedWrongly } = compareWithList(cases, names, list)
    expect({ passedWrongly, unlisted, gone }).to.deep.equal({ passedWrongly: [], unlisted: [], gone: [] })
    for (const [key, reason] of list.reasons) expect(reason, key).not.to.match(/^No reason/)
  })
})
