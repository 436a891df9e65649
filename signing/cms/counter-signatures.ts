import { SigningError } from '../errors.ts'
import { ATTRIBUTE_OID, CONTENT_TYPE } from './oids.ts'
import { type ParsedSignedData, type ParsedSigner, readSigner } from './parse-signed-data.ts'

export interface CounterSignatures {
  /** Each with a `SignedData` in which it is the only signer; certificates are those of the whole. */
  readonly countersigners: readonly { readonly data: ParsedSignedData; readonly signer: ParsedSigner }[]
  /** How many values of the attribute are no `SignerInfo`. */
  readonly unreadable: number
}

/** The counter-signatures on a signature (RFC 5652 section 11.4): unsigned, so that a broken one says nothing of it. */
export function counterSignaturesOf(data: ParsedSignedData, signer: ParsedSigner): CounterSignatures {
  const values = signer.unsignedAttributes
    .filter(({ type }) => type === ATTRIBUTE_OID.counterSignature)
    .flatMap((attribute) => attribute.values)
  const found: ParsedSigner[] = []
  let unreadable = 0
  for (const value of values) {
    try {
      found.push(readSigner(value))
    } catch (error) {
      if (!(error instanceof SigningError)) throw error
      unreadable += 1
    }
  }
  const countersigners = found.map((one) => ({ data: around(data, one), signer: one }))
  return { countersigners, unreadable }
}

/** A counter-signature has no content type and no list of digests of its own. */
function around(data: ParsedSignedData, signer: ParsedSigner): ParsedSignedData {
  const { digestAlgorithm } = signer
  return {
    ...data,
    version: data.dueVersion,
    contentType: CONTENT_TYPE.data,
    content: undefined,
    digestAlgorithms: [digestAlgorithm],
    signers: [signer],
  }
}
