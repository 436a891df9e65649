/** One document of the province to 170 communes, hosted by the node of their district. */
import pg from 'pg'
import { openLetterMaker } from '../../support/plant/letters.ts'
import type { Plant } from '../../support/plant/plant.ts'
import type { FourLevels } from '../../support/plant/tree.ts'
import { dispatch, make, untilBack } from './chain.ts'

export interface FanOut {
  /** From the dispatch to the receipt of the last delivery. */
  readonly seconds: number
  /** Requests that carried a file to the node of the communes. */
  readonly fileRequests: number
}

export async function fanOut(plant: Plant, tree: FourLevels): Promise<FanOut> {
  const home = plant.node('tinh')
  const district = plant.node('huyen')
  const maker = await openLetterMaker(plant, home, tree.province)
  const pool = new pg.Pool({ connectionString: home.superuserUrl, max: 2 })
  let fileRequests = 0
  district.front.disturb = (_, path) => {
    if (/\/offers\/with-files$|\/files\/[0-9a-f]{64}\?/.test(path)) fileRequests += 1
    return undefined
  }
  try {
    const client = await plant.clerk(tree.province.code)
    const [letter = ''] = await make(maker, 1)
    const start = performance.now()
    await dispatch(
      client,
      letter,
      tree.communes.map((one) => one.code),
    )
    await untilBack(pool, letter)
    return { seconds: (performance.now() - start) / 1000, fileRequests }
  } finally {
    district.front.disturb = undefined
    await pool.end()
    await maker.close()
  }
}
