/** What messages of the standard are for, in the forms that real ones have (QCVN 102:2016 as sent on the national axis). */
import { expect } from 'chai'
import type { Business, DocumentMessage } from '../../../server/edxml/envelope.ts'
import { businessOf, recallOf } from '../../../server/relay/message-business.ts'

const ID = '000.00.00.G22,2015/09/30,7816/VPCP-TTĐT'
const OTHER = '000.00.00.G22,2015/08/01,5000/VPCP-TTĐT'

function message(business?: Business, more: Partial<DocumentMessage> = {}): DocumentMessage {
  return {
    from: { organId: '000.00.00.G22', organName: 'Văn phòng Chính phủ' },
    to: [{ organId: '000.00.00.H41', organName: 'Tỉnh' }],
    documentId: ID,
    code: { codeNumber: '7816', codeNotation: 'VPCP-TTĐT' },
    promulgationInfo: { promulgationDate: '2015-09-30' },
    documentType: { type: 1, typeName: 'Công văn' },
    subject: 'Về việc thử nghiệm',
    signerInfo: { fullName: 'Người ký 1' },
    responseFor: [],
    traceHeaders: [{ timestamp: new Date('2015-09-30T00:00:00Z') }],
    notAfter: new Date('2015-10-30T00:00:00Z'),
    attachments: [],
    ...(business === undefined ? {} : { business }),
    ...more,
  }
}

describe('relay: what a message is for', () => {
  it('is a new document without Bussiness, and with type 0 that names itself', () => {
    expect(businessOf(message())).to.equal(undefined)
    expect(businessOf(message({ businessDocType: 0 }))).to.equal(undefined)
    expect(businessOf(message({ businessDocType: 0, documentId: ID }))).to.equal(undefined)
  })

  it('recalls the document of its own header where no other is named, as real recalls do', () => {
    const found = businessOf(message({ businessDocType: 1, businessDocReason: 'Sai' }))
    expect(found?.request).to.deep.equal({
      type: 1,
      targetCode: ID,
      reason: 'Sai',
      change: null,
      asksPaper: false,
    })
  })

  it('speaks of paper in whichever sender’s words, and in ours with as much of the reason as fits', () => {
    const asks = (reason: string) =>
      businessOf(message({ businessDocType: 1, businessDocReason: reason }))?.request?.asksPaper
    expect(asks('Sai thẩm quyền. Đề nghị gửi trả BẢN GIẤY đã nhận.')).to.equal(true)
    expect(asks('Sai; đề nghị gửi lại bản giấy'.normalize('NFD'))).to.equal(true)
    const long = recallOf(ID, 'ệ'.repeat(500), true).businessDocReason ?? ''
    expect([...long]).to.have.length(500)
    expect(long).to.match(/Điều 18\.4a.*ệệệ$/)
    expect(asks(long)).to.equal(true)
    expect(recallOf(ID, 'Sai').businessDocReason).to.equal('Sai')
  })

  it('recalls the one that Bussiness names, while the notice keeps its own id', () => {
    expect(businessOf(message({ businessDocType: 1, documentId: OTHER }))?.request?.targetCode).to.equal(
      OTHER,
    )
  })

  it('updates the one of two ids that Bussiness names, and only what the flags say', () => {
    const receiverList = [
      { organId: '000.00.00.H49', receiverType: 1 as const },
      { organId: '000.00.00.H14', receiverType: 0 as const },
    ]
    const update = (documentInfo: number, documentReceiver: number) =>
      businessOf(
        message(
          {
            businessDocType: 2,
            documentId: OTHER,
            businessDocumentInfo: { documentInfo, documentReceiver, receiverList },
          },
          { dueDate: '2015-12-01' },
        ),
      )?.request
    expect(update(1, 1)).to.deep.equal({
      type: 2,
      targetCode: OTHER,
      reason: null,
      change: {
        dueDate: '2015-12-01',
        receivers: [
          { code: '000.00.00.H49', added: true },
          { code: '000.00.00.H14', added: false },
        ],
      },
      asksPaper: false,
    })
    expect(update(0, 0)?.change).to.deep.equal({})
  })

  it('replaces each document once, though a real message names one twice', () => {
    const twice = {
      businessDocType: 3 as const,
      replacementInfoList: [{ documentId: OTHER }, { documentId: OTHER }],
    }
    expect(businessOf(message(twice))?.links).to.deep.equal([{ kind: 'replaces', targetCode: OTHER }])
  })

  it('corrects another document of the sender by a new one that names it', () => {
    expect(businessOf(message({ businessDocType: 0, documentId: OTHER }))?.links).to.deep.equal([
      { kind: 'corrects', targetCode: OTHER },
    ])
  })
})
