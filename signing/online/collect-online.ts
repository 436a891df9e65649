/**
 * Fetches what is missing to judge a file's certificates: issuers, OCSP responses, CRLs. Fetching is apart from
 * judging: what comes back is offered to path validation as if it had been given by hand, and trusted in nothing.
 */
import { randomBytes } from 'node:crypto'
import { SigningError } from '../errors.ts'
import type { VerificationPolicy } from '../policy.ts'
import type { Finding } from '../report.ts'
import { type Certificate, describeSigner, tryParseCertificate } from '../x509/certificate.ts'
import { EXTENSION } from '../x509/certificate-extensions.ts'
import { parseCrl } from '../x509/crl.ts'
import { parseOcspResponse } from '../x509/ocsp.ts'
import { validateCertificatePath } from '../x509/path.ts'
import { WorkBudget } from '../x509/work-budget.ts'
import { accessPoints } from './access-points.ts'
import type { CarriedMaterial } from './carried-certificates.ts'
import { climb } from './climb.ts'
import { Fetcher, type OnlineCache, type OnlineTransport } from './fetcher.ts'
import { issuerCertificates } from './issuer-certificates.ts'
import { certId, writeOcspRequest } from './ocsp-request.ts'

export interface OnlineOptions {
  readonly transport: OnlineTransport
  /** Keeps answers between files and runs; none by default. */
  readonly cache?: OnlineCache
  /** 16 to 32 bytes; default those of `node:crypto`. */
  readonly randomNonce?: () => Uint8Array
  /** Requests for one file; default 24. */
  readonly mostRequests?: number
  /** Bytes fetched for one file; default 64 MB. */
  readonly mostBytes?: number
}

export interface OnlineProblem {
  /** For the sake of which certificate of the file, as reports name signers. */
  readonly signer: ReturnType<typeof describeSigner>
  /** `ONLINE_ISSUER_NOT_FETCHED`, `ONLINE_REVOCATION_NOT_FETCHED` or `ONLINE_REVOCATION_NOT_PUBLISHED`. */
  readonly finding: Finding
}

export interface OnlineMaterial {
  /** Issuers found, DER. */
  readonly untrusted: readonly Uint8Array[]
  readonly crls: readonly Uint8Array[]
  readonly ocspResponses: readonly Uint8Array[]
  /** What could not be had. */
  readonly problems: readonly OnlineProblem[]
}

/** Answers of `caIssuers` do not say how long they hold. */
const ISSUER_LIFETIME = 24 * 3600 * 1000
/** Rounds of asking for issuers of issuers. */
const MOST_ISSUER_ROUNDS = 4
/** End certificates looked after in one file. */
const MOST_TARGETS = 16

const LIMITS = { ocsp: 256 * 1024, issuer: 512 * 1024, crl: 32 * 1024 * 1024 } as const

/**
 * For each end certificate among those of the file: its way to an anchor, by addresses of `caIssuers` where an issuer
 * is missing; and, once an anchor is reached, for each certificate of that way below the anchor a statement about its
 * revocation, where the policy and the file have none: OCSP before CRL. Addresses of certificates that lead to no
 * anchor are asked for issuers only. Requests and bytes are limited; failures are told, never thrown.
 */
export async function collectOnline(
  carried: CarriedMaterial,
  policy: VerificationPolicy,
  options: OnlineOptions,
): Promise<OnlineMaterial> {
  const collection = new Collection(carried, policy, options)
  for (const target of collection.targets()) await collection.lookAfter(target)
  return collection.material()
}

/** What one file needs and what has come in for it. */
class Collection {
  readonly #policy: VerificationPolicy
  readonly #options: OnlineOptions
  readonly #fetcher: Fetcher
  readonly #own: readonly Certificate[]
  readonly #anchors: readonly Certificate[]
  readonly #pool: Certificate[]
  readonly #untrusted: Uint8Array[] = []
  readonly #crls: Uint8Array[] = []
  readonly #ocspResponses: Uint8Array[] = []
  readonly #problems: OnlineProblem[] = []
  /** Certificates whose revocation has been seen to, by fingerprint. */
  readonly #done = new Set<string>()
  /** Revocation data of the policy and of the file. */
  readonly #known: Pick<VerificationPolicy, 'crls' | 'ocspResponses'>
  readonly #budget = new WorkBudget()

  constructor(carried: CarriedMaterial, policy: VerificationPolicy, options: OnlineOptions) {
    this.#policy = policy
    this.#options = options
    this.#fetcher = new Fetcher(options, policy.time)
    const read = (list: readonly Uint8Array[]): Certificate[] =>
      list.flatMap((der) => tryParseCertificate(der) ?? [])
    this.#own = read(carried.certificates)
    this.#anchors = read(policy.trustAnchors)
    this.#pool = [...this.#own, ...read(policy.untrusted)]
    this.#known = {
      crls: [...policy.crls, ...carried.crls],
      ocspResponses: [...policy.ocspResponses, ...carried.ocspResponses],
    }
  }

  /** Certificates of the file that issued none of the others: signers and time-stamp authorities. */
  targets(): readonly Certificate[] {
    const issuers = new Set(
      this.#own.map(({ issuerKey, subjectKey }) => (issuerKey === subjectKey ? '' : issuerKey)),
    )
    const distinct = new Map(this.#own.map((one) => [one.fingerprint, one]))
    return [...distinct.values()]
      .filter((one) => !issuers.has(one.subjectKey) && one.extensions.basicConstraints?.ca !== true)
      .slice(0, MOST_TARGETS)
  }

  material(): OnlineMaterial {
    return {
      untrusted: this.#untrusted,
      crls: this.#crls,
      ocspResponses: this.#ocspResponses,
      problems: this.#problems,
    }
  }

  async lookAfter(target: Certificate): Promise<void> {
    const path = await this.#pathOf(target)
    for (let index = 0; path !== undefined && index < path.length - 1; index += 1) {
      await this.#revocationOf(path.slice(index), target)
    }
  }

  async #pathOf(target: Certificate): Promise<readonly Certificate[] | undefined> {
    const failures: string[] = []
    const asked = new Set<string>()
    for (let round = 0; ; round += 1) {
      const { path, ends } = climb(target, this.#pool, this.#anchors, this.#budget)
      if (path !== undefined) return path
      const urls = ends.flatMap((end) => accessPoints(end).caIssuers).filter((url) => !asked.has(url))
      if (urls.length === 0 || round >= MOST_ISSUER_ROUNDS) break
      for (const url of urls) {
        asked.add(url)
        try {
          const found = await this.#fetcher.get(url, LIMITS.issuer, 'issuer', (bytes) => {
            const certificates = issuerCertificates(bytes)
            if (certificates.length === 0) throw new Error('no certificate in the answer')
            return { value: certificates, until: new Date(this.#policy.time.getTime() + ISSUER_LIFETIME) }
          })
          this.#pool.push(...found)
          this.#untrusted.push(...found.map(({ der }) => der))
        } catch (error) {
          failures.push(`${url}: ${reasonOf(error)}`)
        }
      }
    }
    if (failures.length > 0) this.#tell(target, 'ONLINE_ISSUER_NOT_FETCHED', failures.join('; '))
    return undefined
  }

  /** @param path from the certificate in question to the anchor */
  async #revocationOf(path: readonly Certificate[], target: Certificate): Promise<void> {
    const [certificate, issuer] = path
    if (certificate === undefined || issuer === undefined || this.#done.has(certificate.fingerprint)) return
    this.#done.add(certificate.fingerprint)
    if (certificate.extensions.all.has(EXTENSION.ocspNoCheck)) return
    const tells = (crls: readonly Uint8Array[], ocspResponses: readonly Uint8Array[]): boolean =>
      this.#isKnown(path, {
        crls: [...this.#known.crls, ...this.#crls, ...crls],
        ocspResponses: [...this.#known.ocspResponses, ...this.#ocspResponses, ...ocspResponses],
      })
    if (tells([], [])) return

    const { ocsp, crl } = accessPoints(certificate)
    const name = describeSigner(certificate).subject
    const failures: string[] = []
    for (const url of ocsp) {
      try {
        this.#ocspResponses.push(
          await this.#askResponder(url, certificate, issuer, (der) => tells([], [der])),
        )
        return
      } catch (error) {
        failures.push(`OCSP ${url}: ${reasonOf(error)}`)
      }
    }
    for (const url of crl) {
      try {
        this.#crls.push(await this.#fetchList(url, (der) => tells([der], [])))
        return
      } catch (error) {
        failures.push(`CRL ${url}: ${reasonOf(error)}`)
      }
    }
    if (failures.length > 0) {
      this.#tell(target, 'ONLINE_REVOCATION_NOT_FETCHED', `${name}: ${failures.join('; ')}`)
    } else {
      this.#tell(target, 'ONLINE_REVOCATION_NOT_PUBLISHED', `${name} names no OCSP responder and no CRL`)
    }
  }

  /** Whether the data say of the first certificate of the path that it is good or revoked. */
  #isKnown(path: readonly Certificate[], data: Pick<VerificationPolicy, 'crls' | 'ocspResponses'>): boolean {
    const [certificate, ...above] = path
    if (certificate === undefined) return false
    const { time } = this.#policy
    const { revocation } = validateCertificatePath({
      ...data,
      certificate: certificate.der,
      intermediates: [...above, ...this.#pool].map(({ der }) => der),
      trustAnchors: this.#policy.trustAnchors,
      // Of an expired one it is asked whether it was good to its end.
      time: time > certificate.notAfter ? certificate.notAfter : time,
      requireRevocation: true,
      purpose: 'any',
    })
    return revocation?.[0] !== undefined && revocation[0].status !== 'unknown'
  }

  async #askResponder(
    url: string,
    certificate: Certificate,
    issuer: Certificate,
    tells: (der: Uint8Array) => boolean,
  ): Promise<Uint8Array> {
    const id = certId(certificate, issuer)
    const nonce = (this.#options.randomNonce ?? (() => randomBytes(16)))()
    const request = { id: Buffer.from(id).toString('hex'), body: writeOcspRequest(id, nonce) }
    return this.#fetcher.post(url, request, LIMITS.ocsp, (der, fresh) => {
      const { responses, nonce: repeated } = parseOcspResponse(der)
      // Responses made beforehand have none (RFC 5019); these are bounded by their times alone.
      if (fresh && repeated !== undefined && Buffer.compare(repeated, nonce) !== 0) {
        throw new Error('another nonce')
      }
      if (!tells(der)) throw new Error('it says nothing about the certificate that counts')
      return { value: der, until: earliest(responses.map(({ nextUpdate }) => nextUpdate)) }
    })
  }

  async #fetchList(url: string, tells: (der: Uint8Array) => boolean): Promise<Uint8Array> {
    return this.#fetcher.get(url, LIMITS.crl, 'crl', (der) => {
      const { nextUpdate } = parseCrl(der)
      if (!tells(der)) throw new Error('it says nothing about the certificate that counts')
      return { value: der, until: nextUpdate }
    })
  }

  #tell(target: Certificate, code: string, message: string): void {
    this.#problems.push({ signer: describeSigner(target), finding: { code, message } })
  }
}

/** Undefined where one of them is, or there is none. */
function earliest(times: readonly (Date | undefined)[]): Date | undefined {
  const known = times.flatMap((time) => time ?? [])
  return known.length < times.length || known.length === 0
    ? undefined
    : new Date(Math.min(...known.map(Number)))
}

function reasonOf(error: unknown): string {
  if (error instanceof SigningError) return error.message
  return error instanceof Error ? error.message : String(error)
}
