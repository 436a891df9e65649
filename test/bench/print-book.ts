/**
 * One register year as PDF, in a process of its own as an export on a node would be at most: prints its seconds, its
 * bytes and its greatest memory as JSON.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { NodeContext } from '../../server/context.ts'
import { openDatabase } from '../../server/db.ts'
import { openBook } from '../../server/registers/book-content.ts'
import { bookPdf } from '../../server/registers/book-pdf.ts'
import { PRINTING_AGENCY, YEAR } from './fill-books.ts'

const [url = ''] = process.argv.slice(2)
const db = openDatabase({ url, poolSize: 2 })
const face = (name: string) =>
  readFileSync(createRequire(import.meta.url).resolve(`@expo-google-fonts/tinos/${name}/Tinos_${name}.ttf`))
const fonts = { regular: face('400Regular'), bold: face('700Bold') }
const start = performance.now()
const context: Pick<NodeContext, 'db' | 'clock'> = {
  db,
  clock: () => new Date(`${YEAR}-12-31T09:00:00+07:00`),
}
const content = await openBook(
  context as NodeContext,
  { agencyId: PRINTING_AGENCY },
  { book: 'incoming', year: YEAR },
)
let bytes = 0
for await (const piece of bookPdf(content, fonts)) bytes += (piece as Uint8Array).length
const seconds = (performance.now() - start) / 1000
await db.close()
process.stdout.write(JSON.stringify({ seconds, bytes, megabytes: process.resourceUsage().maxRSS / 1024 }))
