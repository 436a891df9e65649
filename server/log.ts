/** Operational log: one JSON line an event on stderr. Evidence is never here, it is in `audit/`. */
import pino from 'pino'

export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
  child(fields: object): Logger
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

/** Keys, passwords and tokens are cut out by name, wherever they stand one or two levels deep. */
const secrets = ['password', 'token', 'authorization', 'privateKey', 'secret']

export function openLog(options: {
  readonly level: LogLevel
  readonly node?: string
  readonly fd?: number
}): Logger {
  return pino(
    {
      level: options.level,
      base: { pid: process.pid, ...(options.node === undefined ? {} : { node: options.node }) },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: secrets.flatMap((name) => [name, `*.${name}`]), censor: '[cut]' },
      formatters: { level: (label) => ({ level: label }) },
    },
    pino.destination({ fd: options.fd ?? 2, sync: true }),
  )
}
