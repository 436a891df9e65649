/**
 * The forms of copies and the ways in which each may be made (NĐ 30/2020 art 25). Pure.
 *
 * There is no electronic copy of an electronic document but the excerpt: what is electronic is passed on as it is.
 */
import { CongvanError } from '../errors.ts'

export const copyForms = ['sao-y', 'sao-luc', 'trich-sao'] as const
export type CopyForm = (typeof copyForms)[number]
export const media = ['paper', 'electronic'] as const
export type Medium = (typeof media)[number]

/** Abbreviations of Phụ lục III, I.2, as they stand in numbers of paper copies and in messages. */
export const copyAbbreviations: Readonly<Record<CopyForm, string>> = {
  'sao-y': 'SY',
  'sao-luc': 'SL',
  'trich-sao': 'TrS',
}

/** As the law spells the forms (Phụ lục I, Phần II). */
export const copyNames: Readonly<Record<CopyForm, string>> = {
  'sao-y': 'SAO Y',
  'sao-luc': 'SAO LỤC',
  'trich-sao': 'TRÍCH SAO',
}

const mediaVi: Readonly<Record<Medium, string>> = { paper: 'giấy', electronic: 'điện tử' }

type Route = readonly [from: Medium, to: Medium]

/** Sao y: art 25.1; sao lục: 25.2a; trích sao: 25.3a. */
export const copyRoutes: Readonly<Record<CopyForm, readonly Route[]>> = {
  'sao-y': [
    ['paper', 'paper'],
    ['electronic', 'paper'],
    ['paper', 'electronic'],
  ],
  'sao-luc': [
    ['paper', 'paper'],
    ['paper', 'electronic'],
    ['electronic', 'paper'],
  ],
  'trich-sao': [
    ['paper', 'paper'],
    ['paper', 'electronic'],
    ['electronic', 'electronic'],
    ['electronic', 'paper'],
  ],
}

export interface CopyRoute {
  readonly form: CopyForm
  readonly from: Medium
  readonly to: Medium
}

/**
 * @param allowElectronicExtracts the agency's setting: art 33.2 limits the agency's key to issued documents and copies
 *   from paper, art 25.3a allows the electronic excerpt of an electronic document
 * @throws CongvanError `COPY_ROUTE_NOT_ALLOWED`
 */
export function requireCopyRoute({ form, from, to }: CopyRoute, allowElectronicExtracts: boolean): void {
  const known = copyRoutes[form].some((route) => route[0] === from && route[1] === to)
  const extract = form === 'trich-sao' && from === 'electronic' && to === 'electronic'
  if (known && (!extract || allowElectronicExtracts)) return
  throw new CongvanError('COPY_ROUTE_NOT_ALLOWED', {
    form: copyAbbreviations[form],
    formVi: copyNames[form],
    from,
    fromVi: mediaVi[from],
    to,
    toVi: mediaVi[to],
  })
}

/** The form that a message names; `undefined` for a document that is none of these copies. */
export function copyFormOf(abbreviation: string | undefined): CopyForm | undefined {
  return copyForms.find((form) => copyAbbreviations[form] === abbreviation)
}
