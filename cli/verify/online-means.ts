import { join } from 'node:path'
import type { OnlineOptions } from '../../signing/index.ts'
import { diskCache } from '../online/disk-cache.ts'
import { exchange } from '../online/http-exchange.ts'
import { isPublicAddress } from '../online/public-address.ts'

/** How files are checked against the network: public addresses only, answers kept in the folder if there is one. */
export function onlineMeans(cacheFolder: string | null): OnlineOptions {
  return {
    transport: (request) => exchange(request, { allow: isPublicAddress }),
    ...(cacheFolder === null ? {} : { cache: diskCache({ folder: cacheFolder }) }),
  }
}

/** Where the user's caches lie (XDG Base Directory Specification); null when the environment does not tell. */
export function cacheFolderOf(env: Readonly<Record<string, string | undefined>>): string | null {
  const { XDG_CACHE_HOME: caches, LOCALAPPDATA: local, HOME: home } = env
  const base = caches || local || (home ? join(home, '.cache') : undefined)
  return base === undefined ? null : join(base, 'congvan', 'online')
}
