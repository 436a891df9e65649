/** Signers of a generated PKI and the three steps of issuing a letter, as client and server do them. */
import { makeTestPki, type PkiAlgorithm, type TestPki } from '../../../fixtures/pki/make-pki.ts'
import type { KeyProvider } from '../../../signing/keys/key-provider.ts'
import { asKeyProvider, type KeyOptions } from '../../../signing/keys/pkcs8.ts'
import { fillTextFields } from '../../../signing/pdf/fill-fields.ts'
import { defaultLock, letterFields } from '../../../signing/pdf/letter-fields.ts'
import { listFields } from '../../../signing/pdf/list-fields.ts'
import { type SignatureOptions, signPdf } from '../../../signing/pdf/sign-pdf.ts'
import { seedTime } from '../cms/signatures.ts'
import { fontBytes } from './small-pdf.ts'

export interface Signers {
  readonly pki: TestPki
  readonly individual: KeyProvider
  readonly agency: KeyProvider
}

export async function makeSigners(
  algorithm: PkiAlgorithm = 'P-256',
  options: KeyOptions = {},
): Promise<Signers> {
  const pki = await makeTestPki({ seedTime, algorithm })
  return {
    pki,
    individual: asKeyProvider(pki.samples.individual, options),
    agency: asKeyProvider(pki.samples.agency, options),
  }
}

/** Signs as the command line does by default: the field's usual lock, no appearance. */
export async function signField(
  pdf: Uint8Array,
  key: KeyProvider,
  field: string,
  options: Partial<SignatureOptions> = {},
): Promise<Uint8Array> {
  const { names, signatureFields } = listFields(pdf)
  const lock = defaultLock(field, names, signatureFields)
  return signPdf(pdf, {
    key,
    field,
    signingTime: seedTime,
    ...(lock === undefined ? {} : { lock }),
    ...options,
  })
}

export const values = {
  [letterFields.number]: '1234',
  [letterFields.date]: 'ngày 05 tháng 01 năm 2026',
}

export interface IssuedLetter {
  readonly signed: Uint8Array
  readonly filled: Uint8Array
  readonly issued: Uint8Array
}

/** Individual signature, number and date, agency signature. */
export async function issueLetter(pdf: Uint8Array, signers: Signers): Promise<IssuedLetter> {
  const signed = await signField(pdf, signers.individual, letterFields.individualSignature)
  const filled = await fillTextFields(signed, { fields: values, fontBytes })
  const issued = await signField(filled, signers.agency, letterFields.agencySignature)
  return { signed, filled, issued }
}
