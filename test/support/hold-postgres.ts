/** Owns an embedded PostgreSQL until told to stop: `node hold-postgres.ts FOLDER`. Speaks JSON lines on stdout. */
import { startEmbeddedPostgres } from '../../server/embedded-postgres.ts'
import { CongvanError } from '../../server/errors.ts'

const [, , folder = '', runAs = 'nobody'] = process.argv
const say = (value: object) => process.stdout.write(`${JSON.stringify(value)}\n`)

try {
  const postgres = await startEmbeddedPostgres({
    folder,
    runAs,
    onRestart: (reason) => say({ event: 'restart', reason }),
  })
  say({ event: 'ready', port: postgres.port, url: postgres.superuserUrl() })
  process.stdin.resume()
  process.stdin.once('end', () => {
    void postgres.stop().then(() => process.exit(0))
  })
} catch (error) {
  say({ event: 'failed', code: error instanceof CongvanError ? error.code : String(error) })
  process.exitCode = 1
}
