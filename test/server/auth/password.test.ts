import { scryptSync } from 'node:crypto'
import { expect } from 'chai'
import { checkPassword, hashPassword } from '../../../server/auth/password.ts'
import { CongvanError } from '../../../server/errors.ts'

/** Of a guess, as `config.ts` sets it. */
const COST = 15

describe('password', () => {
  it('accepts the right one only, whatever its Unicode form', async () => {
    const stored = await hashPassword('mật khẩu dài', COST)
    expect(await checkPassword('mật khẩu dài'.normalize('NFD'), stored, COST)).to.equal(true)
    expect(await checkPassword('mật khẩu dàj', stored, COST)).to.equal(false)
  })

  it('is scrypt with the parameters that stand beside the hash', async () => {
    const stored = await hashPassword('mười ký tự trở lên', COST)
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
    expect(await checkPassword('', null, COST)).to.equal(false)
  })

  it('takes one at a time and refuses a crowd, so that file work keeps its threads', async () => {
    const crowd = await Promise.all(
      Array.from({ length: 60 }, () =>
        checkPassword('x', '$scrypt$ln=4,r=8,p=1$AAAA$AAAA', COST).catch((error: unknown) => error),
      ),
    )
    const refused = crowd.filter((one) => one instanceof CongvanError && one.code === 'TOO_MANY_SIGN_INS')
    // One runs, fifty wait.
    expect(refused).to.have.length(9)
    expect(await checkPassword('x', '$scrypt$ln=4,r=8,p=1$AAAA$AAAA', COST)).to.equal(false)
  })

  it('refuses a short password', async () => {
    const error = await hashPassword('ngắn', COST).catch((caught: unknown) => caught)
    expect(error).to.be.instanceOf(CongvanError)
  })
})
