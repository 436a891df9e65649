import { setTimeout as wait } from 'node:timers/promises'
import { type TimestampProvider, timestampClient } from '../../signing/index.ts'
import type { CommandContext } from '../command.ts'
import { exchange } from '../online/http-exchange.ts'
import { usageError } from '../usage.ts'

/**
 * The authorities that the person at the keyboard named, asked in their order. Whoever names one may well mean a host
 * of the own network, so that any address is allowed. Neither files nor the authorities themselves can lead elsewhere:
 * redirects are not followed.
 */
export function timestampsFrom(
  servers: readonly string[],
  policy: string | undefined,
  context: CommandContext,
): TimestampProvider | undefined {
  if (servers.length === 0) {
    if (policy === undefined) return undefined
    throw usageError(
      { vi: '--timestamp-policy cần có --timestamp', en: '--timestamp-policy needs --timestamp' },
      context.language,
    )
  }
  for (const url of servers) {
    const parsed = URL.parse(url)
    if (parsed?.protocol !== 'http:' && parsed?.protocol !== 'https:') {
      throw usageError(
        {
          vi: `--timestamp "${url}" phải là địa chỉ http hoặc https`,
          en: `--timestamp "${url}" must be an http or https URL`,
        },
        context.language,
      )
    }
  }
  return timestampClient({
    servers,
    ...(policy === undefined ? {} : { policy }),
    clock: context.io.now,
    delay: (milliseconds, signal) => wait(milliseconds, undefined, { signal }),
    transport: (url, body, { contentType, accept, maxBytes, signal }) =>
      exchange(
        { url, body, contentType, accept, expect: accept, maxBytes, signal },
        { allow: () => true, redirects: 0 },
      ),
  })
}
