/** The picture of the agency's seal, as the commands that issue a document take it. */
import type { Language } from '../signing/index.ts'
import type { SealReport } from './client/sign-revision.ts'
import { described } from './command.ts'

/** Longest picture of a seal or of a hand's signature. */
export const MOST_IMAGE_BYTES = 8 * 1024 * 1024

export const sealOption = [
  '--seal <file>',
  described('ảnh con dấu: PNG nền trong suốt, màu đỏ', 'picture of the seal: transparent PNG, red'),
] as const

/** What a person is told when the seal does not lie as the decree wants it: over about a third of the signature. */
export function sealNote(seal: SealReport | undefined, language: Language): string {
  if (seal === undefined || seal.covered === null || !seal.deviates) return ''
  const percent = Math.round(seal.covered * 100)
  return language === 'vi'
    ? `; dấu trùm ${percent}% ảnh chữ ký, quy định khoảng 1/3`
    : `; the seal covers ${percent}% of the signature, the rule is about a third`
}
