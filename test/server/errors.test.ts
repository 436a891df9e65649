import { expect } from 'chai'
import { documentErrors } from '../../server/error-tables/documents.ts'
import { exchangeErrors } from '../../server/error-tables/exchange.ts'
import { generalErrors } from '../../server/error-tables/general.ts'
import { errorCodes, errorEntry } from '../../server/errors.ts'
import { signingErrors } from '../../signing/errors.ts'

describe('errors', () => {
  it('has every code in one table only, but for those that the signing library shares', () => {
    const all = [generalErrors, exchangeErrors, documentErrors].flatMap((table) => Object.keys(table))
    expect(all).to.have.length(new Set(all).size)
    expect(all.filter((code) => code in signingErrors)).to.deep.equal(['INPUT_TOO_LARGE'])
  })

  it('has both languages with the same placeholders, an HTTP status and an exit code for each', () => {
    // A parameter in words has a Vietnamese twin: `act`, `actVi`.
    const places = (text: string) =>
      [...new Set(text.match(/\{\w+\}/g) ?? [])].map((name) => name.replace(/Vi\}$/, '}')).sort()
    for (const code of errorCodes()) {
      const entry = errorEntry(code)
      expect(places(entry.vi), code).to.deep.equal(places(entry.en))
      expect(entry.status, code).to.be.within(400, 599)
      expect(entry.exit, code).to.be.within(1, 78)
    }
  })
})
