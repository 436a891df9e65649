import type { Command } from 'commander'
import type { Language } from '../signing/index.ts'
import type { Io } from './io.ts'
import type { Output } from './output.ts'

/** What the global options decided, and the means to answer. */
export interface CommandContext {
  readonly io: Io
  readonly output: Output
  readonly language: Language
  /** `--json`: results as JSON lines. */
  readonly json: boolean
  /** `--debug`: stack traces of unexpected errors. */
  readonly debug: boolean
}

/** Runs the body of a command; what it answers is the exit code of the process. */
export type Invoke = (body: (context: CommandContext) => Promise<number>) => Promise<void>

/**
 * What a file in `commands/` exports: it adds arguments, options, sub-commands and an action to its command.
 * The action calls `invoke` and nothing else; errors are left to the one catch in `main.ts`.
 */
export type DefineCommand = (command: Command, invoke: Invoke) => void

/** A text in both languages. */
export interface Bilingual {
  readonly vi: string
  readonly en: string
}

/** A description for `--help`: Vietnamese first, English beside. */
export function described(vi: string, en: string): string {
  return `${vi} / ${en}`
}

/** Collects the values of an option that may be repeated. */
export function repeatable(value: string, previous: readonly string[]): string[] {
  return [...previous, value]
}
