import { PassThrough } from 'node:stream'
import { expect } from 'chai'
import type { CommandContext } from '../../cli/command.ts'
import { Output } from '../../cli/output.ts'
import { confirmSending, type SendingSummary, summaryLines } from '../../cli/sending-summary.ts'

const summary: SendingSummary = {
  document: {
    id: '7b0d6c1e-1111-4222-8333-444455556666',
    direction: 'outgoing',
    state: 'issued',
    kind: 'Công văn',
    subject: 'Về việc thử',
    code: { number: '05', notation: 'UBND-VP' },
    promulgationDate: '2026-01-05',
    documentCode: 'H40.12.3,2026/01/05,05/UBND-VP',
    createdAt: '2026-01-05T02:00:00.000Z',
    incoming: null,
    urgency: 3,
    recipients: ['G22', 'H40'],
  },
  files: [{ name: '05-UBND-VP.pdf' }, { name: 'phu-luc.pdf' }],
  recipients: ['G22', 'H49'],
}

function terminal(isTTY: boolean): {
  context: CommandContext
  type: (text: string) => void
  shown: () => string
} {
  const stdin = Object.assign(new PassThrough(), { isTTY })
  const stderr = Object.assign(new PassThrough(), { isTTY })
  let text = ''
  stderr.on('data', (piece) => {
    text += String(piece)
  })
  const io = { stdin, stdout: new PassThrough(), stderr, env: {}, now: () => new Date() }
  const context = { io, output: new Output(io), language: 'vi' as const, json: false, debug: false }
  return { context, type: (typed) => void stdin.write(typed), shown: () => text }
}

describe('cli: what is shown before a document is sent', () => {
  it('names number, urgency, files and recipients, and who is in one list and not in the other [N175]', () => {
    expect(summaryLines(summary, true)).to.deep.equal([
      'Văn bản: 05/UBND-VP Về việc thử',
      'Độ khẩn: hỏa tốc',
      'Tệp: 2 (05-UBND-VP.pdf, phu-luc.pdf)',
      'Nơi nhận: 2 (G22, H49)',
      'Có trong dự thảo, không gửi: H40',
      'Không có trong dự thảo: H49',
    ])
    expect(summaryLines({ ...summary, recipients: ['H40', 'G22'] }, false)).to.have.length(4)
  })

  it('asks at a terminal, where anything but a yes sends nothing, and goes on in a script', async () => {
    for (const [answer, sent] of [
      ['c\n', true],
      ['Có\n', true],
      ['\n', false],
      ['k\n', false],
    ] as const) {
      const { context, type } = terminal(true)
      const asked = confirmSending(summary, context, { yes: false })
      type(answer)
      expect(await asked, JSON.stringify(answer)).to.equal(sent)
    }
    expect(await confirmSending(summary, terminal(true).context, { yes: true })).to.equal(true)
    const script = terminal(false)
    expect(await confirmSending(summary, script.context, { yes: false })).to.equal(true)
    expect(script.shown()).to.include('Nơi nhận: 2 (G22, H49)')
  })
})
