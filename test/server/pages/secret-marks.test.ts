import { expect } from 'chai'
import { draftMetadata, findSecretInDraft } from '../../../server/outgoing/draft-metadata.ts'
import { findSecretInName, findSecretMark } from '../../../server/pages/secret-marks.ts'

describe('marks of secrecy', () => {
  for (const [text, mark] of [
    ['MẬT', 'MẬT'],
    ['Mật', 'MẬT'],
    ['  tối  mật ', 'TỐI MẬT'],
    ['Tuyệt mật', 'TUYỆT MẬT'],
    ['(Mật)', 'MẬT'],
    ['Báo cáo tình hình biên giới (TỐI MẬT)', 'TỐI MẬT'],
    ['MẬT - Báo cáo tình hình biên giới', 'MẬT'],
    ['Mật: báo cáo tình hình biên giới', 'MẬT'],
    ['báo cáo tình hình biên giới – Tuyệt mật', 'TUYỆT MẬT'],
    ['Báo cáo MẬT về tình hình biên giới', 'MẬT'],
    ['Kế hoạch TỐI MẬT của đơn vị', 'TỐI MẬT'],
    ['báo cáo tình hình, độ mật: Mật', 'MẬT'],
    ['báo cáo tình hình (độ mật Tối mật) năm 2026', 'TỐI MẬT'],
    ['MẬT'.normalize('NFD'), 'MẬT'],
  ] as const) {
    it(`sees ${mark} in "${text}"`, () => expect(findSecretMark(text)).to.equal(mark))
  }

  for (const [name, mark] of [
    ['Mật.pdf', 'MẬT'],
    ['MẬT-Báo cáo biên giới.docx', 'MẬT'],
    ['Báo-cáo_TỐI-MẬT_tháng-1.pdf', 'TỐI MẬT'],
    ['(Tuyệt mật) kế hoạch.xlsx', 'TUYỆT MẬT'],
    ['mật - báo cáo.pdf', 'MẬT'],
    ['TOI-MAT.pdf', 'TỐI MẬT'],
    ['toi_mat.pdf', 'TỐI MẬT'],
    ['Phu-luc-TUYET-MAT-so-1.pdf', 'TUYỆT MẬT'],
    ['TỐI MẬT'.normalize('NFD'), 'TỐI MẬT'],
  ] as const) {
    it(`sees ${mark} in the name "${name}"`, () => expect(findSecretInName(name)).to.equal(mark))
  }

  for (const name of [
    'Báo-cáo-bảo-vệ-bí-mật.pdf',
    'mat-do-dan-so.pdf',
    'Bang-MAT-cat.pdf',
    'toi-mat-gio.pdf',
    'PHU-LUC-TOI-MATERIAL.pdf',
    'quy-che-tai-lieu-mật-2026.pdf',
    '.pdf',
    '',
  ]) {
    it(`sees no mark in the name "${name}"`, () => expect(findSecretInName(name)).to.equal(undefined))
  }

  for (const text of [
    'V/v tăng cường công tác bảo vệ bí mật nhà nước',
    'BÁO CÁO CÔNG TÁC BẢO VỆ BÍ MẬT NHÀ NƯỚC',
    'Kế hoạch bảo mật hệ thống thông tin',
    'KẾ HOẠCH BẢO MẬT HỆ THỐNG THÔNG TIN',
    'hướng dẫn đổi mật khẩu và quản lý khóa bí mật',
    'thanh tra việc quản lý tài liệu mật tại các đơn vị',
    'Báo cáo về mật độ dân số; mật ong Hải Hậu',
    'Quy chế về danh mục bí mật nhà nước độ Tối mật trong ngành y tế',
    'tổng kết năm 2025',
    'danh mục bí mật nhà nước độ Tuyệt mật, độ Tối mật, độ Mật thuộc lĩnh vực nội vụ',
    'sửa đổi danh mục tài liệu độ Tuyệt mật, Tối mật, Mật',
    'UBND-VP',
  ]) {
    it(`sees no mark in "${text}"`, () => expect(findSecretMark(text)).to.equal(undefined))
  }

  it('are looked for in every field that a clerk fills, and the field is named', () => {
    const said = {
      kind: 'Công văn',
      subject: 'báo cáo',
      symbol: 'UBND-VP',
      place: null,
      signer: { name: 'Người ký 1', position: 'Chủ tịch', competence: null },
    }
    expect(findSecretInDraft(said)).to.equal(undefined)
    expect(findSecretInDraft({ ...said, place: 'Mật' })).to.deep.equal({ field: 'place', mark: 'MẬT' })
    const signer = { ...said.signer, competence: 'TM. UBND (Mật)' }
    expect(findSecretInDraft({ ...said, signer })?.field).to.equal('signer.competence')
  })

  it('have no place in the urgency: no value of it means secret', () => {
    const draft = { kind: 'Công văn', subject: 'x', symbol: 'UBND-VP', signer: { name: 'Người ký 1' } }
    for (const urgency of [0, 1, 2, 3]) {
      expect(draftMetadata.safeParse({ ...draft, urgency }).success, String(urgency)).to.equal(true)
    }
    for (const urgency of [4, 5, 9, -1, 1.5, 'MẬT']) {
      expect(draftMetadata.safeParse({ ...draft, urgency }).success, String(urgency)).to.equal(false)
    }
  })
})
