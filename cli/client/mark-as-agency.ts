/**
 * The agency's signature in the upper right corner of a separate file or an electronic copy: text and no picture (NĐ
 * 30/2020 Phụ lục I, Phần I, II.8b; Phần II, I.3). Made on this machine; the node never sees the key.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { CongvanError } from '../../server/errors.ts'
import {
  assertCertificateUsable,
  certificateSubject,
  defaultSignatureField,
  type KeyProvider,
  listFields,
  markPlace,
  roleOf,
  signPdf,
  type TextAppearance,
} from '../../signing/index.ts'

/** What the mark says, and why it is made. */
export interface AgencyMark {
  readonly draw: (fontBytes: Uint8Array) => TextAppearance
  readonly reason?: string
}

const pointsPerMm = 72 / 25.4

/**
 * Signs with the mark and uploads the file. Where text of the page stands in the corner, the node says how much lower the
 * mark is free of it, and it is signed once more there.
 *
 * @throws CongvanError `KEY_ROLE_WRONG`, and what `upload` throws
 * @throws SigningError as `signPdf`
 */
export async function markAndUpload<T>(
  pdf: Uint8Array,
  key: KeyProvider,
  now: Date,
  mark: AgencyMark,
  upload: (bytes: Uint8Array) => Promise<T>,
): Promise<T> {
  try {
    return await upload(await markAsAgency(pdf, key, now, mark, 0))
  } catch (error) {
    if (!(error instanceof CongvanError) || error.code !== 'MARK_COVERS_TEXT') throw error
    const lower = Number(error.params.down)
    if (!Number.isFinite(lower)) throw error
    return upload(await markAsAgency(pdf, key, now, mark, lower * pointsPerMm))
  }
}

/** The signature ends the file. */
async function markAsAgency(
  pdf: Uint8Array,
  key: KeyProvider,
  now: Date,
  { draw, reason }: AgencyMark,
  down: number,
): Promise<Uint8Array> {
  assertCertificateUsable(key.certificate, now)
  const found = roleOf(key.certificate)
  if (found !== 'agency') throw new CongvanError('KEY_ROLE_WRONG', { wanted: 'agency', found })
  const appearance = draw(readFont())
  const field = defaultSignatureField('agency', listFields(pdf).signatureFields)
  const { commonName } = certificateSubject(key.certificate)
  return signPdf(pdf, {
    key,
    field,
    signingTime: now,
    appearance,
    place: markPlace(pdf, appearance, { down }),
    lock: { action: 'All' },
    ...(commonName === undefined ? {} : { name: commonName }),
    ...(reason === undefined ? {} : { reason }),
  })
}

/** Metric-compatible with Times New Roman. */
function readFont(): Uint8Array {
  const face = '@expo-google-fonts/tinos/400Regular/Tinos_400Regular.ttf'
  return readFileSync(createRequire(import.meta.url).resolve(face))
}
