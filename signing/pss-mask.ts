import { createPublicKey, type KeyObject } from 'node:crypto'
import { parseDer } from './x509/der.ts'
import { context, integer, nullValue, oid, sequence } from './x509/der-write.ts'

/** id-RSASSA-PSS and id-mgf1 of RFC 8017 appendix C. */
const OID_PSS = '1.2.840.113549.1.1.10'
const OID_MASK = '1.2.840.113549.1.1.8'

/** A derived key for each pair of digests, as long as the key itself lives. */
const derived = new WeakMap<KeyObject, Map<string, KeyObject>>()

/**
 * The same RSA key, restricted to PSS with these digests for the data and for MGF1 (RFC 4055 section 3.1).
 *
 * `node:crypto` takes no digest for MGF1 with a signature, but OpenSSL reads it from the parameters of the key. The salt
 * length among them is the least one, so 0 restricts nothing.
 */
export function pssKeyWithMask(key: KeyObject, digest: string, mask: string): KeyObject {
  const known = derived.get(key) ?? new Map<string, KeyObject>()
  derived.set(key, known)
  const name = `${digest} ${mask}`
  const found = known.get(name)
  if (found !== undefined) return found
  const algorithm = (type: string) => sequence(oid(type), nullValue())
  const parameters = sequence(
    context(0, algorithm(digest)),
    context(1, sequence(oid(OID_MASK), algorithm(mask))),
    context(2, integer(0)),
  )
  const [, bits] = parseDer(key.export({ format: 'der', type: 'spki' })).children
  if (bits === undefined) throw new RangeError('no key bits')
  const spki = sequence(sequence(oid(OID_PSS), parameters), bits.raw)
  const made = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
  known.set(name, made)
  return made
}
