import type { Language } from '../signing/index.ts'
import type { Bilingual } from './command.ts'

const reasons: Readonly<Record<string, Bilingual>> = {
  ENOENT: { vi: 'không có tệp này', en: 'no such file' },
  ENOTDIR: { vi: 'đường dẫn đi qua một tệp', en: 'a part of the path is not a folder' },
  EISDIR: { vi: 'đây là thư mục', en: 'it is a folder' },
  EACCES: { vi: 'không có quyền', en: 'permission denied' },
  EPERM: { vi: 'không có quyền', en: 'not permitted' },
  EROFS: { vi: 'hệ thống tệp chỉ cho đọc', en: 'the file system is read-only' },
  ELOOP: { vi: 'liên kết vòng', en: 'a loop of links' },
  ENAMETOOLONG: { vi: 'tên tệp quá dài', en: 'the name is too long' },
  EMFILE: { vi: 'quá nhiều tệp đang mở', en: 'too many open files' },
  EIO: { vi: 'lỗi đọc ghi của thiết bị', en: 'the device reports an error' },
}

/** The system's code of an error (`ENOENT`), if it has one. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** Why the system refused a file, in words. */
export function systemReason(error: unknown, language: Language): string {
  const code = systemCode(error)
  return (code === undefined ? undefined : reasons[code]?.[language]) ?? code ?? String(error)
}
