import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { elementMaker, PING, writeCanonical, XML_DECLARATION, type XmlElement } from '../../signing/index.ts'
import { ElementReader, leafOf, textLeaf } from './element-reader.ts'
import { narrow } from './narrow.ts'
import {
  type Opened,
  type OpenOptions,
  openXml,
  type Sealed,
  type SealOptions,
  sealXml,
} from './sealed-xml.ts'
import { identifier, moment, sha256 } from './values.ts'
import { readInstant, writeInstant } from './xml-values.ts'

/**
 * Pings: what an operator tries the whole way to a neighbour with. Sealed as envelopes and receipts are, by the same
 * keys, so that what would keep those from passing keeps it from passing; but it carries nothing and is kept nowhere.
 */
const ping = z.strictObject({
  id: z.uuid(),
  /** The node that asks, and seals. */
  from: identifier,
  /** The node that is asked: what was sealed for one is no ping to another. */
  to: identifier,
  time: moment,
})
export type Ping = z.infer<typeof ping>

const pingAnswer = z.strictObject({
  /** The node that answers, and seals. */
  from: identifier,
  /** Of the sealed ping, byte for byte as it came. */
  pingSha256: sha256,
  time: moment,
})
export type PingAnswer = z.infer<typeof pingAnswer>

const pingRoot = { namespace: PING, localName: 'Ping' }
const answerRoot = { namespace: PING, localName: 'PingAnswer' }
const element = elementMaker(PING, '')
const leaf = (name: string, value: string) => element(name, {}, [value])

/** @throws CongvanError `INPUT_INVALID` naming the element; SigningError of the key */
export function sealPing(input: Omit<Ping, 'id'>, options: SealOptions): Promise<Sealed> {
  const { id, from, to, time } = narrow(ping, { ...input, id: randomUUID() })
  const leaves = [leaf('Id', id), leaf('From', from), leaf('To', to), leaf('Time', writeInstant(time))]
  return sealXml(XML_DECLARATION + writeCanonical(element('Ping', {}, leaves)), pingRoot, options)
}

/** @throws SigningError where the seal does not hold; CongvanError `INPUT_INVALID` where the content is no ping */
export function openPing(xml: Uint8Array, options: OpenOptions): Opened<Ping> {
  return openXml(xml, pingRoot, options, (verified: XmlElement) => {
    const reader = new ElementReader(verified, 'Ping')
    const properties = {
      id: reader.take('Id', textLeaf, PING),
      from: reader.take('From', textLeaf, PING),
      to: reader.take('To', textLeaf, PING),
      time: reader.take('Time', leafOf(readInstant), PING),
    }
    reader.finish()
    return narrow(ping, properties)
  })
}

/** @throws CongvanError `INPUT_INVALID` naming the element; SigningError of the key */
export function sealPingAnswer(input: PingAnswer, options: SealOptions): Promise<Sealed> {
  const { from, pingSha256, time } = narrow(pingAnswer, input)
  const leaves = [leaf('From', from), leaf('PingSha256', pingSha256), leaf('Time', writeInstant(time))]
  return sealXml(XML_DECLARATION + writeCanonical(element('PingAnswer', {}, leaves)), answerRoot, options)
}

/** @throws SigningError where the seal does not hold; CongvanError `INPUT_INVALID` where the content is no answer */
export function openPingAnswer(xml: Uint8Array, options: OpenOptions): Opened<PingAnswer> {
  return openXml(xml, answerRoot, options, (verified: XmlElement) => {
    const reader = new ElementReader(verified, 'PingAnswer')
    const properties = {
      from: reader.take('From', textLeaf, PING),
      pingSha256: reader.take('PingSha256', textLeaf, PING),
      time: reader.take('Time', leafOf(readInstant), PING),
    }
    reader.finish()
    return narrow(pingAnswer, properties)
  })
}
