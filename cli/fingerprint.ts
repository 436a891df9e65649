import { z } from 'zod'

/** Fingerprints as two people compare them by voice: groups of four hexadecimal digits, four groups a line of speech. */
export function spokenFingerprint(fingerprint: string): string {
  const groups = fingerprint.match(/.{1,4}/g) ?? []
  const lines = Array.from({ length: Math.ceil(groups.length / 4) }, (_, at) =>
    groups.slice(at * 4, at * 4 + 4).join(' '),
  )
  return lines.join('   ')
}

/** A fingerprint as somebody has typed it: spaces, colons, dashes and capitals do not count. */
export function plainFingerprint(text: string): string {
  return text.replace(/[\s:-]/g, '').toLowerCase()
}

/** A fingerprint on the command line. */
export const fingerprintForm = z
  .string()
  .transform(plainFingerprint)
  .pipe(z.string().regex(/^[0-9a-f]{64}$/, 'cần 64 chữ số hệ 16 / 64 hexadecimal digits are wanted'))
