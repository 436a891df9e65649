const begin = /-----BEGIN ([A-Z0-9 ]+)-----/g

/** Whether the bytes look like text with PEM blocks (RFC 7468); text may stand before the first. */
export function looksLikePem(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes('-----BEGIN ')
}

/** The contents of all complete blocks, in order; a block without end, or with no base64 in it, gives nothing. */
export function pemBlocks(text: string): Uint8Array[] {
  const blocks: Uint8Array[] = []
  begin.lastIndex = 0
  for (let found = begin.exec(text); found !== null; found = begin.exec(text)) {
    const ending = `-----END ${found[1]}-----`
    const end = text.indexOf(ending, begin.lastIndex)
    if (end === -1) break
    const body = text.slice(begin.lastIndex, end).replace(/^[\w-]+:.*$/gm, '')
    const bytes = Buffer.from(body.replace(/\s+/g, ''), 'base64')
    if (bytes.length > 0) blocks.push(bytes)
    begin.lastIndex = end + ending.length
  }
  return blocks
}
