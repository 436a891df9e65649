/** The revocation status of one certificate of a path at one moment, from whatever lists and responses there are. */
import { SigningError } from '../errors.ts'
import { parseCrl } from './crl.ts'
import { crlStatus } from './crl-status.ts'
import { parseOcspResponse } from './ocsp.ts'
import { ocspStatus } from './ocsp-status.ts'
import type { RevocationContext, RevocationData, RevocationQuestion } from './revocation-context.ts'
import { decisive, type RevocationStatus, unknown } from './revocation-evidence.ts'

/** Reads lists and responses; broken ones are counted and left out, repeated ones count once. */
export function readRevocationData(
  crls: readonly Uint8Array[],
  ocspResponses: readonly Uint8Array[],
): RevocationData {
  let unreadable = 0
  function readAll<T extends { readonly fingerprint: string }>(
    ders: readonly Uint8Array[],
    read: (der: Uint8Array) => T,
  ): readonly T[] {
    const found = new Map<string, T>()
    for (const der of ders) {
      if (der.length < SHORTEST) {
        unreadable += 1
        continue
      }
      try {
        const one = read(der)
        found.set(one.fingerprint, one)
      } catch (error) {
        if (!(error instanceof SigningError)) throw error
        unreadable += 1
      }
    }
    return [...found.values()]
  }
  return {
    crls: readAll(crls, parseCrl),
    ocspResponses: readAll(ocspResponses, parseOcspResponse),
    unreadable,
  }
}

/** Bytes of the shortest list or response: names, times and a signature take more. */
const SHORTEST = 64

/** A revocation after the moment in question does not count. */
export function revocationStatus(question: RevocationQuestion, context: RevocationContext): RevocationStatus {
  const { crls, ocspResponses } = context.data
  if (!context.budget.spend('revocation-lists', crls.length + ocspResponses.length)) return unknown
  return decisive([
    crlStatus(question, context),
    ...ocspResponses.map((response) => readable(() => ocspStatus(response, question, context))),
  ])
}

/** Hashing a broken key of a certificate fails when it is asked for; the response then says nothing. */
function readable(ask: () => RevocationStatus): RevocationStatus {
  try {
    return ask()
  } catch (error) {
    if (error instanceof SigningError) return unknown
    throw error
  }
}
