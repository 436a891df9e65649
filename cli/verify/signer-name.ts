/**
 * A signer's name as people say it, out of the RFC 4514 form of the report: who, in which office, of which agency.
 * The full form is shown besides, for a name may itself hold commas.
 */
export function signerName(subject: string): string {
  const parts = new Map<string, string>()
  for (const [, type = '', value = ''] of subject.matchAll(
    /(?:^|[,+])([A-Za-z][\w-]*|[\d.]+)=((?:\\.|[^\\,+])*)/gs,
  )) {
    if (!parts.has(type)) parts.set(type, unescaped(value))
  }
  const named = ['CN', 'title', 'O'].flatMap((type) => parts.get(type) ?? [])
  const distinct = [...new Set(named)]
  return distinct.length > 0 ? distinct.join(', ') : subject
}

/** `\,` and the like, and `\C3\A9` (RFC 4514 section 2.4). */
function unescaped(value: string): string {
  return value
    .replace(/(?:\\[0-9A-Fa-f]{2})+/g, (hex) => Buffer.from(hex.replaceAll('\\', ''), 'hex').toString('utf8'))
    .replace(/\\(.)/gs, '$1')
}
