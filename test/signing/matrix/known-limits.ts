/**
 * What these programs are known not to take, and why. A refusal that is not in here fails the matrix; an entry that a
 * newer version no longer needs does no harm.
 */
export interface KnownLimit {
  readonly program: string
  readonly algorithm: RegExp
  readonly reason: string
}

export const knownLimits: readonly KnownLimit[] = [
  {
    program: 'pdfsig',
    algorithm: /SHA3/,
    reason: 'NSS, by which Poppler verifies, has no signatures with SHA-3',
  },
  { program: 'pdfsig', algorithm: /^Ed/, reason: 'NSS knows EdDSA in TLS and not in CMS' },
  {
    program: 'mutool',
    algorithm: / pss /,
    reason: 'MuPDF asks OpenSSL by its PKCS #7 interface, which has no PSS',
  },
  { program: 'mutool', algorithm: /^Ed/, reason: 'the PKCS #7 interface of OpenSSL has no EdDSA' },
  {
    program: 'openssl cms',
    algorithm: /^Ed25519$/,
    reason: 'OpenSSL 3.0 hands the digest of digestAlgorithm to EdDSA, which takes none',
  },
  {
    program: 'openssl cms',
    algorithm: /^Ed448$/,
    reason:
      'OpenSSL does not know id-shake256-len, which RFC 8419 section 3.1 prescribes beside signed attributes',
  },
  {
    program: 'xmlsec1',
    algorithm: / pss /,
    reason: 'xmlsec1 has the identifiers of RFC 6931 for PSS since 1.3',
  },
  { program: 'xmlsec1', algorithm: /SHA3/, reason: 'xmlsec1 has SHA-3 since 1.3' },
  { program: 'xmlsec1', algorithm: /^Ed/, reason: 'xmlsec1 has EdDSA since 1.3.8' },
  { program: 'xml-crypto', algorithm: /SHA-384|SHA3/, reason: 'it has SHA-1, SHA-256 and SHA-512 only' },
  { program: 'xml-crypto', algorithm: / pss SHA-512/, reason: 'it has PSS with SHA-256 only' },
  { program: 'xml-crypto', algorithm: /^Ed/, reason: 'it has no EdDSA' },
]

export function limitOf(program: string, algorithm: string): KnownLimit | undefined {
  return knownLimits.find((limit) => limit.program === program && limit.algorithm.test(algorithm))
}
