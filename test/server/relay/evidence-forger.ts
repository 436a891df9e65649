/** Changes a bundle as somebody would who can write files and seal with keys of his own, but not with others'. */
import type { BundleIndex } from '../../../server/relay/evidence/bundle.ts'
import {
  certificatePem,
  sealsText,
  sha256Of,
  sumsText,
} from '../../../server/relay/evidence/derived-files.ts'
import { Findings } from '../../../server/relay/evidence/findings.ts'
import { howToOf } from '../../../server/relay/evidence/how-to-verify.ts'
import { openBundle, sealLines } from '../../../server/relay/evidence/open-bundle.ts'
import { readZip } from '../../../server/relay/evidence/zip-reader.ts'
import { writeZip } from '../../../server/relay/evidence/zip-writer.ts'
import { type KeyProvider, nodeKeyFingerprint } from '../../../signing/index.ts'

export class Forgery {
  readonly files: Map<string, Uint8Array>
  readonly index: BundleIndex
  /** Lines that stand in `SEALS.txt` beside those of genuine seals. */
  readonly falseSeals: string[] = []
  /** Whether `HOW-TO-VERIFY.txt` stays as it is. */
  keepsText = false

  constructor(zip: Uint8Array) {
    this.files = new Map(readZip(zip))
    this.index = JSON.parse(Buffer.from(this.files.get('index.json') ?? []).toString())
  }

  delivery(recipient: string) {
    const found = this.index.deliveries.find((one) => one.recipient === recipient)
    if (found === undefined) throw new Error(recipient)
    return found
  }

  /** The name of a receipt in the bundle. */
  receipt(recipient: string, event: string, node?: string): string {
    const hash = this.delivery(recipient).receipts.find((one) => {
      const xml = this.text(`receipts/${one}.xml`)
      return xml.includes(`<Event>${event}</Event>`) && xml.includes(`<IssuingNode>${node ?? ''}`)
    })
    if (hash === undefined) throw new Error(`${recipient} has no ${event}`)
    return `receipts/${hash}.xml`
  }

  text(file: string): string {
    const bytes = this.files.get(file)
    if (bytes === undefined) throw new Error(file)
    return Buffer.from(bytes).toString()
  }

  /** Changes one byte in the middle. */
  damage(file: string): void {
    const bytes = Buffer.from(this.files.get(file) ?? [])
    const at = Math.floor(bytes.length / 2)
    bytes[at] = (bytes[at] ?? 0) ^ 1
    this.files.set(file, bytes)
  }

  /** Takes a receipt or status out, also of the index. */
  remove(file: string): void {
    this.files.delete(file)
    const hash = file.replace(/^.*\/|\.xml$/g, '')
    for (const list of this.index.deliveries.flatMap((one) => [one.receipts, one.statuses])) {
      if (list.includes(hash)) list.splice(list.indexOf(hash), 1)
    }
  }

  /** Puts sealed XML in, with the certificate of its key, as evidence of a delivery. */
  add(kind: 'receipts' | 'statuses', recipient: string, xml: Uint8Array, key: KeyProvider): string {
    const hash = sha256Of(xml)
    const fingerprint = nodeKeyFingerprint(key.certificate)
    const certificate = `certificates/${fingerprint}.pem`
    this.files.set(`${kind}/${hash}.xml`, xml)
    this.files.set(certificate, certificatePem(key.certificate))
    if (!this.index.certificates.some((one) => one.fingerprint === fingerprint)) {
      this.index.certificates.push({ file: certificate, fingerprint })
    }
    this.delivery(recipient)[kind].push(hash)
    return hash
  }

  /** The bundle with index and all lists made anew, so that nothing gives the change away but the change. */
  async pack(): Promise<Uint8Array> {
    this.files.set('index.json', Buffer.from(JSON.stringify(this.index)))
    const opened = await openBundle(await pack(this.files), new Findings())
    const seals = Buffer.from(sealsText(sealLines(opened))).toString()
    const howTo = howToOf(this.index, opened.envelopes.values())
    if (howTo !== undefined && !this.keepsText) this.files.set('HOW-TO-VERIFY.txt', howTo)
    this.files.set('SEALS.txt', Buffer.from([seals, ...this.falseSeals].join('')))
    const sums = [...this.files].filter(([name]) => name !== 'SHA256SUMS')
    this.files.set('SHA256SUMS', sumsText(new Map(sums.map(([name, bytes]) => [name, sha256Of(bytes)]))))
    return pack(this.files)
  }
}

export async function pack(files: ReadonlyMap<string, Uint8Array>): Promise<Uint8Array> {
  const entries = [...files].map(([name, bytes]) => ({ name, bytes: async () => bytes }))
  const pieces: Uint8Array[] = []
  for await (const piece of writeZip(entries, new Date('2025-03-10T02:00:00Z'))) pieces.push(piece)
  return Buffer.concat(pieces)
}
