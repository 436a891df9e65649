/**
 * Whether a PDF is a scan as electronic copies are made of (NĐ 30/2020 Phụ lục I, Phần II, I.2): PDF 1.4 or later, a
 * picture in colour on every page, at least 200 dpi, at 100 %. Pure.
 */
import { type PagePictures, type PicturedPage, readPagePictures } from '../../signing/index.ts'
import { CongvanError } from '../errors.ts'

const OLDEST = '1.4'
const LEAST_DPI = 200
/** Scanners round: 199.6 dpi is 200. */
const DPI_TOLERANCE = 1
/** What the picture leaves free of its page at most. */
const LEAST_COVER = 0.9
/** Sheets of ISO 216, millimetres: at 100 % the page is as large as the paper was. */
const sheets = [
  [841, 1189],
  [594, 841],
  [420, 594],
  [297, 420],
  [210, 297],
  [148, 210],
  [105, 148],
] as const
/** How far a scanner cuts or feeds beside the edge, millimetres. */
const SHEET_TOLERANCE = 8

export interface ScanFault {
  readonly vi: string
  readonly en: string
}

/**
 * @returns what is wrong, in the order of the pages; nothing for a scan that may become a copy
 * @throws SigningError for a PDF that cannot be read
 */
export function findScanFaults(pdf: Uint8Array): ScanFault[] {
  return faultsOf(readPagePictures(pdf))
}

export function faultsOf({ version, pages }: PagePictures): ScanFault[] {
  const faults: ScanFault[] = []
  if (version < OLDEST) faults.push({ vi: `PDF phiên bản ${version}`, en: `PDF version ${version}` })
  if (pages.length === 0) faults.push({ vi: 'không có trang nào', en: 'it has no page' })
  for (const [index, page] of pages.entries()) {
    const fault = faultOfPage(page)
    if (fault === undefined) continue
    faults.push({ vi: `trang ${index + 1}: ${fault.vi}`, en: `page ${index + 1}: ${fault.en}` })
  }
  return faults
}

/** @throws CongvanError `SCAN_NOT_ACCEPTABLE` naming the first faults; SigningError for a PDF that cannot be read */
export function requireScan(pdf: Uint8Array): void {
  const faults = findScanFaults(pdf)
  if (faults.length === 0) return
  const first = faults.slice(0, 5)
  throw new CongvanError('SCAN_NOT_ACCEPTABLE', {
    reason: first.map((one) => one.en).join('; '),
    reasonVi: first.map((one) => one.vi).join('; '),
  })
}

function faultOfPage({ widthMm, heightMm, pictures }: PicturedPage): ScanFault | undefined {
  const whole = pictures.filter((one) => one.covers >= LEAST_COVER)
  if (whole.length === 0) {
    return { vi: 'không có ảnh quét phủ hết trang', en: 'no picture covers the page' }
  }
  const coloured = whole.filter((one) => one.colour === 'colour')
  if (coloured.length === 0) {
    return whole.some((one) => one.colour === 'unknown')
      ? {
          vi: 'không xác định được ảnh có màu hay không',
          en: 'it cannot be told whether the picture has colour',
        }
      : { vi: 'ảnh không phải ảnh màu', en: 'the picture is not in colour' }
  }
  const dpi = Math.max(...coloured.map((one) => one.dpi))
  if (dpi < LEAST_DPI - DPI_TOLERANCE) {
    return { vi: `độ phân giải ${Math.floor(dpi)} dpi`, en: `${Math.floor(dpi)} dpi` }
  }
  const [short, long] = [Math.min(widthMm, heightMm), Math.max(widthMm, heightMm)]
  const fits = sheets.some(
    ([width, height]) =>
      Math.abs(short - width) <= SHEET_TOLERANCE && Math.abs(long - height) <= SHEET_TOLERANCE,
  )
  if (fits) return undefined
  const size = `${Math.round(widthMm)} × ${Math.round(heightMm)} mm`
  return { vi: `khổ trang ${size} không phải tỷ lệ 100%`, en: `a page of ${size} is not at 100 %` }
}
