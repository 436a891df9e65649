import type { ErrorEntry } from './entry.ts'

/** Drafting, presenting, checking, deadlines. */
export const outgoingErrors = {
  RECIPIENT_TWICE: {
    status: 400,
    exit: 65,
    vi: 'Nơi nhận {code} được ghi hai lần (mục {position})',
    en: 'the recipient {code} is named twice (item {position})',
  },
  COMPETENCE_WRONG: {
    status: 422,
    exit: 65,
    vi: 'Quyền hạn ký "{competence}" không hợp lệ: chỉ có TM., Q., KT., TL., TUQ. hoặc để trống',
    en: 'the competence "{competence}" is wrong: it is TM., Q., KT., TL., TUQ. or none',
    hint: {
      vi: 'ví dụ "TM. ỦY BAN NHÂN DÂN", "KT. CHỦ TỊCH"',
      en: 'for example "TM. ỦY BAN NHÂN DÂN", "KT. CHỦ TỊCH"',
    },
  },
  REPLY_NOT_TO_ACCEPTED: {
    status: 422,
    exit: 65,
    vi: 'Văn bản {id} không phải là văn bản đến đã vào sổ của cơ quan, không trả lời được',
    en: 'the document {id} is no registered incoming document of the agency and cannot be answered',
    hint: { vi: 'tiếp nhận văn bản đến trước', en: 'accept the incoming document first' },
  },
  PAPER_REASON_MISSING: {
    status: 422,
    exit: 65,
    vi: 'Nơi nhận ({recipients}) nhận được bản điện tử hoặc loại văn bản này chỉ gửi điện tử; gửi thêm bản giấy phải nêu lý do',
    en: 'the recipient ({recipients}) is reached electronically, or this kind goes out electronically only: paper beside it needs a reason',
  },
  PAPER_COPIES_WRONG: {
    status: 422,
    exit: 65,
    vi: 'Số lượng bản giấy là {copies}, nơi nhận và bản lưu cần {needed}',
    en: 'there are {copies} paper copies, recipients and kept copies need {needed}',
  },
  PAPER_RECIPIENTS_MISSING: {
    status: 422,
    exit: 65,
    vi: 'Chưa ghi nơi nhận bản giấy nào',
    en: 'no recipient on paper is named',
  },
  SIGNER_UNKNOWN: {
    status: 422,
    exit: 65,
    vi: '"{user}" không phải là người dùng có quyền ký của cơ quan',
    en: '"{user}" is no user of the agency who may sign',
    hint: {
      vi: 'quản trị cấp vai trò signer hoặc leader cho người ký',
      en: 'the administrator grants signers the role signer or leader',
    },
  },
  SIGNER_TWICE: {
    status: 422,
    exit: 65,
    vi: '"{user}" được ghi hai lần trong danh sách ký',
    en: '"{user}" is named twice in the order of signing',
  },
  SIGNER_NOT_AMONG: {
    status: 422,
    exit: 65,
    vi: 'Người ký ghi trên văn bản ({name}) không có trong danh sách trình ký',
    en: 'the signer named on the document ({name}) is not among those it is presented to',
  },
  SIGNERS_DIFFER: {
    status: 422,
    exit: 65,
    vi: 'Tệp có {fields} ô chữ ký cá nhân, danh sách ký có {signers} người',
    en: 'the file has {fields} fields for individual signatures, there are {signers} signers',
    hint: {
      vi: 'tải bản thảo có đủ ô chữ ký theo thứ tự, hoặc trình đúng số người ký',
      en: 'upload a version with a field for each signer, or present it to as many signers',
    },
  },
  SIGNER_NOT_NAMED: {
    status: 403,
    exit: 77,
    vi: 'Văn bản không được trình cho bạn ký',
    en: 'the document was not presented to you',
  },
  SIGNING_OUT_OF_ORDER: {
    status: 409,
    exit: 75,
    vi: 'Chưa đến lượt bạn ký: lượt {position} là của {name}',
    en: 'it is not your turn to sign: turn {position} is that of {name}',
    hint: { vi: 'chờ người trước ký xong', en: 'wait until those before you have signed' },
  },
  SIGNED_OUT_OF_TURN: {
    status: 422,
    exit: 65,
    vi: 'Tệp được ký không đúng thứ tự: chữ ký thứ {position} phải là của {expected}, nhưng là của {found}',
    en: 'the file was signed out of order: signature {position} should be that of {expected}, it is that of {found}',
  },
  SIGNING_TIME_WRONG: {
    status: 422,
    exit: 65,
    vi: 'Thời gian ký ghi trong chữ ký cơ quan ({time}) sớm hơn ngày văn bản hoặc ở tương lai',
    en: 'the time in the agency’s signature ({time}) is before the date of the document or in the future',
    hint: { vi: 'chỉnh lại đồng hồ của máy rồi ký lại', en: 'set the clock of your machine and sign again' },
  },
  SIGNED_FILE_EXTENDED: {
    status: 422,
    exit: 65,
    vi: 'Chữ ký cuối cùng không phủ toàn bộ tệp: tệp đã được thêm nội dung sau khi ký',
    en: 'the last signature does not cover the whole file: something was added after it',
  },
  SIGNED_ELSEWHERE: {
    status: 409,
    exit: 75,
    vi: 'Bản này đã được ký bằng phần mềm khác; chữ ký chỉ được ghi nhận khi trình ký',
    en: 'this version was signed in another program; its signatures are taken when it is presented',
    hint: {
      vi: 'trình ký cho những người đã ký và còn phải ký, theo thứ tự',
      en: 'present it to those who have signed and are to sign, in their order',
    },
  },
  SIGNATURES_SPENT: {
    status: 409,
    exit: 75,
    vi: 'Chữ ký trên bản này đã được ghi nhận một lần, ở bản đã bị trả lại, rút về hoặc ở văn bản khác: không được dùng lại',
    en: 'signatures on this version were taken once, on a version that was returned or withdrawn or for another document: they do not count again',
    hint: { vi: 'tải lên bản mới được ký lại', en: 'upload a new version that was signed anew' },
  },
  NUMBER_BOX_NOT_NEEDED: {
    status: 422,
    exit: 65,
    vi: 'Chỉ bản đã ký bằng phần mềm khác mới cần ô cho số và ngày; bản chưa ký dùng vị trí của từng trường',
    en: 'only a draft signed in another program takes a box for number and date; an unsigned one has a place for each field',
  },
  CHECK_MISSING: {
    status: 409,
    exit: 65,
    vi: 'Bản thảo hiện tại chưa qua bước "{checkVi}"',
    en: 'the current version has not passed the check of {check}',
    hint: {
      vi: 'lãnh đạo đơn vị soạn thảo kiểm tra nội dung, văn thư kiểm tra thể thức, rồi ký',
      en: 'the head of the drafting unit checks the content, the clerk the form; then it is signed',
    },
  },
  AUTHORISATION_MISSING: {
    status: 422,
    exit: 65,
    vi: 'Ký {prefix} phải dẫn giấy ủy quyền hoặc quy định giao ký của {name}, còn hiệu lực và đúng loại văn bản',
    en: 'signing {prefix} needs the written authorisation of {name}, in force and for this kind of document',
    hint: {
      vi: 'lãnh đạo cơ quan ghi văn bản ủy quyền trước khi trình ký',
      en: 'the leader records the authorisation before it is presented',
    },
  },
  AUTHORISATION_PASSED_ON: {
    status: 422,
    exit: 65,
    vi: 'Người được ủy quyền không được ủy quyền lại, và không ai tự ủy quyền cho mình',
    en: 'who signs by authorisation cannot authorise others, and nobody authorises himself',
  },
  AGENCY_SIGNATURE_ALONE: {
    status: 409,
    exit: 65,
    vi: 'Chưa có chữ ký số của người có thẩm quyền; không ký số cơ quan được',
    en: 'the person with authority has not signed yet: the agency cannot sign alone',
    hint: {
      vi: 'người có thẩm quyền ký trước, văn thư ký số cơ quan sau',
      en: 'the person with authority signs first, the clerk signs for the agency afterwards',
    },
  },
  TOKEN_NOT_FOR_ISSUE: {
    status: 403,
    exit: 77,
    vi: 'Mã truy cập này không được tạo riêng cho việc phát hành; văn thư phải đăng nhập để ký số cơ quan',
    en: 'this API token was not made for issuing: the clerk signs in to sign for the agency',
    hint: {
      vi: 'đăng nhập, hoặc tạo mã truy cập có phạm vi document.issue',
      en: 'sign in, or make a token with the scope document.issue',
    },
  },
  DRAFT_NOT_YOURS: {
    status: 403,
    exit: 77,
    vi: 'Chỉ người soạn, hoặc văn thư và lãnh đạo được xem mọi văn bản, mới sửa, trình hay hủy dự thảo',
    en: 'only who drafted it, or a clerk or leader who sees every document, changes, presents or cancels a draft',
    hint: {
      vi: 'ghi ý kiến (comments), hoặc nhờ người soạn sửa',
      en: 'comment on it, or ask who drafted it',
    },
  },
} as const satisfies Record<string, ErrorEntry>
