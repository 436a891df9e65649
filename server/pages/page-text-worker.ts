/**
 * Reads the text of a PDF with pdf.js. It runs in a thread of its own, which its caller ends when it takes too long or
 * too much; nothing here is kept from one file to the next. No font, map or script comes from anywhere but the file.
 */
import { getDocumentProxy } from 'unpdf'
import type { PageText, PageTextTask, PageTextTaskResult } from './page-text.ts'
import { assembleLines, type TextRun } from './text-lines.ts'

type Document = Awaited<ReturnType<typeof getDocumentProxy>>
type Page = Awaited<ReturnType<Document['getPage']>>
type Matrix = readonly number[]

export async function readPages(task: PageTextTask): Promise<PageTextTaskResult> {
  let document: Document
  try {
    document = await getDocumentProxy(task.bytes, {
      disableFontFace: true,
      useSystemFonts: false,
      useWorkerFetch: false,
      useWasm: false,
      isOffscreenCanvasSupported: false,
      isImageDecoderSupported: false,
      enableXfa: false,
      maxImageSize: 0,
      verbosity: 0,
      // In place of what a library installed beside this one might offer.
      standardFontDataUrl: undefined,
      cMapUrl: undefined,
    })
  } catch (error) {
    return { reason: nameOf(error) === 'PasswordException' ? 'encrypted' : 'broken' }
  }
  try {
    return await textOf(document, task)
  } catch {
    return { reason: 'broken' }
  } finally {
    await document.loadingTask.destroy()
  }
}

async function textOf(
  document: Document,
  { pages: most, characters }: PageTextTask,
): Promise<PageTextTaskResult> {
  const pages: PageText[] = []
  let left = characters
  const count = Math.min(document.numPages, most)
  for (let number = 1; number <= count && left > 0; number += 1) {
    const page = await document.getPage(number)
    const { runs, used } = await runsOf(page, left)
    left -= used
    const { width, height } = page.getViewport({ scale: 1 / page.userUnit })
    pages.push({ page: number, width, height, unit: page.userUnit, lines: assembleLines(runs) })
    page.cleanup()
  }
  return { pages, whole: count === document.numPages && left > 0 }
}

/** The runs of one page, until so many characters are read. */
async function runsOf(page: Page, most: number): Promise<{ runs: TextRun[]; used: number }> {
  const runs: TextRun[] = []
  const viewport = page.getViewport({ scale: 1 / page.userUnit })
  let used = 0
  const reader = page.streamTextContent({ includeMarkedContent: false }).getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done || used >= most) break
    const { items, styles } = value
    for (const item of items) {
      if (!('str' in item)) continue
      used += item.str.length
      const style = styles[item.fontName]
      const run = runOf(item, viewport.transform, viewport.height, style)
      if (run !== undefined) runs.push(run)
    }
  }
  await reader.cancel(new Error('read as far as wanted')).catch(() => undefined)
  return { runs: [...runs, ...(await stampsOf(page, viewport.transform, viewport.height))], used }
}

interface ShownText {
  readonly str: string
  readonly transform: Matrix
  readonly width: number
}

interface Extent {
  readonly ascent: number
  readonly descent: number
}

function runOf(
  item: ShownText,
  view: Matrix,
  height: number,
  style: Extent | undefined,
): TextRun | undefined {
  const [a = 0, b = 0, c = 0, d = 0, x = 0, y = 0] = product(view, item.transform)
  const length = Math.hypot(a, b)
  const size = Math.hypot(c, d)
  if (!(size > 0) || !(length > 0) || !Number.isFinite(x + y + size + item.width)) return undefined
  // Unit vectors along the line and up from it, in the upright system whose y grows downwards.
  const [ux, uy] = [a / length, b / length]
  const [vx, vy] = [c / size, d / size]
  const up = within(style?.ascent, 0.65, 1, 0.9) * size
  const down = within(style?.descent, -0.35, -0.1, -0.22) * size
  const corners = [
    [0, down],
    [item.width, down],
    [0, up],
    [item.width, up],
  ].map(([along = 0, above = 0]) => [x + ux * along + vx * above, y + uy * along + vy * above] as const)
  const xs = corners.map(([cx]) => cx)
  const ys = corners.map(([, cy]) => height - cy)
  const [left, bottom] = [Math.min(...xs), Math.min(...ys)]
  return {
    text: item.str.normalize('NFC'),
    box: { left, bottom, width: Math.max(...xs) - left, height: Math.max(...ys) - bottom },
    baseline: height - y,
    size,
    upright: Math.abs(uy) < 0.02 && ux > 0,
  }
}

/** What stamps and text boxes say that a program laid over the page as annotations. */
async function stampsOf(page: Page, view: Matrix, height: number): Promise<TextRun[]> {
  const annotations: readonly unknown[] = await page.getAnnotations()
  return annotations.flatMap((annotation) => {
    const found = narrow(annotation)
    if (found === undefined) return []
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = found.rect
    const points = [
      [x1, y1],
      [x2, y2],
    ].map(([x = 0, y = 0]) => product(view, [1, 0, 0, 1, x, y]))
    const xs = points.map((point) => point[4] ?? 0)
    const ys = points.map((point) => height - (point[5] ?? 0))
    const box = {
      left: Math.min(...xs),
      bottom: Math.min(...ys),
      width: Math.abs((xs[1] ?? 0) - (xs[0] ?? 0)),
      height: Math.abs((ys[1] ?? 0) - (ys[0] ?? 0)),
    }
    const lines = found.text.split(/\r\n?|\n/).filter((text) => text.trim() !== '')
    const step = box.height / Math.max(1, lines.length)
    return lines.map((text, i): TextRun => {
      const bottom = box.bottom + box.height - step * (i + 1)
      const own = { ...box, bottom, height: step }
      return {
        text: text.normalize('NFC'),
        box: own,
        baseline: bottom + step * 0.25,
        size: step,
        upright: true,
      }
    })
  })
}

function narrow(annotation: unknown): { rect: number[]; text: string } | undefined {
  if (typeof annotation !== 'object' || annotation === null) return undefined
  const { subtype, rect, contentsObj } = annotation as Record<string, unknown>
  if (subtype !== 'Stamp' && subtype !== 'FreeText') return undefined
  const text =
    typeof contentsObj === 'object' && contentsObj !== null && 'str' in contentsObj ? contentsObj.str : ''
  if (typeof text !== 'string' || text.trim() === '' || !Array.isArray(rect)) return undefined
  const numbers = rect.filter((value): value is number => typeof value === 'number' && Number.isFinite(value))
  return numbers.length === 4 ? { rect: numbers, text: text.slice(0, 2_000) } : undefined
}

function product(outer: Matrix, inner: Matrix): [number, number, number, number, number, number] {
  const [a = 1, b = 0, c = 0, d = 1, e = 0, f = 0] = outer
  const [p = 1, q = 0, r = 0, s = 1, t = 0, u = 0] = inner
  return [a * p + c * q, b * p + d * q, a * r + c * s, b * r + d * s, a * t + c * u + e, b * t + d * u + f]
}

function within(value: number | undefined, least: number, most: number, usual: number): number {
  if (value === undefined || !Number.isFinite(value) || value === 0) return usual
  return Math.min(most, Math.max(least, value))
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : ''
}
