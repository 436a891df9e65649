import { stopCluster } from './database.ts'

export const mochaHooks = {
  async afterAll() {
    await stopCluster()
  },
}
