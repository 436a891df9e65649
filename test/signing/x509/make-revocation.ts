import { createHash } from 'node:crypto'
import { generalizedTime } from '../../../fixtures/pki/generalized-time.ts'
import { signatureAlgorithm, signData } from '../../../signing/algorithms.ts'
import { signatureAlgorithmIdentifier } from '../../../signing/x509/algorithm-identifier.ts'
import { TAG } from '../../../signing/x509/der.ts'
import {
  bitString,
  boolean,
  context,
  contextPrimitive,
  integer,
  namedBits,
  nullValue,
  octetString,
  oid,
  sequence,
  time,
  tlv,
  unsignedInteger,
} from '../../../signing/x509/der-write.ts'
import { ATTRIBUTE } from '../../../signing/x509/name.ts'
import { writeName } from '../../../signing/x509/write-certificate.ts'
import { directory, type Entity, extension, keyHash, signed, uri } from './make-certificates.ts'

/** Lists and responses with whatever a test needs of RFC 5280 section 5 and RFC 6960. */
export interface ListOptions {
  readonly thisUpdate: Date
  readonly nextUpdate?: Date
  readonly number?: number
  /** The number of the base: makes it a delta. */
  readonly base?: number
  readonly scope?: Uint8Array
  readonly keepsExpiredSince?: Date
  readonly entries?: readonly Uint8Array[]
  readonly extensions?: readonly Uint8Array[]
}

export function entry(
  serial: Uint8Array,
  revokedAt: Date,
  reason?: number,
  certificateIssuer?: string,
): Uint8Array {
  const extensions = [
    ...(reason === undefined
      ? []
      : [extension('2.5.29.21', false, tlv(TAG.ENUMERATED, Uint8Array.of(reason)))]),
    ...(certificateIssuer === undefined
      ? []
      : [extension('2.5.29.29', true, sequence(directory(certificateIssuer)))]),
  ]
  return sequence(
    unsignedInteger(serial),
    time(revokedAt),
    ...(extensions.length === 0 ? [] : [sequence(...extensions)]),
  )
}

export interface Scope {
  readonly point?: string
  readonly onlyUsers?: boolean
  readonly onlyCas?: boolean
  readonly reasons?: readonly number[]
  readonly indirect?: boolean
}

const flag = (number: number, value: boolean | undefined) =>
  value ? [contextPrimitive(number, Uint8Array.of(0xff))] : []
const pointName = (url: string) => context(0, context(0, uri(url)))

export function scopeOf(scope: Scope): Uint8Array {
  return sequence(
    ...(scope.point === undefined ? [] : [pointName(scope.point)]),
    ...flag(1, scope.onlyUsers),
    ...flag(2, scope.onlyCas),
    ...(scope.reasons === undefined ? [] : [namedBits(scope.reasons, 0x83)]),
    ...flag(4, scope.indirect),
  )
}

/** `cRLDistributionPoints` with one point. */
export function distributionPoint(point: {
  url?: string
  reasons?: readonly number[]
  crlIssuer?: string
}): Uint8Array {
  const members = [
    ...(point.url === undefined ? [] : [pointName(point.url)]),
    ...(point.reasons === undefined ? [] : [namedBits(point.reasons, 0x81)]),
    ...(point.crlIssuer === undefined ? [] : [context(2, directory(point.crlIssuer))]),
  ]
  return extension('2.5.29.31', false, sequence(sequence(...members)))
}

export function writeList(issuer: Entity, options: ListOptions): Uint8Array {
  const extensions = [
    ...(options.number === undefined ? [] : [extension('2.5.29.20', false, integer(options.number))]),
    ...(options.base === undefined ? [] : [extension('2.5.29.27', true, integer(options.base))]),
    ...(options.scope === undefined ? [] : [extension('2.5.29.28', true, options.scope)]),
    ...(options.keepsExpiredSince === undefined
      ? []
      : [extension('2.5.29.60', false, generalizedTime(options.keepsExpiredSince))]),
    ...(options.extensions ?? []),
  ]
  const toBeSigned = sequence(
    integer(1),
    signatureAlgorithmIdentifier(signatureAlgorithm('ECDSA', 'SHA-256')),
    writeName([[ATTRIBUTE.commonName, issuer.name]]),
    time(options.thisUpdate),
    ...(options.nextUpdate === undefined ? [] : [time(options.nextUpdate)]),
    ...(options.entries?.length ? [tlv(TAG.SEQUENCE, Buffer.concat(options.entries))] : []),
    ...(extensions.length === 0 ? [] : [context(0, sequence(...extensions))]),
  )
  return signed(toBeSigned, issuer.privateKey)
}

export interface Answer {
  readonly subject: Entity
  readonly issuer: Entity
  readonly hash?: 'sha1' | 'sha256'
  readonly status: 'good' | 'unknown' | { readonly revokedAt: Date; readonly reason: number }
  readonly thisUpdate: Date
  readonly nextUpdate?: Date
  readonly archiveCutoff?: Date
}

export interface ResponseOptions {
  readonly producedAt: Date
  readonly by?: 'name' | 'key'
  readonly nonce?: Uint8Array
  readonly extendedRevoke?: boolean
  readonly certificates?: readonly Uint8Array[]
}

const hashOids = { sha1: '1.3.14.3.2.26', sha256: '2.16.840.1.101.3.4.2.1' } as const

function single({ subject, issuer, hash = 'sha1', ...answer }: Answer): Uint8Array {
  const name = writeName([[ATTRIBUTE.commonName, issuer.name]])
  const { status } = answer
  const said =
    status === 'good'
      ? contextPrimitive(0, new Uint8Array())
      : status === 'unknown'
        ? contextPrimitive(2, new Uint8Array())
        : context(
            1,
            generalizedTime(status.revokedAt),
            context(0, tlv(TAG.ENUMERATED, Uint8Array.of(status.reason))),
          )
  return sequence(
    sequence(
      sequence(oid(hashOids[hash]), nullValue()),
      octetString(createHash(hash).update(name).digest()),
      octetString(keyHash(issuer.publicKey, hash)),
      unsignedInteger(subject.serial),
    ),
    said,
    generalizedTime(answer.thisUpdate),
    ...(answer.nextUpdate === undefined ? [] : [context(0, generalizedTime(answer.nextUpdate))]),
    ...(answer.archiveCutoff === undefined
      ? []
      : [
          context(
            1,
            sequence(extension('1.3.6.1.5.5.7.48.1.6', false, generalizedTime(answer.archiveCutoff))),
          ),
        ]),
  )
}

export function writeResponse(
  responder: Entity,
  answers: readonly Answer[],
  options: ResponseOptions,
): Uint8Array {
  const extensions = [
    ...(options.nonce === undefined
      ? []
      : [extension('1.3.6.1.5.5.7.48.1.2', false, octetString(options.nonce))]),
    ...(options.extendedRevoke ? [extension('1.3.6.1.5.5.7.48.1.9', false, nullValue())] : []),
  ]
  const data = sequence(
    options.by === 'key'
      ? context(2, octetString(keyHash(responder.publicKey)))
      : context(1, writeName([[ATTRIBUTE.commonName, responder.name]])),
    generalizedTime(options.producedAt),
    sequence(...answers.map(single)),
    ...(extensions.length === 0 ? [] : [context(1, sequence(...extensions))]),
  )
  const algorithm = signatureAlgorithm('ECDSA', 'SHA-256')
  const basic = sequence(
    data,
    signatureAlgorithmIdentifier(algorithm),
    bitString(signData(algorithm, responder.privateKey, data)),
    ...(options.certificates === undefined ? [] : [context(0, sequence(...options.certificates))]),
  )
  return sequence(
    tlv(TAG.ENUMERATED, Uint8Array.of(0)),
    context(0, sequence(oid('1.3.6.1.5.5.7.48.1.1'), octetString(basic))),
  )
}

/** `id-pkix-ocsp-nocheck`. */
export const noCheck = extension('1.3.6.1.5.5.7.48.1.5', false, nullValue())
export const unknownCriticalExtension = extension('1.2.3.4.5', true, boolean(true))
