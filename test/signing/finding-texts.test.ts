import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { findingMeaning, signingErrors } from '../../signing/index.ts'

const folder = fileURLToPath(new URL('../../signing/', import.meta.url))

/** Words in the form of a code that are no code of a finding. */
const others: ReadonlySet<string> = new Set([
  // Indications
  ...['TOTAL_PASSED', 'TOTAL_FAILED', 'NO_SIGNATURE'],
  // The beginning of several codes
  'BYTE_RANGE',
])

/** Codes of errors that only signing throws, so that no report has them. */
const onlyWhenSigning =
  /^(?:KEY_|APPEARANCE_|MARK_|TIMESTAMP_(?:REJECTED|RESPONSE_INVALID|UNAVAILABLE)$|PREPARED_|IMAGE_|SIGNATURE_TOO_LARGE$|CERTIFICATE_(?:EXPIRED|NOT_YET_VALID|WRONG_USE)$|PDF_(?:BOX_|FIELD_|NO_CHANGES_|TEXT_|UNEXPECTED_|CERTIFICATION_|SEED_|PAGE_|PLACE_)|XML_(?:PLACE_NOT_FOUND|ALREADY_SIGNED|SIGNATURE_COVERS_PLACE)$)/

function codesOf(path: string): string[] {
  const source = readFileSync(path, 'utf8')
  return [...source.matchAll(/'([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)'/g)].map((match) => match[1] ?? '')
}

describe('texts of findings', () => {
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  )

  it('reads the sources', () => {
    expect(sources.length).to.be.above(100)
  })

  it('has a sentence in both languages for every code in the sources', () => {
    const missing: string[] = []
    for (const name of sources) {
      for (const code of codesOf(join(folder, name))) {
        if (others.has(code) || onlyWhenSigning.test(code)) continue
        if (findingMeaning(code, 'vi') === undefined || findingMeaning(code, 'en') === undefined) {
          missing.push(`${code} (${name})`)
        }
      }
    }
    expect([...new Set(missing)]).to.deep.equal([])
  })

  it('has a sentence for every error that a report may tell', () => {
    const missing = Object.keys(signingErrors).filter(
      (code) => !onlyWhenSigning.test(code) && findingMeaning(code, 'vi') === undefined,
    )
    expect(missing).to.deep.equal([])
  })

  it('says the same kind of thing in each: a sentence without full stop, different in the two languages', () => {
    const tables = sources.filter((name) => name.startsWith('finding-texts/'))
    const codes = tables.flatMap((name) =>
      [...readFileSync(join(folder, name), 'utf8').matchAll(/^ {2}([A-Z][A-Z0-9_]+): /gm)].map(
        (m) => m[1] ?? '',
      ),
    )
    expect(codes.length).to.be.above(120)
    expect(new Set(codes).size, 'each code once').to.equal(codes.length)
    for (const code of codes) {
      const [vi = '', en = ''] = [findingMeaning(code, 'vi'), findingMeaning(code, 'en')]
      for (const text of [vi, en]) expect(text, code).to.match(/^\p{Lu}.{5,}[^.\s]$/u)
      expect(vi, code).to.not.equal(en)
      expect(vi.normalize('NFC'), code).to.equal(vi)
      expect(vi, code).to.match(/\P{ASCII}/u)
    }
  })

  it('knows no code of its own making', () => {
    expect(findingMeaning('toString', 'vi')).to.equal(undefined)
    expect(findingMeaning('NO_SUCH_CODE', 'en')).to.equal(undefined)
  })
})
