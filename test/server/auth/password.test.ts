import { scryptSync } from 'node:crypto'
import { expect } from 'chai'
import { checkPassword, hashPassword } from '../../../server/auth/password.ts'
import { CongvanError } from '../../../server/errors.ts'

describe('password', () => {
  it('accepts the right one only, whatever its Unicode form', async () => {
    const stored = await hashPassword('mật khẩu dài')
    expect(await checkPassword('mật khẩu dài'.normalize('NFD'), stored)).to.equal(true)
    expect(await checkPassword('mật khẩu dàj', stored)).to.equal(false)
  })

  it('is scrypt with the parameters that stand beside the hash', async () => {
    const stored = await hashPassword('mười ký tự trở lên')
    const [, , parameters, salt, hash] = stored.split('$')
    expect(parameters).to.equal('ln=15,r=8,p=1')
    const expected = scryptSync(
      'mười ký tự trở lên'.normalize('NFKC'),
      Buffer.from(salt ?? '', 'base64url'),
      32,
      {
        N: 2 ** 15,
        r: 8,
        p: 1,
        maxmem: 64 * 1024 * 1024,
      },
    )
    expect(hash).to.equal(expected.toString('base64url'))
  })

  it('is false for a user who does not exist', async () => {
    expect(await checkPassword('', null)).to.equal(false)
  })

  it('refuses a short password', async () => {
    const error = await hashPassword('ngắn').catch((caught: unknown) => caught)
    expect(error).to.be.instanceOf(CongvanError)
  })
})
