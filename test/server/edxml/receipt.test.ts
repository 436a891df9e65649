import { createHash } from 'node:crypto'
import { expect } from 'chai'
import { codeLabel, isStatusCode, priorities, statusCodes } from '../../../server/edxml/codes.ts'
import { encodeReceipt, openReceipt, type Receipt, sealReceipt } from '../../../server/edxml/receipt.ts'
import { sameKey } from '../../../server/edxml/values.ts'
import { nodeKeyFingerprint } from '../../../signing/index.ts'
import { createAuthority } from '../../signing/xml/support.ts'
import { vectors } from './vectors.ts'

const key = createAuthority('Thử nghiệm').issue('Nút 1')
const keyFingerprints = [nodeKeyFingerprint(key.certificate)]
const sealedAt = new Date('2025-06-30T01:02:03Z')

describe('receipts', () => {
  for (const vector of vectors('receipt')) {
    it(`writes ${vector.name} as the vector says and opens it again`, async () => {
      const receipt = vector.message as Receipt
      const xml = encodeReceipt(receipt)
      expect(xml).to.equal(vector.xml)
      expect(createHash('sha256').update(xml).digest('hex')).to.equal(vector.sha256)
      const sealed = await sealReceipt(receipt, { key, sealedAt })
      expect(openReceipt(sealed.xml, { keyFingerprints })).to.deep.include({
        message: receipt,
        sha256: sealed.sha256,
        sealedAt,
      })
    })
  }

  it('form a chain by the hash of the sealed bytes', async () => {
    const [vector] = vectors('receipt')
    const first = { ...(vector?.message as Receipt), previousReceiptSha256: null }
    const sealed = await sealReceipt(first, { key, sealedAt })
    const next = await sealReceipt({ ...first, previousReceiptSha256: sealed.sha256 }, { key, sealedAt })
    expect(openReceipt(next.xml, { keyFingerprints }).message.previousReceiptSha256).to.equal(
      createHash('sha256').update(sealed.xml).digest('hex'),
    )
  })
})

describe('code tables', () => {
  it('label known codes and leave others alone', () => {
    expect(codeLabel(statusCodes, '03')).to.deep.equal({ vi: 'Đã tiếp nhận', en: 'accepted' })
    expect(codeLabel(statusCodes, '07')).to.equal(undefined)
    expect(codeLabel(statusCodes, 'toString')).to.equal(undefined)
    expect(codeLabel(priorities, 4)?.en).to.equal('express with a set time')
    expect(isStatusCode('constructor')).to.equal(false)
    expect(Object.keys(statusCodes).sort()).to.deep.equal([
      '01',
      '02',
      '03',
      '04',
      '05',
      '06',
      '13',
      '15',
      '16',
    ])
  })

  it('compare keys in NFC', () => {
    expect(sameKey('31/QĐ-ệ'.normalize('NFC'), '31/QĐ-ệ'.normalize('NFD'))).to.equal(true)
    expect(sameKey('31/QD', '31/QĐ')).to.equal(false)
  })
})
