import { writeFileSync } from 'node:fs'
import Mocha from 'mocha'

/** Mocha's own `spec` reporter, which also writes the runner's totals to a file: `N passed, N failed, N skipped`. */
class SpecWithTotals extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options)
    runner.once('end', () => {
      const settings = options.reporterOptions as { totals?: string } | undefined
      const { passes, failures, pending } = this.stats
      if (settings?.totals !== undefined) {
        writeFileSync(settings.totals, `${passes} passed, ${failures} failed, ${pending} skipped\n`)
      }
    })
  }
}

// Mocha loads a reporter by its default export.
export { SpecWithTotals as default }
