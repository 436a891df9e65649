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

/**
 * Signs with the mark as it is drawn by `mark`; the signature ends the file.
 *
 * @throws CongvanError `KEY_ROLE_WRONG`
 * @throws SigningError as `signPdf`
 */
export async function markAsAgency(
  pdf: Uint8Array,
  key: KeyProvider,
  now: Date,
  mark: (fontBytes: Uint8Array) => TextAppearance,
  reason?: string,
): Promise<Uint8Array> {
  assertCertificateUsable(key.certificate, now)
  const found = roleOf(key.certificate)
  if (found !== 'agency') throw new CongvanError('KEY_ROLE_WRONG', { wanted: 'agency', found })
  const appearance = mark(readFont())
  const field = defaultSignatureField('agency', listFields(pdf).signatureFields)
  const { commonName } = certificateSubject(key.certificate)
  return signPdf(pdf, {
    key,
    field,
    signingTime: now,
    appearance,
    place: markPlace(pdf, appearance),
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
