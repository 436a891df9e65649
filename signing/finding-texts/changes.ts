import type { FindingTexts } from './entry.ts'

/** Changes of a PDF after a signature: `changes` of a report. */
export const changeTexts = {
  // Permitted
  FIELD_FILLED: { vi: 'Một trường của biểu mẫu được điền', en: 'A field of the form was filled' },
  FIELD_APPEARANCE_UNVERIFIED: {
    vi: 'Chưa đối chiếu được hình hiện ra của trường với nội dung của nó; hãy tự xem',
    en: 'What the field shows could not be compared with its value: look at it yourself',
  },
  SIGNATURE_ADDED: { vi: 'Thêm một chữ ký', en: 'A signature was added' },
  SIGNATURE_FIELD_ADDED: { vi: 'Thêm một ô chữ ký còn trống', en: 'An empty signature field was added' },
  TIMESTAMP_ADDED: { vi: 'Thêm một dấu thời gian', en: 'A time-stamp was added' },
  SECURITY_STORE_ADDED: {
    vi: 'Thêm dữ liệu để kiểm tra chữ ký lâu dài',
    en: 'Data for checking the signatures later were added',
  },
  ANNOTATION_CHANGED: {
    vi: 'Thêm hoặc sửa ghi chú mà chữ ký cho phép',
    en: 'Annotations changed, as the signature permits',
  },
  FIELD_PROTECTED: { vi: 'Một trường được khóa lại', en: 'A field was made read-only' },
  INFORMATION_UPDATED: {
    vi: 'Thông tin mô tả của tệp được cập nhật',
    en: 'The description of the file was updated',
  },
  METADATA_UPDATED: { vi: 'Siêu dữ liệu của tệp được cập nhật', en: 'The metadata of the file were updated' },
  CATALOG_UPDATED: {
    vi: 'Cài đặt của tệp được cập nhật, nội dung không đổi',
    en: 'Settings of the file were updated, its content was not',
  },
  PAGE_UPDATED: {
    vi: 'Thông tin kỹ thuật của trang được cập nhật, hình trang không đổi',
    en: 'Technical data of a page were updated, what it shows was not',
  },
  FORM_DEFAULTS_ADDED: {
    vi: 'Thêm phông chữ hoặc mặc định cho biểu mẫu',
    en: 'Fonts or defaults were added to the form',
  },
  FORM_REDRAWN: {
    vi: 'Trường của biểu mẫu được vẽ lại với cùng nội dung',
    en: 'Fields of the form were drawn anew with the same values',
  },
  OBJECT_REWRITTEN: {
    vi: 'Một phần được ghi lại với cùng nội dung',
    en: 'A part was written again with the same content',
  },
  OBJECT_UNUSED: {
    vi: 'Thêm dữ liệu mà tài liệu không dùng đến',
    en: 'Data were added that the document does not use',
  },

  // Forbidden
  REVISION_UNREADABLE: {
    vi: 'Phần thêm vào sau khi ký không đọc được',
    en: 'What was added after signing cannot be read',
  },
  HYBRID_UPDATE: {
    vi: 'Phần thêm vào có thể hiện khác nhau tùy chương trình đọc',
    en: 'The addition may show different things in different programs',
  },
  BYTES_OUTSIDE_OBJECTS: {
    vi: 'Phần thêm vào có dữ liệu lạ giấu ngoài tài liệu',
    en: 'The addition hides data outside of the document',
  },
  XREF_REDIRECTED: {
    vi: 'Mục lục của tệp bị trỏ lại vào phần cũ',
    en: 'The index of the file was pointed back into an older part',
  },
  ROOT_CHANGED: { vi: 'Gốc của tài liệu bị thay', en: 'The root of the document was replaced' },
  OBJECT_REMOVED: { vi: 'Nội dung đã ký bị gỡ', en: 'Signed content was removed' },
  DANGLING_REFERENCE_DEFINED: {
    vi: 'Chỗ để trống trong phần đã ký bị chèn nội dung',
    en: 'A place left open in the signed part was given content',
  },
  CATALOG_CHANGED: { vi: 'Cấu trúc tài liệu bị sửa', en: 'The structure of the document was changed' },
  METADATA_CHANGED: {
    vi: 'Siêu dữ liệu bị gỡ hoặc bị thay bằng thứ khác',
    en: 'The metadata were removed or replaced by something else',
  },
  PAGE_CHANGED: { vi: 'Trang đã ký bị sửa', en: 'A signed page was changed' },
  FORM_CHANGED: { vi: 'Biểu mẫu bị sửa', en: 'The form was changed' },
  FIELD_CHANGED: { vi: 'Một trường của biểu mẫu bị sửa', en: 'A field of the form was changed' },
  FIELD_ADDED: { vi: 'Thêm một trường vào biểu mẫu', en: 'A field was added to the form' },
  FIELD_APPEARANCE_MISMATCH: {
    vi: 'Trường hiện ra một nội dung khác với nội dung của nó',
    en: 'A field shows something else than its value',
  },
  SIGNATURE_CHANGED: { vi: 'Một chữ ký bị sửa hoặc bị gỡ', en: 'A signature was changed or removed' },
  SIGNATURE_COVERED: {
    vi: 'Một chữ ký trước bị che lên',
    en: 'Something was laid over an earlier signature',
  },
  SECURITY_STORE_CHANGED: {
    vi: 'Dữ liệu để kiểm tra lâu dài bị sửa',
    en: 'The data for checking later were changed',
  },
  INFO_CHANGED: { vi: 'Thông tin mô tả của tệp bị sửa', en: 'The description of the file was changed' },
  OBJECT_CHANGED: { vi: 'Nội dung đã ký bị sửa', en: 'Signed content was changed' },

  // Forbidden by a signature's own locks
  NO_CHANGES_PERMITTED: {
    vi: 'Một chữ ký trước không cho phép thay đổi gì nữa',
    en: 'An earlier signature permits no further change',
  },
  FIELD_LOCKED: { vi: 'Trường đã khóa bị sửa', en: 'A locked field was changed' },
  VISIBLE_SIGNATURE_FIELD_ADDED: {
    vi: 'Thêm một ô hiện trên trang mà chữ ký trước không cho phép',
    en: 'A visible field was added, which an earlier signature does not permit',
  },
  ANNOTATION_NOT_PERMITTED: {
    vi: 'Thêm hoặc sửa ghi chú mà chữ ký không cho phép',
    en: 'Annotations changed, which the signature does not permit',
  },
} as const satisfies FindingTexts
