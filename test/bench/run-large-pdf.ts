import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { signPdf } from '../../signing/index.ts'
import { type BenchInputs, seedTime } from './inputs.ts'
import { type Measure, measureBound, rounded } from './measure.ts'

const SIZE = 100 * 1024 * 1024
const MOST_MEMORY_MB = 450

/** A PDF of one empty page with an embedded file of `size` bytes that cannot be compressed. */
function largePdf(size: number): Buffer {
  const parts: Buffer[] = [Buffer.from('%PDF-1.7\n%\xe2\xe3\xcf\xd3\n', 'latin1')]
  const offsets: number[] = []
  let length = parts[0]?.length ?? 0
  const add = (...pieces: (string | Buffer)[]) => {
    for (const piece of pieces) {
      const buffer = typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece
      parts.push(buffer)
      length += buffer.length
    }
  }
  const object = (...body: (string | Buffer)[]) => {
    offsets.push(length)
    add(`${offsets.length} 0 obj\n`, ...body, '\nendobj\n')
  }
  const names = '/Names << /EmbeddedFiles << /Names [(phu-luc.bin) 4 0 R] >> >>'
  object(`<< /Type /Catalog /Pages 2 0 R ${names} >>`)
  object('<< /Type /Pages /Kids [3 0 R] /Count 1 >>')
  object('<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << >> >>')
  object('<< /Type /Filespec /F (phu-luc.bin) /EF << /F 5 0 R >> >>')
  object(
    `<< /Type /EmbeddedFile /Length ${size} >>\nstream\n`,
    ...Array.from({ length: size / (1024 * 1024) }, () => randomBytes(1024 * 1024)),
    '\nendstream',
  )
  const start = length
  const rows = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`)
  add(`xref\n0 ${offsets.length + 1}\n0000000000 65535 f \n`, ...rows)
  add(`trailer\n<< /Size ${offsets.length + 1} /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`)
  return Buffer.concat(parts)
}

/** Time as a ratio to one SHA-256 pass over the file, and the greatest memory of the process. */
export async function measureLargePdf(
  what: 'sign' | 'verify',
  { pki, agency }: BenchInputs,
  atMost: number,
): Promise<Measure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'congvan-bench-'))
  try {
    const plain = largePdf(SIZE)
    const pdf =
      what === 'sign' ? plain : await signPdf(plain, { key: agency, field: 'ky', signingTime: seedTime })
    const file = join(folder, 'large.pdf')
    const given = join(folder, 'given.json')
    writeFileSync(file, pdf)
    const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')
    const { certificate, chain, privateKeyPkcs8 } = pki.samples.agency
    writeFileSync(
      given,
      JSON.stringify({
        certificate: text(certificate),
        chain: chain.map(text),
        privateKeyPkcs8: text(privateKeyPkcs8),
        anchor: text(pki.root),
        crls: pki.crls().map(text),
      }),
      { mode: 0o600 },
    )
    const script = join(import.meta.dirname, 'large-pdf.ts')
    const output = execFileSync(process.execPath, ['--expose-gc', script, what, file, given], {
      encoding: 'utf8',
    })
    const { outcome, rounds, memory } = JSON.parse(output) as {
      outcome: string
      rounds: { raw: number; work: number }[]
      memory: number
    }
    const due = what === 'sign' ? 'signed' : 'TOTAL_PASSED'
    if (outcome !== due) throw new Error(`the large PDF: ${outcome}`)
    const [, middle] = rounds.toSorted((a, b) => a.work / a.raw - b.work / b.raw)
    if (middle === undefined) throw new Error('no rounds')
    const ratio = middle.work / middle.raw
    return [
      {
        name: `pades-${what}-100-mb`,
        value: rounded(middle.work),
        unit: 's',
        raw: rounded(middle.raw),
        ratio: rounded(ratio),
        target: `ratio < ${atMost}`,
        met: ratio < atMost,
      },
      measureBound(`pades-${what}-100-mb-memory`, memory / 1024 / 1024, 'MB', MOST_MEMORY_MB),
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
