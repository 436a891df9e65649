/**
 * Signing a document that lies on a node, with a key that lies here. The bytes come down, are checked, signed on
 * this machine and go up again; the node never sees the key (design 4, "Keys of people").
 */
import { createHash } from 'node:crypto'
import { CongvanError } from '../../server/errors.ts'
import {
  assertCertificateUsable,
  assertLetterBoxes,
  assertOnlyFills,
  certificateSubject,
  defaultLock,
  defaultSignatureField,
  fillsOf,
  type KeyProvider,
  letterFields,
  listFields,
  roleOf,
  type SignatureRole,
  sealAppearance,
  signPdf,
} from '../../signing/index.ts'
import type { ApiClient } from './api-client.ts'
import { type DocumentDetails, detailsForm, numberedForm, revisionForm } from './forms.ts'
import { fillFonts, individualPicture } from './letter-appearance.ts'
import { signAnnexes } from './sign-annexes.ts'
import { laterPlaceOf, signLater, signWithMark } from './sign-elsewhere.ts'

/** The signed bytes of a document that an individual or the agency signs next, made on this machine. */
async function signNext(
  pdf: Uint8Array,
  key: KeyProvider,
  role: SignatureRole,
  now: Date,
  image: Uint8Array | undefined,
): Promise<{ bytes: Uint8Array; seal: SealReport | undefined }> {
  requireKeyOf(role, key, now)
  // What is drawn after the first signature is drawn inside the boxes that this signature fixes.
  if (role === 'individual') assertLetterBoxes(pdf)
  const { names, signatureFields } = listFields(pdf)
  const field = defaultSignatureField(role, signatureFields)
  const lock = defaultLock(field, names, signatureFields)
  const { commonName } = certificateSubject(key.certificate)
  // The agency's box lies over title and signature, where only the picture of its seal may stand, no text (NĐ
  // 30/2020 Phụ lục I II.8): without that picture it stays empty.
  const seal = role === 'agency' && image !== undefined ? sealAppearance(pdf, { image }) : undefined
  const appearance = role === 'agency' ? seal?.appearance : individualPicture(image, commonName, now)
  const bytes = await signPdf(pdf, {
    key,
    field,
    signingTime: now,
    ...(commonName === undefined ? {} : { name: commonName }),
    ...(lock === undefined ? {} : { lock }),
    ...(appearance === undefined ? {} : { appearance }),
  })
  return { bytes, seal: seal && { covered: seal.covered, deviates: seal.deviates } }
}

/** @throws CongvanError `KEY_ROLE_WRONG`; SigningError for a certificate that has ended or has not begun */
function requireKeyOf(role: SignatureRole, key: KeyProvider, now: Date): void {
  assertCertificateUsable(key.certificate, now)
  const found = roleOf(key.certificate)
  if (found !== role) throw new CongvanError('KEY_ROLE_WRONG', { wanted: role, found })
}

/** How the seal lies over the person’s picture. */
export interface SealReport {
  /** The share of the picture that it covers; null where there is none under it. */
  readonly covered: number | null
  /** Whether that is not about a third. */
  readonly deviates: boolean
}

/** The bytes of a revision, which must be those that the node's own list names. */
async function download(client: ApiClient, details: DocumentDetails, revision?: number): Promise<Uint8Array> {
  const wanted = revision ?? details.revisions.at(-1)?.revision
  const listed = details.revisions.find((one) => one.revision === wanted)
  const bytes = await client.getBytes(`/documents/${details.id}/file`, {
    query: { revision: String(wanted) },
  })
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  if (listed?.sha256 !== sha256) throw new CongvanError('DOWNLOAD_DAMAGED', { id: details.id })
  return bytes
}

/**
 * Signs a draft as the person with authority whose turn it is, with a picture of the handwriting where one is given.
 * Asked again after a lost answer it finds its own signature on the current version and says so instead of signing twice.
 */
export async function signDocument(
  client: ApiClient,
  id: string,
  key: KeyProvider,
  now: Date,
  image?: Uint8Array,
): Promise<{ id: string; state: string; sha256: string }> {
  const details = await client.get(`/documents/${encodeURIComponent(id)}`, detailsForm)
  const before = signedBefore(details, key)
  if (before !== undefined) return { id, state: details.state, sha256: before.sha256 }
  const pdf = await download(client, details)
  const later = laterPlaceOf(details)
  if (later !== undefined) requireKeyOf('individual', key, now)
  const signed =
    later === undefined
      ? (await signNext(pdf, key, 'individual', now, image)).bytes
      : await signLater(pdf, key, now, image, later)
  const { state, sha256 } = await client.post(
    `/documents/${encodeURIComponent(id)}/signatures`,
    revisionForm,
    { bytes: signed },
  )
  return { id, state, sha256 }
}

const unsigned = new Set(['draft', 'presented'])

/**
 * The revision that this person's signature made, of the version that counts now; of a document that all have signed
 * the last one. A newer draft begins a new version, on which nobody has signed yet.
 */
function signedBefore(details: DocumentDetails, key: KeyProvider) {
  const from = details.revisions.findLastIndex((one) => one.kind === 'draft')
  const signed = details.revisions.slice(from + 1).filter((one) => one.kind === 'individual')
  if (!unsigned.has(details.state)) return signed.at(-1)
  const { commonName } = certificateSubject(key.certificate)
  const mine = commonName?.normalize('NFC')
  return signed.find(
    ({ signature }) => mine !== undefined && signature?.subject.normalize('NFC').includes(`CN=${mine}`),
  )
}

/**
 * Issues a signed document as the clerk: the node assigns number and date and writes them on the page; this side
 * checks that nothing else was changed, and only then puts the agency's signature on it, with a picture of the seal where
 * one is given. On a document that was signed elsewhere the node changes nothing, and the agency's signature shows number
 * and date. Each step is left out when it is done already, so the whole may be run again after any failure.
 */
export async function issueDocument(
  client: ApiClient,
  id: string,
  key: KeyProvider,
  now: Date,
  sealImage?: Uint8Array,
): Promise<{ id: string; state: string; number: string; sha256: string; seal?: SealReport }> {
  const before = await client.get(`/documents/${encodeURIComponent(id)}`, detailsForm)
  if (before.state === 'issued' || before.state === 'dispatched') return issuedAlready(before)
  // A number that is taken is taken for good: a key that cannot sign is found out before.
  requireKeyOf('agency', key, now)
  const personSigned = before.revisions.findLast((one) => one.kind === 'individual')
  const numbered = await client.post(`/documents/${encodeURIComponent(id)}/number`, numberedForm, {
    json: {},
  })
  const after = await client.get(`/documents/${encodeURIComponent(id)}`, detailsForm)
  const filled = await download(client, after)
  if (personSigned === undefined) throw new CongvanError('DOWNLOAD_DAMAGED', { id })
  const unfilled = await download(client, after, personSigned.revision)
  const { mark } = numbered
  if (mark !== undefined) {
    if (Buffer.compare(filled, unfilled) !== 0) throw new CongvanError('DOWNLOAD_DAMAGED', { id })
    await signAnnexes(client, id, numbered.number, key, now)
    const bytes = await signWithMark(filled, key, now, { ...numbered, mark }, sealImage)
    const beside = sealImage !== undefined
    return {
      ...(await upload(client, id, bytes)),
      number: numbered.number,
      ...(beside ? { seal: besideText } : {}),
    }
  }
  // Made again here with the same fonts and compared byte for byte: the page shows what the fields say, and the
  // number is the one that the clerk was told.
  const values = assertOnlyFills(unfilled, filled, fillsOf(listFields(unfilled).names), fillFonts())
  if (!numbered.number.startsWith(`${values[letterFields.number]}/`))
    throw new CongvanError('DOWNLOAD_DAMAGED', { id })
  await signAnnexes(client, id, numbered.number, key, now)
  const { bytes: issued, seal } = await signNext(filled, key, 'agency', now, sealImage)
  const done = await upload(client, id, issued)
  return { ...done, number: numbered.number, ...(seal === undefined ? {} : { seal }) }
}

/** Number and date keep the seal away from the person's signature on a document that was signed elsewhere. */
const besideText: SealReport = { covered: 0, deviates: true }

async function upload(
  client: ApiClient,
  id: string,
  bytes: Uint8Array,
): Promise<{ id: string; state: string; sha256: string }> {
  const path = `/documents/${encodeURIComponent(id)}/issue`
  const { state, sha256 } = await client.post(path, revisionForm, { bytes })
  return { id, state, sha256 }
}

function issuedAlready(details: DocumentDetails): {
  id: string
  state: string
  number: string
  sha256: string
} {
  const issued = details.revisions.find((one) => one.kind === 'issued')
  return {
    id: details.id,
    state: details.state,
    number: `${details.code.number}/${details.code.notation}`,
    sha256: issued?.sha256 ?? '',
  }
}
