/** Where a node's database is: a PostgreSQL that somebody else runs, or the embedded one below the data folder. */
import { join } from 'node:path'
import type { Config } from './config.ts'
import { type DatabaseUrls, provisionDatabase } from './embedded-database.ts'
import { attachEmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.ts'
import type { Logger } from './log.ts'

/** Where a node's database is, and who stops it. */
export interface Place extends Partial<Pick<DatabaseUrls, 'ownerUrl'>> {
  readonly applicationUrl: string
  /** The embedded PostgreSQL of another process that runs now. */
  readonly isOthers?: true
  close(): Promise<void>
}

const DATABASE_NAME = 'congvan'

/** The database of a node that serves: PostgreSQL by its URL, or the embedded one, which is started here. */
export async function openPlace(config: Config, log: Logger): Promise<Place> {
  if (config.databaseUrl !== undefined) {
    const { databaseUrl: applicationUrl, ownerDatabaseUrl: ownerUrl } = config
    return { applicationUrl, ...(ownerUrl === undefined ? {} : { ownerUrl }), close: async () => {} }
  }
  const postgres = await startEmbeddedPostgres({
    folder: config.dataFolder,
    runAs: config.postgresUser,
    onRestart: (reason) => log.warn({ reason }, 'embedded PostgreSQL'),
  })
  try {
    const urls = await provisionDatabase(postgres, DATABASE_NAME, passwordFile(config))
    return { ...urls, close: () => postgres.stop() }
  } catch (error) {
    await postgres.stop()
    throw error
  }
}

/** As `openPlace`, but beside a `serve` that owns the embedded PostgreSQL its own is used and left running. */
export async function openConsolePlace(config: Config, log: Logger): Promise<Place> {
  if (config.databaseUrl === undefined) {
    const running = attachEmbeddedPostgres({ folder: config.dataFolder, runAs: config.postgresUser })
    if (running !== undefined) {
      const urls = await provisionDatabase(running, DATABASE_NAME, passwordFile(config))
      return { ...urls, isOthers: true, close: async () => {} }
    }
  }
  return openPlace(config, log)
}

function passwordFile(config: Config): string {
  return join(config.dataFolder, 'database-passwords.json')
}
