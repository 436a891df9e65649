import { expect } from 'chai'
import { numberFindings } from '../../../server/documents/examination.ts'

describe('documents: number and symbol as the page shows them', () => {
  const codes = (rows: string[], number: string, notation: string, filled: string | null = null) =>
    numberFindings(rows, filled, { number, notation }).map((one) => one.code)

  // Quoted by the law itself: 30/2020/NĐ-CP, 64/2025/QH15; Phụ lục I, II.3c: 15/QĐ-BNV, 05/BNV-VP.
  it('are those of the message, with the year in the symbol of a legal normative document', () => {
    for (const [row, number, notation] of [
      ['Số: 15/QĐ-BNV', '15', 'QĐ-BNV'],
      ['Số: 05/BNV-VP', '5', 'BNV-VP'],
      ['BỘ NỘI VỤ Số: 30/2020/NĐ-CP Hà Nội, ngày 05 tháng 3 năm 2020', '30', '2020/NĐ-CP'],
      ['Luật số: 64/2025/QH15', '64', '2025/QH15'],
      ['Số: 0001/GPXD-UBND', '0001', 'GPXD-UBND'],
    ] as const)
      expect(codes([row], number, notation), row).to.deep.equal([])
    expect(codes(['Số:        /2026/QĐ-UBND'], '01', '2026/QĐ-UBND', '01')).to.deep.equal([])
  })

  it('differ where the year or the symbol does', () => {
    for (const [row, notation] of [
      ['Số: 30/2020/NĐ-CP', '2021/NĐ-CP'],
      ['Số: 30/2020/NĐ-CP', 'NĐ-CP'],
      ['Số: 30/QĐ-UBND', '2026/QĐ-UBND'],
    ] as const)
      expect(codes([row], '30', notation), `${row} ${notation}`).to.deep.equal(['NUMBER_DIFFERS'])
    expect(codes(['Kính gửi: Ủy ban nhân dân'], '30', 'NĐ-CP')).to.deep.equal(['NUMBER_NOT_FOUND'])
  })
})
