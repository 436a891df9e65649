import { PassThrough } from 'node:stream'
import { expect } from 'chai'
import fc from 'fast-check'
import { jsonLine, Output } from '../../cli/output.ts'
import { parseZonedTime } from '../../cli/parse-time.ts'
import { displayWidth, safeText, tableLines } from '../../cli/terminal-text.ts'

describe('cli/terminal-text', () => {
  it('counts a Vietnamese letter as one column, composed or decomposed', () => {
    for (const text of ['Ủy ban nhân dân xã Hải Minh', 'Độc lập - Tự do - Hạnh phúc', 'quyết định']) {
      expect(displayWidth(text.normalize('NFC'))).to.equal(text.normalize('NFC').length)
      expect(displayWidth(text.normalize('NFD'))).to.equal(text.normalize('NFC').length)
    }
    expect(displayWidth('漢字')).to.equal(4)
  })

  it('lines columns up whatever the form of the letters', () => {
    const lines = tableLines([
      ['Nơi nhận'.normalize('NFD'), 'Trạng thái'],
      ['Ủy ban nhân dân huyện', 'đã đến'],
      ['Sở', 'x'],
    ])
    const columns = lines.map((line) => {
      const second = line.trimEnd().split(/ {2,}/)[1] ?? ''
      return displayWidth(line.slice(0, line.lastIndexOf(second)))
    })
    expect(new Set(columns).size).to.equal(1)
  })

  it('makes every control character and direction mark visible', () => {
    expect(safeText('CN=\u001b[2Jgiả\u202e, \u0085\u2066\n')).to.equal(
      'CN=\\u001b[2Jgiả\\u202e, \\u0085\\u2066\\u000a',
    )
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(safeText(text)).to.not.match(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u)
      }),
    )
  })

  it('shows what comes with a message as it shows results', () => {
    const stderr = new PassThrough()
    const io = {
      stdin: new PassThrough(),
      stdout: new PassThrough(),
      stderr,
      env: {},
      now: () => new Date(0),
    }
    new Output(io).message('tệp \u001b[2J.xml\nhai')
    expect(String(stderr.read())).to.equal('congvan: tệp \\u001b[2J.xml\ncongvan: hai\n')
  })

  it('writes JSON on one line with no raw control character, and reads back the same', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const line = jsonLine({ text })
        expect(line).to.not.match(/[\p{Cc}\u2028\u2029]/u)
        expect(JSON.parse(line)).to.deep.equal({ text })
      }),
    )
  })
})

describe('cli/parse-time', () => {
  it('takes ISO 8601 with a zone', () => {
    expect(parseZonedTime('2025-01-06T08:00:00+07:00')?.toISOString()).to.equal('2025-01-06T01:00:00.000Z')
    expect(parseZonedTime('2025-01-06T08:00Z')?.toISOString()).to.equal('2025-01-06T08:00:00.000Z')
    expect(parseZonedTime('2024-02-29T23:59:59.5-12:30')?.toISOString()).to.equal('2024-03-01T12:29:59.500Z')
  })

  it('refuses a time without zone, a date alone, days and hours that do not exist', () => {
    for (const text of [
      '2025-01-06T08:00:00',
      '2025-01-06',
      '2025-02-30T00:00:00Z',
      '2025-13-01T00:00:00Z',
      '2025-01-06T24:00:00Z',
      '2025-01-06T08:60:00Z',
      '2025-01-06T08:00:00+7:00',
      '2025-01-06T08:00:00+24:00',
      '2025-01-06 08:00:00+07:00',
      'yesterday',
      '',
    ]) {
      expect(parseZonedTime(text), text).to.equal(undefined)
    }
  })

  it('reads back every time that ISO 8601 writes', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('1970-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
        (time) => {
          expect(parseZonedTime(time.toISOString())?.getTime()).to.equal(time.getTime())
        },
      ),
    )
  })
})
