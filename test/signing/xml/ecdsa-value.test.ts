import { execFileSync } from 'node:child_process'
import { createPublicKey, generateKeyPairSync, sign, X509Certificate } from 'node:crypto'
import { expect } from 'chai'
import fc from 'fast-check'
import { signatureAlgorithm, verifyData } from '../../../signing/algorithms.ts'
import { nodeKeyFingerprint } from '../../../signing/x509/fingerprint.ts'
import { ecdsaValueForXml, isLowS } from '../../../signing/xml/ecdsa-value.ts'
import { requireProgram } from '../../support/programs.ts'
import { refusalOf } from './expect-code.ts'
import { createAuthority, toPem } from './support.ts'

describe('ECDSA values in XML', () => {
  for (const [curve, size, digest] of [
    ['P-256', 32, 'SHA-256'],
    ['P-384', 48, 'SHA-384'],
    ['P-521', 66, 'SHA-512'],
    ['brainpoolP256r1', 32, 'SHA-256'],
    ['brainpoolP384r1', 48, 'SHA-384'],
    ['brainpoolP512r1', 64, 'SHA-512'],
  ] as const) {
    it(`${curve}: r‖s of fixed length, the smaller s, still valid`, () => {
      const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: curve })
      const algorithm = signatureAlgorithm('ECDSA', digest)
      for (let run = 0; run < 40; run += 1) {
        const data = Buffer.from([run])
        const value = ecdsaValueForXml(sign(algorithm.digest.node, data, privateKey), publicKey)
        expect(value).to.have.length(2 * size)
        expect(isLowS(value, publicKey)).to.equal(true)
        expect(verifyData(algorithm, publicKey, data, value, { ecdsaEncoding: 'ieee-p1363' })).to.equal(true)
      }
    })
  }

  const { publicKey: p256 } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const read = (hex: string) => Buffer.from(ecdsaValueForXml(Buffer.from(hex, 'hex'), p256)).toString('hex')

  it('pads short integers and drops the sign byte', () => {
    expect(read('3006020101020102')).to.equal(`${'01'.padStart(64, '0')}${'02'.padStart(64, '0')}`)
    expect(read('300702020080020102')).to.equal(`${'80'.padStart(64, '0')}${'02'.padStart(64, '0')}`)
  })

  it('refuses what is no ECDSA value', () => {
    for (const hex of [
      '',
      '30',
      '3000',
      '3006020101020102ff',
      '30050201010201',
      '30060201010201',
      '3106020101020102',
      '3006020101030102',
      '308106020101020102',
      '3009020101020102020103',
      '30050200020101',
      `30260221${'7f'.repeat(33)}020101`,
    ]) {
      expect(
        refusalOf(() => read(hex)),
        hex,
      ).to.equal('DER_MALFORMED')
    }
  })

  it('never fails in another way on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        expect(refusalOf(() => ecdsaValueForXml(bytes, p256))).to.be.oneOf([null, 'DER_MALFORMED'])
      }),
    )
  })

  it('refuses other curves', () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' })
    expect(refusalOf(() => isLowS(new Uint8Array(64), publicKey))).to.equal('ALGORITHM_UNSUPPORTED')
  })
})

describe('node key fingerprint', () => {
  const provider = createAuthority('Thử nghiệm').issue('Nút 1')

  it('is the same for certificate and key', () => {
    const { publicKey } = new X509Certificate(provider.certificate)
    expect(nodeKeyFingerprint(provider.certificate)).to.equal(nodeKeyFingerprint(publicKey))
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    expect(nodeKeyFingerprint(privateKey)).to.equal(nodeKeyFingerprint(createPublicKey(privateKey)))
  })

  it('is what openssl computes', function () {
    requireProgram(this, 'openssl')
    const input = toPem(provider.certificate)
    const pem = execFileSync('openssl', ['x509', '-noout', '-pubkey'], { input })
    const der = execFileSync('openssl', ['pkey', '-pubin', '-outform', 'DER'], { input: pem })
    const said = execFileSync('openssl', ['dgst', '-sha256', '-r'], { input: der }).toString()
    expect(said.slice(0, 64)).to.equal(nodeKeyFingerprint(provider.certificate))
  })

  it('refuses what is no certificate, and data after one', () => {
    expect(refusalOf(() => nodeKeyFingerprint(Buffer.from('x')))).to.equal('CERTIFICATE_MALFORMED')
    const longer = Buffer.concat([provider.certificate, Buffer.from([0])])
    expect(refusalOf(() => nodeKeyFingerprint(longer))).to.equal('CERTIFICATE_MALFORMED')
  })
})
