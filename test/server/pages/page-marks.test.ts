/** Marks of secrecy by where they stand and what stands around them. */
import { expect } from 'chai'
import { findSecretMarkOnPage, isWithoutText } from '../../../server/pages/page-marks.ts'
import { type Line, pageOf } from './page-texts.ts'

/** The head of a letter and the beginning of its body. */
const letter: readonly Line[] = [
  { text: 'UBND HUYỆN HẢI HẬU', x: 39, y: 26, width: 46, size: 12 },
  { text: 'ỦY BAN NHÂN DÂN', x: 42, y: 31, width: 40, size: 12 },
  { text: 'XÃ HẢI MINH', x: 48, y: 36, width: 28, size: 12 },
  { text: 'CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM', x: 102, y: 26, width: 88, size: 12 },
  { text: 'Độc lập - Tự do - Hạnh phúc', x: 118, y: 31, width: 56 },
  { text: 'Số: 05/UBND-VP', x: 44, y: 46, width: 36 },
  { text: 'Hải Minh, ngày 05 tháng 01 năm 2026', x: 110, y: 46, width: 72 },
  { text: 'V/v báo cáo công tác bảo vệ', x: 40, y: 53, width: 44, size: 12 },
  { text: 'Kính gửi: Ủy ban nhân dân huyện Hải Hậu', x: 70, y: 90, width: 85, size: 14 },
]
const body = (...lines: readonly string[]): Line[] =>
  lines.map((text, i) => ({
    text,
    x: 30,
    y: 102 + i * 6.5,
    width: Math.min(164, text.length * 2.1),
    size: 14,
  }))

const found = (...lines: readonly Line[]) => findSecretMarkOnPage(pageOf([...letter, ...lines]))

describe('marks of secrecy on the first page', () => {
  const inBox = { x: 55, y: 66, size: 14 }
  for (const [label, line, mark] of [
    ['in box 10a', { ...inBox, text: 'MẬT', width: 12 }, 'MẬT'],
    ['TỐI MẬT', { ...inBox, text: 'TỐI MẬT', width: 22 }, 'TỐI MẬT'],
    ['TUYỆT MẬT', { ...inBox, text: 'TUYỆT  MẬT', width: 30 }, 'TUYỆT MẬT'],
    ['with its letters set apart', { ...inBox, text: 'M Ậ T', width: 16 }, 'MẬT'],
    ['decomposed', { ...inBox, text: 'TỐI MẬT'.normalize('NFD'), width: 22 }, 'TỐI MẬT'],
    ['in a frame of brackets', { ...inBox, text: '[ TUYỆT MẬT ]', width: 34 }, 'TUYỆT MẬT'],
    ['with an urgency', { ...inBox, text: 'TỐI MẬT - HỎA TỐC', width: 46 }, 'TỐI MẬT'],
    ['close under the subject', { text: 'MẬT', x: 56, y: 58, width: 12, size: 12 }, 'MẬT'],
    ['beside the head, upper right', { text: 'TỐI MẬT', x: 170, y: 15, width: 22, size: 13 }, 'TỐI MẬT'],
    ['above everything', { text: 'MẬT', x: 30, y: 14, width: 12, size: 16 }, 'MẬT'],
    ['told by a form', { text: 'Độ mật: Tối mật', x: 30, y: 200, width: 35, size: 13 }, 'TỐI MẬT'],
  ] as const) {
    it(`are found ${label} [K079 N036]`, () => {
      expect(found(line)).to.equal(mark)
    })
  }

  it('are found in pieces that a program shows one by one', () => {
    const pieces = [...'TUYỆT MẬT'].map((text, i) => ({ text, x: 55 + i * 3.3, y: 66, width: 3.2, size: 14 }))
    expect(found(...pieces.filter(({ text }) => text !== ' '))).to.equal('TUYỆT MẬT')
  })

  it('are not seen in sentences, headings and names', () => {
    const sentences = [
      'Thực hiện Luật Bảo vệ bí mật nhà nước ngày 15 tháng 11 năm 2018, Ủy ban nhân dân xã',
      'không thuộc danh mục bí mật nhà nước; sản phẩm mật ong, mật mía của hợp tác xã',
      'Cán bộ giữ bí mật nội dung văn bản; khóa bí mật do văn thư quản lý.',
      'độ mật gồm tuyệt mật, tối mật và mật theo quy định tại Điều 8.',
      'Việc xác định độ Tuyệt mật, Tối mật, Mật của tài liệu do người ký quyết định.',
      'Mật độ dân số của xã là 1.250 người/km2; mật khẩu phải đổi ba tháng một lần.',
      'BÁO CÁO CÔNG TÁC BẢO VỆ BÍ MẬT NHÀ NƯỚC NĂM 2025',
      'HỢP TÁC XÃ MẬT ONG HẢI MINH',
      'MẬT ONG RỪNG',
      'BÍ MẬT NHÀ NƯỚC',
      'Nguyễn Mật',
      'NGUYỄN VĂN MẬT',
      'Ông Mật, bà Tối Mật',
      'Mật',
      'mật',
      'Tối mật',
      '- MẬT: theo Điều 8;',
      'a) Tuyệt mật;',
      'MẬT THƯ',
      'CƠ MẬT',
    ]
    for (const text of sentences) {
      expect(found(...body(text)), text).to.equal(undefined)
      expect(
        found({ text, x: 35, y: 66, width: Math.min(60, text.length * 2.2), size: 12 }),
        `${text}, in the head`,
      ).to.equal(undefined)
    }
  })

  it('are not the last word of a heading or of a paragraph that was broken before it', () => {
    const heading = [
      { text: 'QUY ĐỊNH VỀ QUẢN LÝ TÀI LIỆU CÓ DẤU CHỈ ĐỘ', x: 60, y: 74, width: 104, size: 14 },
      { text: 'MẬT', x: 106, y: 80, width: 12, size: 14 },
    ]
    expect(found(...heading)).to.equal(undefined)
    expect(
      found(...body('và các tài liệu khác mà cơ quan có thẩm quyền đóng dấu chỉ mức độ', 'MẬT')),
    ).to.equal(undefined)
  })

  it('are not the columns of a table that names all of them', () => {
    const cells = ['TUYỆT MẬT', 'TỐI MẬT', 'MẬT'].map((text, i) => ({
      text,
      x: 30 + i * 40,
      y: 120,
      width: 24,
      size: 12,
    }))
    expect(found(...cells)).to.equal(undefined)
  })

  it('are not looked for at the foot of the page', () => {
    expect(found({ text: 'MẬT', x: 30, y: 280, width: 12, size: 12 })).to.equal(undefined)
  })

  it('cannot be read off a picture: a page without text is told from one with', () => {
    expect(isWithoutText(undefined)).to.equal(true)
    expect(isWithoutText(pageOf([]))).to.equal(true)
    expect(isWithoutText(pageOf([{ text: 'Scanned by a device 2026', x: 10, y: 290, size: 8 }]))).to.equal(
      true,
    )
    expect(isWithoutText(pageOf(letter))).to.equal(false)
  })
})
