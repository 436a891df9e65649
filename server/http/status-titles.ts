/** What the HTTP statuses that we answer mean, in a few words for people. */
const titles: Readonly<Record<number, { readonly vi: string; readonly en: string }>> = {
  400: { vi: 'Dữ liệu không hợp lệ', en: 'Invalid input' },
  401: { vi: 'Chưa đăng nhập', en: 'Not signed in' },
  403: { vi: 'Không có quyền', en: 'Not permitted' },
  404: { vi: 'Không tìm thấy', en: 'Not found' },
  409: { vi: 'Không hợp với trạng thái hiện tại', en: 'In conflict with the present state' },
  412: { vi: 'Người khác đã thay đổi trước', en: 'Changed by somebody else meanwhile' },
  413: { vi: 'Quá lớn', en: 'Too large' },
  422: { vi: 'Đọc được nhưng không chấp nhận', en: 'Understood and refused' },
  428: { vi: 'Thiếu If-Match', en: 'If-Match is missing' },
  429: { vi: 'Quá nhiều yêu cầu', en: 'Too many requests' },
  500: { vi: 'Lỗi của nút', en: 'A fault of the node' },
  502: { vi: 'Nút khác không trả lời đúng', en: 'Another node did not answer as it should' },
  503: { vi: 'Tạm thời chưa phục vụ được', en: 'Not available for a while' },
  507: { vi: 'Hết chỗ lưu trữ', en: 'Out of storage' },
}

/** Where a status has no words of its own, those of its class. */
export function statusTitle(status: number): { readonly vi: string; readonly en: string } {
  const known = titles[status] ?? titles[status >= 500 ? 500 : 400]
  return known ?? { vi: 'Lỗi', en: 'Error' }
}
