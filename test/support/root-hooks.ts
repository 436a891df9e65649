import { stopCluster } from './database.ts'
import { closePageText } from './page-text.ts'

export const mochaHooks = {
  async afterAll() {
    await closePageText()
    await stopCluster()
  },
}
