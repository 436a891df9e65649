/**
 * What we sign, level by level and algorithm by algorithm, before programs that we did not write (issue 3). The table
 * is printed at the end: `+` accepted, `-` not known to the program (see `known-limits.ts`), `X` refused.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { makeTimestampAuthority } from '../../../fixtures/pki/timestamp-authority.ts'
import { requireProgram } from '../../support/programs.ts'
import { policyOf } from '../cms/signatures.ts'
import { algorithms, type MatrixAlgorithm, providerOf } from './algorithms.ts'
import { type Form, forms, type Made } from './forms.ts'
import { limitOf } from './known-limits.ts'
import { type Bench, commandOf, packageVersion, prepareBench, type Verdict, versionOf } from './programs.ts'
import { makeSigners, type Signers } from './signers.ts'

describe('the matrix of independent checkers', () => {
  let signers: Signers
  let bench: Bench
  const made = new Map<string, Promise<Made | null>>()
  /** Column → algorithm → cell. */
  const table = new Map<string, Map<string, '+' | '-' | 'X'>>()

  before(async () => {
    signers = await makeSigners()
    bench = prepareBench(mkdtempSync(join(tmpdir(), 'congvan-matrix-')), signers.pki.root)
  })

  after(() => {
    rmSync(bench.folder, { recursive: true, force: true })
    if (table.size > 0) process.stdout.write(`${render(table)}\n`)
  })

  /** Each form is signed once with each algorithm, whatever the number of programs. */
  function sign(form: Form, algorithm: MatrixAlgorithm): Promise<Made | null> {
    const name = `${form.name} ${algorithm.name}`
    const known = made.get(name)
    if (known !== undefined) return known
    const { provider: timestamp } = makeTimestampAuthority({ pki: signers.pki, clock: () => signers.now })
    const making = form.sign({
      key: providerOf(signers, algorithm),
      signingTime: signers.now,
      timestamp,
      pki: signers.pki,
    })
    made.set(name, making)
    return making
  }

  for (const form of forms) {
    it(`${form.name}: our own verification`, async () => {
      const policy = policyOf(signers.pki, { time: signers.now })
      const told: Record<string, string> = {}
      const expected: Record<string, string> = {}
      for (const algorithm of algorithms) {
        const file = await sign(form, algorithm)
        if (file === null) continue
        const { indication, subIndication, signatures } = form.verify(file, policy)
        const [signature] = signatures
        const proven = signature?.provenTime === null ? '' : ' at a proven time'
        told[algorithm.name] = `${indication} ${subIndication ?? ''} ${signature?.level}${proven}`
        expected[algorithm.name] =
          `TOTAL_PASSED  ${form.level}${form.level.endsWith('T') ? ' at a proven time' : ''}`
      }
      expect(told).to.deep.equal(expected)
    })

    for (const [program, check] of Object.entries(form.programs)) {
      it(`${form.name}: ${program}`, async function () {
        if (program !== 'xml-crypto') requireProgram(this, commandOf(program))
        // Makes the database of anchors.
        if (program === 'pdfsig') requireProgram(this, 'certutil')
        const column = new Map<string, '+' | '-' | 'X'>()
        table.set(`${form.name}: ${program}`, column)
        const refused: string[] = []
        let changedTaken = 0
        for (const algorithm of algorithms) {
          const file = await sign(form, algorithm)
          // No identifier of XML for this algorithm, so nothing is signed.
          if (file === null) continue
          const verdict: Verdict = check(bench, file)
          const limit = verdict === null ? undefined : limitOf(program, algorithm.name)
          column.set(algorithm.name, verdict === null ? '+' : limit === undefined ? 'X' : '-')
          if (verdict !== null && limit === undefined) refused.push(`${algorithm.name}: ${verdict}`)
          // A checker that takes anything shows nothing; once a column is enough.
          if (verdict === null && changedTaken === 0) {
            expect(check(bench, form.change(file)), 'a changed file').not.to.equal(null)
            changedTaken += 1
          }
        }
        expect(refused).to.deep.equal([])
        expect(changedTaken, 'accepted at all').to.equal(1)
      })
    }
  }
})

function render(table: ReadonlyMap<string, ReadonlyMap<string, string>>): string {
  const lines: string[] = ['']
  const columns = [...table]
  for (const [index, [name]] of columns.entries()) {
    const program = name.split(': ')[1] ?? ''
    const version = program === 'xml-crypto' ? packageVersion(program) : versionOf(program)
    lines.push(`  ${letter(index)}  ${name} ${version}`)
  }
  const width = Math.max(...algorithms.map(({ name }) => name.length))
  lines.push('', `  ${' '.repeat(width)}  ${columns.map((_, index) => letter(index)).join(' ')}`)
  for (const { name } of algorithms) {
    const cells = columns.map(([, column]) => column.get(name) ?? ' ')
    lines.push(`  ${name.padEnd(width)}  ${cells.join(' ')}`)
  }
  lines.push('  + accepted   - not known to the program   X refused   (blank: the format has no name for it)')
  return lines.join('\n')
}

function letter(index: number): string {
  return String.fromCharCode('a'.charCodeAt(0) + index)
}
