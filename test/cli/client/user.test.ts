import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { expect } from 'chai'
import { Secret, TOTP } from 'otpauth'
import { run } from '../../../cli/main.ts'
import { type ApiNode, PASSWORD, startApiNode } from '../../server/api/node.ts'

describe('cli: congvan user', () => {
  let node: ApiNode
  let home: string
  before(async () => {
    node = await startApiNode({ logins: ['commune-administrator', 'commune-clerk', 'commune-leader'] })
    home = mkdtempSync(join(tmpdir(), 'congvan-user-'))
  })
  after(async () => {
    await node.close()
    rmSync(home, { recursive: true, force: true })
  })

  /** Runs one command as a person of the own home folder; JSON of standard output, line by line. */
  async function as(person: string, ...argv: string[]) {
    const stdout = new PassThrough()
    const stderr = new PassThrough()
    const env = { HOME: join(home, person), CONGVAN_NODE: node.url }
    const exit = await run(['user', ...argv, '--json', '--lang', 'en'], {
      stdin: new PassThrough(),
      stdout,
      stderr,
      env,
      now: () => new Date(),
    })
    const out = String(stdout.read() ?? '')
    const lines = out.split('\n').filter((line) => line !== '')
    const answers = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
    const error = String(stderr.read() ?? '')
    return { exit, answers, first: answers[0] ?? {}, error }
  }
  function file(content: string): string {
    const path = join(home, `secret-${Math.random().toString(36).slice(2)}`)
    writeFileSync(path, `${content}\n`, { mode: 0o600 })
    return path
  }
  const signIn = (person: string, password = PASSWORD, ...more: string[]) =>
    as(person, 'sign-in', person, '--password-file', file(password), ...more)

  it('signs in and out, and lists and ends what is open', async () => {
    expect((await signIn('commune-clerk')).exit).to.equal(0)
    const made = await as('commune-clerk', 'token', 'kịch bản', '--days', '3', '--scope', 'document.read')
    expect(made.first.token).to.match(/^cv_/)
    const { answers } = await as('commune-clerk', 'sessions')
    expect(answers.map((one) => [one.kind, one.current])).to.have.deep.members([
      ['api', false],
      ['session', true],
    ])
    expect((await as('commune-clerk', 'end', String(made.first.id))).exit).to.equal(0)
    expect((await as('commune-clerk', 'end', '--all')).first).to.deep.equal({ ended: 0 })
    expect((await as('commune-clerk', 'end')).exit).to.equal(64)
    expect((await as('commune-clerk', 'sign-out')).exit).to.equal(0)
    const after = await as('commune-clerk', 'sessions')
    expect([after.exit, after.error]).to.deep.equal([77, after.error])
    expect(after.error).to.contain('NOT_AUTHENTICATED')
    const kept = readFileSync(join(home, 'commune-clerk', '.config', 'congvan', 'sessions.json'), 'utf8')
    expect(kept).not.to.contain('cv_')
  })

  it('manages accounts: roles, one-time passwords, closing and opening', async () => {
    await signIn('commune-administrator')
    const act = (...argv: string[]) => as('commune-administrator', ...argv)
    const granted = await act('grant', 'commune-clerk', 'specialist', '--reason', 'QĐ 1')
    expect(granted.first).to.deep.equal({ login: 'commune-clerk', role: 'specialist', changed: true })
    const { answers } = await act('list', '--reason', 'QĐ 1')
    expect(answers.map((one) => one.login)).to.deep.equal(['commune-clerk'])
    const revoked = await act('revoke', 'commune-clerk', 'specialist', '--reason', 'thôi kiêm nhiệm')
    expect((revoked.first.revoked as { role: string }[]).map((one) => one.role)).to.deep.equal(['specialist'])
    const none = await act('disable', 'khong-co', '--reason', 'x')
    expect([none.exit, none.error.includes('NOT_FOUND')]).to.deep.equal([66, true])
    expect((await act('disable', 'commune-clerk')).exit, 'without a reason').to.equal(64)

    const reset = await act('reset-password', 'commune-clerk', '--reason', 'quên')
    const given = String(reset.first.oneTimePassword)
    expect((await signIn('commune-clerk', given)).first.mustChangePassword).to.equal(true)
    const changed = await as(
      'commune-clerk',
      'password',
      '--password-file',
      file(given),
      '--new-password-file',
      file(PASSWORD),
    )
    expect(changed.first).to.include({ changed: true })
    await act('disable', 'commune-clerk', '--reason', 'nghỉ')
    expect((await signIn('commune-clerk')).error).to.contain('SIGN_IN_FAILED')
    await act('enable', 'commune-clerk', '--reason', 'trở lại')
    expect((await signIn('commune-clerk')).exit).to.equal(0)

    await signIn('commune-leader')
    const changes = (await as('commune-leader', 'changes')).answers
    const last = changes.find((one) => one.kind === 'role-granted' && one.right === 'specialist')
    const settled = await as('commune-leader', 'confirm-change', String(last?.id))
    expect(settled.first).to.deep.equal({ id: last?.id, outcome: 'confirmed' })
  })

  it('enrols a second factor and signs in with a code from a file', async () => {
    await signIn('commune-leader')
    const made = await as('commune-leader', 'totp', 'enrol', '--password-file', file(PASSWORD))
    const secret = Secret.fromBase32(String(made.first.secret))
    const code = (ahead: number) => TOTP.generate({ secret, timestamp: Date.now() + ahead * 1000 })
    const on = await as('commune-leader', 'totp', 'confirm', '--otp-file', file(code(-30)))
    expect(on.first.recoveryCodes, on.error).to.have.length(10)
    const without = await signIn('commune-leader')
    expect([without.exit, without.error.includes('OTP_REQUIRED')]).to.deep.equal([77, true])
    const [recovery = ''] = on.first.recoveryCodes as string[]
    expect((await signIn('commune-leader', PASSWORD, '--otp-file', file(recovery))).exit).to.equal(0)
    const off = await as(
      'commune-leader',
      'totp',
      'remove',
      '--password-file',
      file(PASSWORD),
      '--otp-file',
      file(code(30)),
    )
    expect(off.first, off.error).to.deep.equal({ enrolled: false })
  })
})
