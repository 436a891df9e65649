/**
 * One process of a node, as `congvan serve` runs it, whose clock can be set: `{ offsetMs }` by its channel. Everything
 * else is the product's own.
 */
import { readConfig } from '../../../server/config.ts'
import { startNode } from '../../../server/main.ts'

let offsetMs = 0
process.on('message', (message: { readonly offsetMs?: number }) => {
  if (message.offsetMs !== undefined) offsetMs = message.offsetMs
})

const stopAsked = new Promise<void>((accept) => {
  process.once('SIGTERM', accept)
  process.once('disconnect', accept)
})
const node = await startNode(readConfig(process.env), { clock: () => new Date(Date.now() + offsetMs) })
process.send?.({ url: node.url })
await stopAsked
await node.stop()
if (process.connected) process.disconnect()
