import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto'
import { digest, verifyData } from '../algorithms.ts'
import { type Certificate, tryParseCertificate } from '../x509/certificate.ts'
import { checkCost, isCostly } from '../x509/verify-signature.ts'
import type { KeyInfo } from './key-info.ts'
import { type ProcessingBudget, spend } from './processing-budget.ts'
import type { SignatureMethod } from './signature-method.ts'
import type { XadesProperties } from './xades-properties.ts'

/** Each trial costs a verification; real signatures carry fewer certificates than this. */
const MOST_TRIALS = 12

export interface SignerSearch {
  readonly method: SignatureMethod
  readonly keyInfo: KeyInfo
  readonly properties: XadesProperties | null
  /** Certificates that came with the signature or that the caller gave, DER. */
  readonly others: readonly Uint8Array[]
  /** Keys that the caller knows. */
  readonly keys: readonly KeyObject[]
  readonly signedOctets: Uint8Array
  readonly value: Uint8Array
  readonly budget: ProcessingBudget
}

export interface FoundSigner {
  readonly certificate: Certificate | null
  /** Whether the value holds: for the certificate, or without one for a bare key; null where nothing can be said. */
  readonly valueHolds: boolean | null
  /** Whether the signed properties name this certificate; null where they name none. */
  readonly named: boolean | null
  /** Whether KeyInfo gives a key that is not the certificate's. */
  readonly otherKey: boolean
}

/**
 * Which certificate a signature is by: the one that the signed properties name, else the one that KeyInfo describes,
 * else one that KeyInfo holds; among several of these one under whose key the value holds.
 */
export function findSigner(search: SignerSearch): FoundSigner {
  const { keyInfo, properties, others } = search
  const carried = parsed(keyInfo.certificates)
  const all = unique([...carried, ...parsed(others)])
  const names = properties?.certificates ?? []
  // Each name and description is held against each certificate.
  spend(search.budget, 'keyWork', Math.floor(((names.length + keyInfo.hints.length) * all.length) / 64))
  const isNamed = (certificate: Certificate) =>
    names.some(
      (name) =>
        name.digest !== undefined && Buffer.compare(digest(name.digest, certificate.der), name.value) === 0,
    )
  const named = names.length === 0 ? [] : all.filter(isNamed)
  const described = all.filter((one) => keyInfo.hints.some((fits) => fits(one)))
  const candidates = named.length > 0 ? named : described.length > 0 ? [...described, ...carried] : carried
  const holder = candidates.slice(0, MOST_TRIALS).find((one) => holds(search, one.publicKey()) === true)
  // Only a certificate that came as the signer's can prove a value broken; one found elsewhere may be another's.
  const carriedOnes = new Set(carried.map(({ fingerprint }) => fingerprint))
  const own = candidates.filter(({ fingerprint }) => carriedOnes.has(fingerprint))
  // The signer's is named and is none of these: that it does not hold for another's says nothing.
  if (holder === undefined && names.length > 0 && named.length === 0) {
    return { certificate: null, valueHolds: null, named: null, otherKey: false }
  }
  const certificate = holder ?? own.find((one) => !isIssuerOfAny(one, own)) ?? own[0]
  if (certificate === undefined) {
    return { certificate: null, valueHolds: holdsForBareKey(search), named: null, otherKey: false }
  }
  const key = certificate.publicKey()
  return {
    certificate,
    valueHolds: holder !== undefined ? true : holds(search, key),
    named: names.length === 0 ? null : isNamed(certificate),
    otherKey: keyInfo.keyValue !== undefined && key !== undefined && !keyInfo.keyValue.equals(key),
  }
}

/** With the key in the file, else with one that the caller knows; of these a wrong one says nothing. */
function holdsForBareKey(search: SignerSearch): boolean | null {
  const { keyInfo, keys } = search
  if (keyInfo.keyValue !== undefined) return holds(search, keyInfo.keyValue)
  return keys.slice(0, MOST_TRIALS).some((key) => holds(search, key) === true) || null
}

/** Only a secret key serves an HMAC, only a public one a signature: neither is ever taken for the other. */
function holds(
  { method, signedOctets, value, budget }: SignerSearch,
  key: KeyObject | undefined,
): boolean | null {
  if (method.kind === 'hmac') {
    if (key === undefined) return null
    return key.type === 'secret' && hmacHolds(method, key, signedOctets, value)
  }
  if (method.kind === 'unknown' || key === undefined || key.type !== 'public') return null
  if (isCostly(key)) return null
  spend(budget, 'keyWork', checkCost(key))
  const { algorithm, saltLength, mask } = method
  return verifyData(algorithm, key, signedOctets, value, {
    ecdsaEncoding: 'ieee-p1363',
    ...(saltLength === undefined ? {} : { saltLength }),
    ...(mask === undefined ? {} : { mask }),
  })
}

function hmacHolds(
  { digest: algorithm, outputBytes }: SignatureMethod & { kind: 'hmac' },
  key: KeyObject,
  data: Uint8Array,
  value: Uint8Array,
): boolean {
  const whole = createHmac(algorithm.node, key).update(data).digest()
  const due = whole.subarray(0, outputBytes)
  return due.length === value.length && timingSafeEqual(due, value)
}

function parsed(certificates: readonly Uint8Array[]): Certificate[] {
  return certificates.flatMap((der) => tryParseCertificate(der) ?? [])
}

function unique(certificates: readonly Certificate[]): readonly Certificate[] {
  return [...new Map(certificates.map((one) => [one.fingerprint, one])).values()]
}

function isIssuerOfAny(certificate: Certificate, all: readonly Certificate[]): boolean {
  return all.some((one) => one !== certificate && one.issuerKey === certificate.subjectKey)
}
