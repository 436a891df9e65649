import { ParseOption, XmlDocument, XmlLibError } from 'libxml2-wasm'
import { SigningError } from '../errors.ts'
import { scanXml, type XmlLimits } from './scan.ts'

/** Not `NOERROR`: with it libxml2-wasm never learns of namespace errors and lets them pass. */
const options = {
  encoding: 'utf-8',
  option: (ParseOption.XML_PARSE_NONET |
    ParseOption.XML_PARSE_NO_XXE |
    ParseOption.XML_PARSE_NO_SYS_CATALOG |
    ParseOption.XML_PARSE_SKIP_IDS) as ParseOption,
}

/**
 * Parses a file that may be hostile and hands its tree to `use`; the tree lives in the memory of the parser and
 * is released when `use` returns, so nothing of it may be kept.
 *
 * Nothing is fetched, no entity is expanded, DOCTYPE is refused, limits are checked first.
 *
 * @throws SigningError those of `scanXml`, and `XML_MALFORMED` for what is not namespace-well-formed XML 1.0.
 */
export function withXml<Result>(
  xml: Uint8Array,
  limits: XmlLimits,
  use: (document: XmlDocument) => Result,
): Result {
  scanXml(xml, limits)
  const document = parse(xml)
  try {
    // The scan has refused every declaration; should the two ever disagree, the parser's view decides.
    if (document.dtd !== null) throw new SigningError('XML_DOCTYPE_FORBIDDEN')
    return use(document)
  } finally {
    document.dispose()
  }
}

function parse(xml: Uint8Array): XmlDocument {
  try {
    return XmlDocument.fromBuffer(xml, options)
  } catch (error) {
    if (!(error instanceof XmlLibError)) throw error
    const first = error.details[0]
    const reason =
      first === undefined
        ? error.message
        : `${first.message.trim()} (line ${first.line}, column ${first.col})`
    throw new SigningError('XML_MALFORMED', { reason }, { cause: error })
  }
}
