// What a worker thread begins with: compiled code is kept as in the launcher, which each thread has to ask for itself,
// before anything of ours is loaded.
import module from 'node:module'
import { fileURLToPath } from 'node:url'

module.enableCompileCache(fileURLToPath(new URL('../../node_modules/.cache/congvan', import.meta.url)))
export const { verifyOne } = await import('./worker.ts')
