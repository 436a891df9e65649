/** One node takes documents of 100 kB: offered, verified, stored and receipted; the documents' signatures as well. */
import { signPdf } from '../../../signing/index.ts'
import type { Plant } from '../../support/plant/plant.ts'
import type { FourLevels } from '../../support/plant/tree.ts'
import { benchInputs } from '../inputs.ts'
import { flatOut, type LoadResult, paced } from './load.ts'
import { openStranger, type Parcel, type Stranger } from './stranger.ts'

const AT_ONCE = 8

export interface AcceptBench {
  /** Hands over so many documents, as fast as the node takes them. */
  run(count: number): Promise<LoadResult>
  /** At half of a rate. */
  runAtHalf(count: number, rate: number): Promise<LoadResult>
}

/** @param plant with `tw`, which runs, and `tinh`, in whose name the documents are offered */
export async function openAcceptBench(plant: Plant, tree: FourLevels): Promise<AcceptBench> {
  const { letter, agency } = await benchInputs()
  // Each document another one: an RSA signature made within the same second would be the same file again.
  let made = 0
  const before = Date.now() - 86_400_000
  const sign = () => {
    made += 1
    const signingTime = new Date(before + made * 1_000)
    return signPdf(letter, { field: 'AgencySignature', key: agency, signingTime })
  }
  const to = { node: plant.node('tw'), agency: tree.central }
  const stranger: Stranger = openStranger(plant.node('tinh'), tree.province, to, sign)
  const handOver = (parcel: Parcel) => stranger.handOver(parcel)
  return {
    run: async (count) => flatOut(await stranger.make(count), AT_ONCE, handOver),
    runAtHalf: async (count, rate) => paced(await stranger.make(count), rate / 2, handOver),
  }
}
