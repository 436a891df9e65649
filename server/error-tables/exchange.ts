import type { ErrorEntry } from './entry.ts'

/** The directory, peers and the relay. */
export const exchangeErrors = {
  // Directory
  AGENCY_CODE_MALFORMED: {
    status: 400,
    exit: 65,
    vi: 'Mã định danh "{code}" sai dạng: {reason}',
    en: 'the agency code "{code}" is malformed: {reason}',
  },
  AGENCY_CODE_UNKNOWN: {
    status: 404,
    exit: 65,
    vi: 'Không có cơ quan nào mang mã "{code}" vào ngày {date}',
    en: 'no agency has the code "{code}" on {date}',
  },
  AGENCY_CLOSED: {
    status: 409,
    exit: 65,
    vi: 'Cơ quan "{code}" đã đóng từ ngày {date}; cơ quan kế thừa: {successors}',
    en: 'the agency "{code}" is closed since {date}; successors: {successors}',
  },
  DIRECTORY_IMPORT_INVALID: {
    status: 422,
    exit: 65,
    vi: 'Danh bạ có {count} lỗi, chưa nhập gì:\n{problems}',
    en: 'the directory has {count} problems, nothing was imported:\n{problems}',
  },
  DIRECTORY_FEED_REJECTED: {
    status: 422,
    exit: 65,
    vi: 'Phần danh bạ của nút {issuer} bị từ chối: {reason}',
    en: 'the directory part of node {issuer} was rejected: {reason}',
  },
  NO_ROUTE: {
    status: 422,
    exit: 65,
    vi: 'Không có đường đi tới cơ quan "{code}": {reason}',
    en: 'there is no route to the agency "{code}": {reason}',
  },
  // Node to node
  PEER_NOT_AUTHENTICATED: {
    status: 401,
    exit: 77,
    vi: 'Không xác thực được nút gửi yêu cầu: {reason}',
    en: 'the requesting node is not authenticated: {reason}',
  },
  PEER_ANSWER_NOT_AUTHENTIC: {
    status: 502,
    exit: 69,
    vi: 'Câu trả lời không chứng tỏ được là của nút {node}: {reason}',
    en: 'the answer is not proven to come from the node {node}: {reason}',
    hint: {
      vi: 'kiểm tra địa chỉ và dấu vân tay khóa của nút',
      en: 'check the address and the key fingerprint of the node',
    },
  },
  PEER_FAULT: {
    status: 502,
    exit: 69,
    vi: 'Nút {node} trả lời lỗi {code}: {title}',
    en: 'the node {node} answered the error {code}: {title}',
  },
  // Relay: the typed faults of /relay/v1 and what a clerk meets when dispatching
  DISPATCH_INVALID: {
    status: 422,
    exit: 65,
    vi: 'Không gửi được văn bản: {reason}',
    en: 'the document cannot be dispatched: {reason}',
  },
  DELIVERY_NOT_ENDED: {
    status: 409,
    exit: 65,
    vi: 'Lượt gửi tới {recipient} đang ở trạng thái "{state}"; chỉ gửi lại lượt đã hỏng hoặc hết hạn',
    en: 'the delivery to {recipient} is "{state}"; only one that ended undeliverable or expired is sent again',
  },
  DELIVERY_TRIED_AGAIN: {
    status: 409,
    exit: 65,
    vi: 'Đã gửi lại tới {recipient}: lần thứ {series}, lượt gửi {delivery}',
    en: 'it was sent to {recipient} again already: attempt {series}, delivery {delivery}',
  },
  ENVELOPE_GONE: {
    status: 409,
    exit: 65,
    vi: 'Nội dung gói tin {envelope} đã được xóa khỏi nút, không gửi lại được',
    en: 'the content of the envelope {envelope} was removed from this node; it cannot be sent again',
  },
  BRANCH_COMMITTING: {
    status: 409,
    exit: 75,
    vi: 'Nút {peer} đã được yêu cầu nhận: chỉ nút ấy biết đã nhận hay chưa, nên không hủy được',
    en: 'the node {peer} was asked to take it: only that node knows whether it has, so it cannot be cancelled',
    hint: { vi: 'congvan peer test {peer}', en: 'congvan peer test {peer}' },
  },
  BRANCH_ENDED: {
    status: 409,
    exit: 65,
    vi: 'Nhánh {id} đã kết thúc: {outcome}',
    en: 'the branch {id} has ended: {outcome}',
  },
  EVIDENCE_NOT_CANCELLED: {
    status: 409,
    exit: 65,
    vi: '{id} là biên nhận hoặc trạng thái: chứng cứ không hủy được, chỉ gửi lại được',
    en: '{id} is a receipt or status: evidence is not cancelled, it can only be sent again',
  },
  RELAY_COLLISION: {
    status: 409,
    exit: 65,
    vi: 'Mã {id} đã dùng cho nội dung khác',
    en: 'the id {id} was used for other content',
  },
  RELAY_OFF_ROUTE: {
    status: 422,
    exit: 65,
    vi: 'Nút {peer} không nằm trên đường đi của gói tin: {reason}',
    en: 'the node {peer} is not on the route of this envelope: {reason}',
  },
  RELAY_LOOP: {
    status: 422,
    exit: 65,
    vi: 'Gói tin đi vòng: nút {node} đã có trong đường đi',
    en: 'the envelope goes round in a loop: the node {node} is in its path already',
  },
  RELAY_TOO_MANY_HOPS: {
    status: 422,
    exit: 65,
    vi: 'Gói tin đã qua {count} nút, quá giới hạn {limit}',
    en: 'the envelope passed {count} nodes, more than the limit of {limit}',
  },
  RELAY_EXPIRED: {
    status: 422,
    exit: 65,
    vi: 'Gói tin đã hết hạn chuyển lúc {notAfter}',
    en: 'the envelope expired at {notAfter}',
  },
  RELAY_ENVELOPE_REJECTED: {
    status: 422,
    exit: 65,
    vi: 'Gói tin bị từ chối: {reason}',
    en: 'the envelope was rejected: {reason}',
  },
  RELAY_RECIPIENTS_REFUSED: {
    status: 422,
    exit: 65,
    vi: 'Không chuyển được tới {codes}: {reason}',
    en: 'the envelope cannot be taken for {codes}: {reason}',
  },
  RELAY_DIRECTORY_BEHIND: {
    status: 409,
    exit: 75,
    vi: 'Danh bạ của nút này chưa có {what}',
    en: 'the directory of this node does not have {what} yet',
    hint: { vi: 'thử lại sau', en: 'try again later' },
  },
  RELAY_TOO_EARLY: {
    status: 409,
    exit: 75,
    vi: 'Niêm phong ghi {sealedAt}, đồng hồ của nút này mới {now}: đồng hồ của một trong hai nút sai',
    en: 'sealed at {sealedAt}, and the clock of this node says {now}: one of the two clocks is wrong',
    hint: {
      vi: 'được nhận khi đến giờ đó; chỉnh đồng hồ của nút sai',
      en: 'it is taken once that time has come; set the clock that is wrong',
    },
  },
  RELAY_OFFERS_TOO_MANY: {
    status: 503,
    exit: 75,
    vi: 'Nút {peer} có {count} đề nghị chuyển chưa hoàn tất',
    en: 'the node {peer} has {count} offers that it has not committed',
    hint: { vi: 'thử lại sau', en: 'try again later' },
  },
  RELAY_OFFER_UNKNOWN: {
    status: 404,
    exit: 65,
    vi: 'Không có đề nghị chuyển {id}',
    en: 'there is no offer {id}',
  },
  RELAY_FILES_MISSING: {
    status: 409,
    exit: 65,
    vi: 'Còn {count} tệp chưa nhận đủ',
    en: '{count} files are not complete yet',
  },
  RELAY_FILE_MISMATCH: {
    status: 422,
    exit: 65,
    vi: 'Tệp {sha256} không đúng băm hoặc độ dài đã khai; phần đã nhận bị bỏ',
    en: 'the file {sha256} does not have the hash or length in the manifest; what was received is discarded',
  },
  RELAY_PIECE_MISPLACED: {
    status: 409,
    exit: 65,
    vi: 'Đoạn tệp bắt đầu ở byte {from}, nút đã có {have} byte',
    en: 'the piece begins at byte {from}, the node has {have} bytes',
  },
  RELAY_MESSAGE_REJECTED: {
    status: 422,
    exit: 65,
    vi: 'Biên nhận hoặc trạng thái bị từ chối: {reason}',
    en: 'the receipt or status was rejected: {reason}',
  },
  RELAY_ANSWER_UNREADABLE: {
    status: 502,
    exit: 69,
    vi: 'Câu trả lời của nút {node} không dùng được: {reason}',
    en: 'the answer of the node {node} cannot be used: {reason}',
  },
  RELAY_RECEIPT_CONTRADICTS: {
    status: 409,
    exit: 65,
    vi: 'Biên nhận {event} cho {recipient} trái với biên nhận kết thúc đã có',
    en: 'the receipt {event} for {recipient} contradicts the terminal receipt that is there already',
  },
} as const satisfies Record<string, ErrorEntry>
