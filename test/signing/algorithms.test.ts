import { execFileSync } from 'node:child_process'
import { constants, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import {
  type DigestAlgorithm,
  digestAcceptableUntil,
  digestAlgorithms,
  digestByOid,
  digestByXml,
  digest as digestOf,
  keyStrength,
  type SignatureScheme,
  signatureAlgorithm,
  signatureAlgorithms,
  signatureByXml,
  signData,
  verifyData,
  verifyParts,
} from '../../signing/algorithms.ts'
import {
  digestAlgorithmIdentifier,
  readDigestAlgorithm,
  readSignatureAlgorithm,
  signatureAlgorithmIdentifier,
} from '../../signing/x509/algorithm-identifier.ts'
import { parseDer } from '../../signing/x509/der.ts'
import { context, integer, nullValue, octetString, oid, sequence } from '../../signing/x509/der-write.ts'
import { requireCorpus } from '../support/corpora.ts'
import { requireProgram } from '../support/programs.ts'

const data = Buffer.from('Nội dung văn bản\n')

/** SHA-1, SHA-2 and SHA-3 of "abc": FIPS 180-4 and FIPS 202, examples with intermediate values. */
const ofAbc: Readonly<Partial<Record<DigestAlgorithm['name'], string>>> = {
  'SHA-1': 'a9993e364706816aba3e25717850c26c9cd0d89d',
  'SHA-224': '23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7',
  'SHA-256': 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  'SHA-512/256': '53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23',
  'SHA3-256': '3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532',
}

describe('algorithms', () => {
  let keys: Readonly<Record<string, KeyObject>>

  before(() => {
    keys = {
      rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
      'P-256': generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
      'P-521': generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey,
      brainpool: generateKeyPairSync('ec', { namedCurve: 'brainpoolP256r1' }).privateKey,
      dsa: generateKeyPairSync('dsa', { modulusLength: 2048, divisorLength: 256 }).privateKey,
      ed25519: generateKeyPairSync('ed25519').privateKey,
      ed448: generateKeyPairSync('ed448').privateKey,
      ...latticeKeys(),
    }
  })

  /** Only where the runtime knows them. */
  function latticeKeys(): Record<string, KeyObject> {
    return Object.fromEntries(
      (['ml-dsa-44', 'ml-dsa-65', 'ml-dsa-87'] as const).flatMap((type) => {
        try {
          return [[type, generateKeyPairSync(type).privateKey]]
        } catch {
          process.stderr.write(`      skipped: this runtime knows no ${type}\n`)
          return []
        }
      }),
    )
  }

  it('have digests of the length and value that the standards give', () => {
    for (const entry of digestAlgorithms) {
      const value = digestOf(entry, Buffer.from('abc'))
      expect(value.length, entry.name).to.equal(entry.size)
      const known = ofAbc[entry.name]
      if (known !== undefined) expect(Buffer.from(value).toString('hex')).to.equal(known)
    }
  })

  it('are told by identifiers that are each of one entry', () => {
    for (const entry of digestAlgorithms) {
      expect(digestByOid(entry.oid)).to.equal(entry)
      if (entry.xml !== null) expect(digestByXml(entry.xml)).to.equal(entry)
      expect(readDigestAlgorithm(parseDer(digestAlgorithmIdentifier(entry)))).to.equal(entry)
    }
    const names = signatureAlgorithms.map(({ name }) => name)
    expect(new Set(names).size).to.equal(names.length)
    for (const entry of signatureAlgorithms) {
      if (entry.xml !== null) expect(signatureByXml(entry.xml), entry.name).to.equal(entry)
      const read = readSignatureAlgorithm(parseDer(signatureAlgorithmIdentifier(entry)))
      expect('unknown' in read ? read.unknown : read.algorithm, entry.name).to.equal(entry)
    }
  })

  it('sign and verify with every key that fits, and with no other', () => {
    let holding = 0
    for (const entry of signatureAlgorithms) {
      for (const [name, key] of Object.entries(keys)) {
        let value: Uint8Array
        try {
          value = signData(entry, key, data)
        } catch {
          continue
        }
        const publicKey = createPublicKey(key)
        if (!verifyData(entry, publicKey, data, value)) continue
        holding += 1
        expect(verifyData(entry, publicKey, Buffer.from('khác'), value), `${entry.name} ${name}`).to.equal(
          false,
        )
        const halves = [data.subarray(0, 5), data.subarray(5)]
        expect(verifyParts(entry, publicKey, halves, value)).to.equal(true)
        for (const other of signatureAlgorithms) {
          if (other === entry) continue
          expect(verifyData(other, publicKey, data, value), `${entry.name} as ${other.name}`).to.equal(false)
        }
      }
    }
    // 12 of RSA in two schemes, 10 of ECDSA with three keys, 5 of DSA, 2 of EdDSA.
    expect(holding).to.be.at.least(24 + 30 + 5 + 2)
  })

  it('take PSS with another digest in MGF1 and any salt length', () => {
    const key = keys.rsa ?? expect.fail('no key')
    const publicKey = createPublicKey(key)
    const sha1 = digestByOid('1.3.14.3.2.26') ?? expect.fail('no SHA-1')
    const algorithm = signatureAlgorithm('RSASSA-PSS', 'SHA-256')
    const restricted = generateKeyPairSync('rsa-pss', {
      modulusLength: 2048,
      hashAlgorithm: 'sha256',
      mgf1HashAlgorithm: 'sha1',
    })
    const value = sign('sha256', data, {
      key: restricted.privateKey,
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: 32,
    })
    const holds = (one: typeof algorithm, by: KeyObject, saltLength: number) =>
      verifyData(one, by, data, value, { mask: sha1, saltLength })
    expect(holds(algorithm, restricted.publicKey, 32)).to.equal(true)
    expect(holds(algorithm, restricted.publicKey, 40)).to.equal(false)
    expect(holds(algorithm, publicKey, 32)).to.equal(false)
    expect(holds(signatureAlgorithm('RSASSA-PSS', 'SHA-384'), restricted.publicKey, 32)).to.equal(false)
  })

  it('are read with the parameters of the standards and no others', () => {
    const read = (...members: Uint8Array[]) => readSignatureAlgorithm(parseDer(sequence(...members)))
    const pss = oid('1.2.840.113549.1.1.10')
    const defaults = read(pss, sequence())
    expect('unknown' in defaults ? defaults : [defaults.algorithm.name, defaults.saltLength]).to.deep.equal([
      'RSASSA-PSS with SHA-1',
      20,
    ])
    expect(read(pss)).to.have.property('unknown')
    expect(read(pss, sequence(context(3, integer(2))))).to.have.property('unknown')
    expect(read(oid('1.3.101.112'), nullValue())).to.have.property('unknown')
    expect(read(oid('1.2.840.113549.1.1.11'))).not.to.have.property('unknown')
    expect(read(oid('1.2.840.113549.1.1.11'), integer(1))).to.have.property('unknown')
    const shake = (bits: number) =>
      readDigestAlgorithm(parseDer(sequence(oid('2.16.840.1.101.3.4.2.18'), integer(bits))))
    expect(shake(512)).to.have.property('name', 'SHAKE256')
    expect(shake(256)).to.have.property('unknown')
  })

  it('of a key restricted to PSS hold with the digest of MGF1 that the key has, and no other', () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa-pss', {
      modulusLength: 2048,
      hashAlgorithm: 'sha256',
      mgf1HashAlgorithm: 'sha1',
    })
    const algorithm = signatureAlgorithm('RSASSA-PSS', 'SHA-256')
    const signature = signData(algorithm, privateKey, data)
    const mask = signatureAlgorithm('RSASSA-PSS', 'SHA-1').digest
    expect(verifyData(algorithm, publicKey, data, signature, { mask })).to.equal(true)
    expect(verifyData(algorithm, publicKey, data, signature)).to.equal(false)
  })

  it('of RSA need an exponent that makes signing hard', () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const modulus = parseDer(publicKey.export({ type: 'pkcs1', format: 'der' })).children[0]?.raw
    const withExponent = (exponent: number) =>
      createPublicKey({
        key: Buffer.from(sequence(modulus ?? expect.fail('no modulus'), integer(exponent))),
        format: 'der',
        type: 'pkcs1',
      })
    // RFC 8017 section 9.2: with the exponent 1 the padded digest is its own signature.
    const algorithm = signatureAlgorithm('RSASSA-PKCS1-v1_5', 'SHA-256')
    const info = sequence(
      sequence(oid(algorithm.digest.oid), nullValue()),
      octetString(digestOf(algorithm.digest, data)),
    )
    const padded = Buffer.concat([Buffer.of(0, 1), Buffer.alloc(253 - info.length, 0xff), Buffer.of(0), info])
    expect(verifyData(algorithm, withExponent(1), data, padded), 'anybody signs').to.equal(true)
    for (const exponent of [1, 2, 4, 65_536]) {
      expect(keyStrength(withExponent(exponent)).acceptable, String(exponent)).to.equal(false)
    }
    for (const exponent of [3, 65_537]) expect(keyStrength(withExponent(exponent)).acceptable).to.equal(true)
  })

  it('are judged by purpose and date', () => {
    const byName = (name: string) => digestAlgorithms.find((one) => one.name === name) ?? expect.fail(name)
    expect(digestAcceptableUntil(byName('SHA-1'), 'document')).to.equal(null)
    expect(digestAcceptableUntil(byName('MD5'), 'time-stamp-imprint')).to.equal(null)
    const until = digestAcceptableUntil(byName('SHA-1'), 'time-stamp-imprint')
    expect(until?.toISOString()).to.equal('2030-03-06T00:00:00.000Z')
    expect(digestAcceptableUntil(byName('SHA-256'), 'document')).to.equal(undefined)
    const weak = Object.entries(keys).flatMap(([name, key]) => (keyStrength(key).acceptable ? [] : [name]))
    expect(weak).to.deep.equal(['dsa'])
    const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey
    expect(keyStrength(small)).to.deep.include({ acceptable: false, name: 'RSA 1024' })
    const unnamed = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey
    expect(keyStrength(unnamed).acceptable).to.equal(false)
  })

  it('verify what openssl signs: PSS with any parameters, SHA-3, ECDSA on all curves', function () {
    requireProgram(this as unknown as Mocha.Context, 'openssl')
    const folder = mkdtempSync(join(tmpdir(), 'congvan-alg-'))
    try {
      writeFileSync(join(folder, 'data'), data)
      const openssl = (key: KeyObject, digest: string, ...options: string[]) => {
        writeFileSync(join(folder, 'key.pem'), key.export({ type: 'pkcs8', format: 'pem' }))
        const sigopt = options.flatMap((option) => ['-sigopt', option])
        const args = ['dgst', `-${digest}`, '-sign', 'key.pem', ...sigopt, '-out', 'value', 'data']
        execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
        return readFileSync(join(folder, 'value'))
      }
      const rsa = keys.rsa ?? expect.fail('no key')
      for (const [digest, mask, saltLength] of [
        ['SHA-256', 'SHA-1', 20],
        ['SHA-256', 'SHA-512', 32],
        ['SHA-512', 'SHA-256', 0],
        ['SHA-384', 'SHA-384', 5],
        ['SHA3-256', 'SHA3-256', 48],
      ] as const) {
        const algorithm = signatureAlgorithm('RSASSA-PSS', digest)
        const maskEntry = digestAlgorithms.find(({ name }) => name === mask) ?? expect.fail(mask)
        const pss = ['rsa_padding_mode:pss', `rsa_pss_saltlen:${saltLength}`, `rsa_mgf1_md:${maskEntry.node}`]
        const value = openssl(rsa, algorithm.digest.node, ...pss)
        const holds = (options: object) => verifyData(algorithm, createPublicKey(rsa), data, value, options)
        expect(holds({ mask: maskEntry, saltLength }), `${digest} ${mask}`).to.equal(true)
        expect(holds({ mask: maskEntry, saltLength: saltLength + 1 })).to.equal(false)
        if (mask !== digest) expect(holds({ saltLength })).to.equal(false)
      }
      for (const digest of ['SHA-224', 'SHA-512', 'SHA3-256', 'SHA3-512'] as const) {
        const pkcs1 = signatureAlgorithm('RSASSA-PKCS1-v1_5', digest)
        const node = pkcs1.digest.node
        expect(verifyData(pkcs1, createPublicKey(rsa), data, openssl(rsa, node))).to.equal(true)
        for (const name of ['P-256', 'P-521', 'brainpool']) {
          const key = keys[name] ?? expect.fail(name)
          const ecdsa = signatureAlgorithm('ECDSA', digest)
          expect(verifyData(ecdsa, createPublicKey(key), data, openssl(key, node)), name).to.equal(true)
        }
      }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  describe('Wycheproof', () => {
    interface Group {
      readonly publicKeyDer?: string
      readonly publicKeyPem?: string
      readonly publicKeyAsn?: string
      readonly sha?: string
      readonly mgf?: string
      readonly mgfSha?: string
      readonly sLen?: number
      readonly tests: readonly { tcId: number; msg: string; sig: string; result: string }[]
    }
    const files: readonly (readonly [string, SignatureScheme, 'der' | 'ieee-p1363'])[] = [
      ['rsa_pss_misc_test.json', 'RSASSA-PSS', 'der'],
      ['rsa_pss_misc_params_test.json', 'RSASSA-PSS', 'der'],
      ['rsa_pss_2048_sha384_mgf1_48_test.json', 'RSASSA-PSS', 'der'],
      ['rsa_signature_3072_sha384_test.json', 'RSASSA-PKCS1-v1_5', 'der'],
      ['ecdsa_secp521r1_sha512_test.json', 'ECDSA', 'der'],
      ['ecdsa_brainpoolP256r1_sha256_test.json', 'ECDSA', 'der'],
      ['ecdsa_brainpoolP512r1_sha512_p1363_test.json', 'ECDSA', 'ieee-p1363'],
      ['ed448_test.json', 'EdDSA', 'der'],
      ['dsa_2048_256_sha256_test.json', 'DSA', 'der'],
    ]
    for (const [file, scheme, ecdsaEncoding] of files) {
      it(file, function () {
        const read = requireCorpus(this as unknown as Mocha.Context, 'wycheproof')
        const parsed: { testGroups: readonly Group[] } = JSON.parse(Buffer.from(read(file)).toString())
        const wrong: string[] = []
        let count = 0
        for (const group of parsed.testGroups) {
          const named = (name: string | undefined) => digestAlgorithms.find((one) => one.name === name)
          const digest = scheme === 'EdDSA' ? named('SHAKE256') : named(group.sha)
          const algorithm = signatureAlgorithms.find(
            (one) => one.scheme === scheme && one.digest === digest && digest !== undefined,
          )
          const mask = named(group.mgfSha)
          // The table has no SHA-512/224 and no SHAKE in MGF1.
          if (algorithm === undefined || (group.mgfSha !== undefined && mask === undefined)) continue
          if (group.mgf !== undefined && group.mgf !== 'MGF1') continue
          const key = createPublicKey({
            key: Buffer.from(group.publicKeyDer ?? '', 'hex'),
            format: 'der',
            type: 'spki',
          })
          for (const { tcId, msg, sig, result } of group.tests) {
            const options = {
              ecdsaEncoding,
              ...(group.sLen === undefined ? {} : { saltLength: group.sLen }),
              ...(mask === undefined ? {} : { mask }),
            }
            const holds = verifyData(
              algorithm,
              key,
              Buffer.from(msg, 'hex'),
              Buffer.from(sig, 'hex'),
              options,
            )
            count += 1
            if (result !== 'acceptable' && holds !== (result === 'valid')) {
              wrong.push(`${tcId} ${result} ${algorithm.name} ${group.mgfSha} ${group.sLen}`)
            }
          }
        }
        expect(count).to.be.at.least(70)
        expect(wrong).to.deep.equal([])
      })
    }
  })
})
