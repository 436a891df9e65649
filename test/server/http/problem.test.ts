import { expect } from 'chai'
import { CongvanError, errorCodes, errorEntry } from '../../../server/errors.ts'
import { describeProblem } from '../../../server/http/error-handler.ts'
import { openLog } from '../../../server/log.ts'

describe('problem JSON', () => {
  const log = openLog({ level: 'silent' })

  // RFC 9457 section 4.2.1: with about:blank the title is the phrase of the status, which may be translated.
  it('has one title for a status and says in detail what is wrong', () => {
    const titles = { vi: new Map<number, string>(), en: new Map<number, string>() }
    for (const code of errorCodes()) {
      const error = new CongvanError('NOT_FOUND', { what: 'document 7' })
      const known = Object.assign(error, { code })
      const { status } = errorEntry(known.code)
      for (const language of ['vi', 'en'] as const) {
        const problem = describeProblem(known, language, log)
        expect(problem).to.include({ type: 'about:blank', status, code })
        expect(problem.title.length, code).to.be.within(3, 60)
        expect(problem.title, code).to.equal(titles[language].get(status) ?? problem.title)
        titles[language].set(status, problem.title)
        expect(problem.detail, code).not.to.equal('')
      }
    }
    expect(titles.vi.get(404)).to.equal('Không tìm thấy')
    expect(titles.en.get(404)).to.equal('Not found')
    const { detail } = describeProblem(new CongvanError('NOT_FOUND', { what: 'document 7' }), 'en', log)
    expect(detail).to.include('document 7')
  })
})
