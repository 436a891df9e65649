import type { Opened, OpenOptions } from './sealed-xml.ts'

type Open<Message> = (xml: Uint8Array, options: OpenOptions) => Opened<Message>

/**
 * Opens sealed XML whose sealing node is known only from its content: by the key that it names itself. The seal then
 * holds for that key; whose key it was is still to be asked, of the directory, before anything is believed.
 *
 * @throws SigningError where the seal does not hold; CongvanError `INPUT_INVALID` where the content is no such message
 */
export function openByOwnKey<Message>(open: Open<Message>, xml: Uint8Array): Opened<Message> {
  return open(xml, { keyFingerprints: 'named' })
}
