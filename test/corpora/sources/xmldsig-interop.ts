import { createPublicKey, createSecretKey, X509Certificate } from 'node:crypto'
import { posix } from 'node:path'
import { verifyXml } from '../../../signing/index.ts'
import { readCsv, toDer } from '../../support/corpora.ts'
import { compare, type LabelledCase, verdictOfReport } from '../labelled-case.ts'
import { type Read, verdictOrError } from '../verdict-or-error.ts'
import { policyAt } from './pdf-attacks.ts'

/**
 * The interoperability files of XMLDSig, whose label says whether core validation holds: the arguments are those of
 * another program, of which anchors, other certificates, moments and the octets behind URIs are taken over. A valid
 * one is met where digest and signature value hold for us too, for its keys and dates are those of twenty years ago;
 * an invalid one where it does not pass.
 */
export function* xmldsigInterop(read: Read): Generator<LabelledCase> {
  const source = 'xmldsig-xmlsec'
  for (const row of readCsv(read(`${source}/index.csv`))) {
    const words = (row.verify_args ?? '').split(/\s+/).filter(Boolean)
    const at = (file: string) => readNear(read, source, row.cwd ?? '.', file)
    // A flag may name its key: `--pubkey-der:NAME`.
    const after = (flag: string) =>
      words.flatMap((word, i) => (word === flag || word.startsWith(`${flag}:`) ? [words[i + 1] ?? ''] : []))
    const keyCertificates = after('--pubkey-cert-der').map((file) => new X509Certificate(at(file)))
    const keys = [
      ...after('--hmackey').map((file) => createSecretKey(at(file))),
      ...after('--pubkey-der').flatMap((file) => readKey(() => at(file))),
      ...keyCertificates.map(({ publicKey }) => publicKey),
    ]
    const attachments = new Map(
      words.flatMap((word, i) =>
        word.startsWith('--url-map:') ? [[word.slice('--url-map:'.length), at(words[i + 1] ?? '')]] : [],
      ),
    )
    const [moment] = after('--verification-gmt-time')
    const time = moment?.replace(/\+(\d\d:\d\d:\d\d)$/, 'T$1Z')
    const anchors = [...after('--trusted-der'), ...after('--trusted-pem')].map((file) => toDer(at(file)))
    const untrusted = ['--untrusted-der', '--untrusted-pem', '--pubkey-cert-der', '--pubkey-cert-pem']
      .flatMap(after)
      .map((file) => toDer(at(file)))
    const ours = verdictOrError(() =>
      verdictOfReport(
        verifyXml(
          read(`${source}/${row.file}`),
          { ...policyAt(time, anchors), untrusted },
          { attachments, keys },
        ),
      ),
    )
    const valid = row.verdict === 'VALID'
    const label = { verdict: valid ? 'INTACT' : 'INVALID', cryptoIntact: '' }
    // No key of a certificate, no verdict: what we do not pass meets "invalid".
    const refused = !valid && ours.indication === 'INDETERMINATE'
    yield compare(source, row.file ?? '', label, refused ? { ...ours, indication: 'TOTAL_FAILED' } : ours)
  }
}

/** Some paths in the arguments start at the collection's folder, some at the case's; none leaves the collection. */
function readNear(read: Read, source: string, folder: string, file: string): Uint8Array {
  try {
    return read(posix.join(source, posix.join('/', folder, file)))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return read(posix.join(source, posix.join('/', file)))
  }
}

/** A key of a kind that the runtime knows, where the collection has it. */
function readKey(read: () => Uint8Array) {
  try {
    return [createPublicKey({ key: Buffer.from(read()), format: 'der', type: 'spki' })]
  } catch {
    return []
  }
}
