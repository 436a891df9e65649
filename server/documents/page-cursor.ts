import { CongvanError } from '../errors.ts'
import type { DocumentQuery } from './document-store.ts'

type Position = NonNullable<DocumentQuery['after']>

const CURSOR = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z) ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/

/** The place in a list as an opaque text for clients. */
export function writeCursor({ createdAt, id }: Position): string {
  return Buffer.from(`${createdAt.toISOString()} ${id}`).toString('base64url')
}

/** @throws CongvanError `INPUT_INVALID` for a text that `writeCursor` did not make */
export function readCursor(cursor: string): Position {
  const match = CURSOR.exec(Buffer.from(cursor, 'base64url').toString('latin1'))
  const createdAt = new Date(match?.[1] ?? Number.NaN)
  if (match?.[2] === undefined || Number.isNaN(createdAt.getTime())) {
    throw new CongvanError('INPUT_INVALID', { field: 'query.cursor', reason: 'no cursor of this list' })
  }
  return { createdAt, id: match[2] }
}
