import { CongvanError } from '../errors.ts'
import type { ListPosition } from './document-list-store.ts'

const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'
const CREATED = new RegExp(`^(\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z) (${UUID})$`)
const DATED = new RegExp(`^(\\d{4}-\\d{2}-\\d{2}) (${UUID})$`)

/** The place in a list as an opaque text for clients. */
export function writeCursor({ order, at, id }: ListPosition): string {
  return Buffer.from(`${order === 'created' ? at.toISOString() : at} ${id}`).toString('base64url')
}

/**
 * @param order of the list that the cursor is used in
 * @throws CongvanError `INPUT_INVALID` for a text that `writeCursor` did not make for a list of this order
 */
export function readCursor(cursor: string, order: ListPosition['order']): ListPosition {
  const text = Buffer.from(cursor, 'base64url').toString('latin1')
  const [, at, id] = (order === 'created' ? CREATED : DATED).exec(text) ?? []
  const time = new Date(at ?? Number.NaN)
  if (at === undefined || id === undefined || Number.isNaN(time.getTime())) {
    throw new CongvanError('INPUT_INVALID', { field: 'query.cursor', reason: 'no cursor of this list' })
  }
  return order === 'created' ? { order, at: time, id } : { order, at, id }
}
