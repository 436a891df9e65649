/**
 * The relay: one node accepts, four nodes in a row, one document to many, and a node with a million deliveries behind
 * it. Nodes, their database, the fronts and whoever sends share one machine.
 */
import { openPlant } from '../support/plant/plant.ts'
import { fourLevels } from '../support/plant/tree.ts'
import { type Measure, median, rounded } from './measure.ts'
import { openAcceptBench } from './relay/accept.ts'
import { openChainBench } from './relay/chain.ts'
import { fanOut } from './relay/fan-out.ts'
import { fillDeliveries } from './relay/fill.ts'
import { openRawCosts, type RawCostsOfRelay, type RawRates } from './relay/raw.ts'

const say = (text: string) => process.stderr.write(`${text}\n`)
const COMMUNES = 170
const [FEW, MANY] = [10_000, 1_000_000]

export async function benchRelay(): Promise<Measure[]> {
  return [...(await benchAccept()), ...(await benchTree())]
}

/** The rate, held against the tightest of the raw costs: the requests. */
function ratioMeasure(
  name: string,
  results: readonly { readonly rate: number; readonly raw: RawRates }[],
  atLeast: number,
): Measure {
  const ratio = median(results.map(({ rate, raw }) => rate / raw.posts))
  return {
    name,
    value: rounded(median(results.map((one) => one.rate))),
    unit: '1/s',
    raw: rounded(median(results.map((one) => one.raw.posts))),
    ratio: rounded(ratio),
    target: `ratio >= ${atLeast}`,
    met: ratio >= atLeast,
  }
}

function boundMeasure(name: string, value: number, unit: string, atMost: number, raw = atMost): Measure {
  const target = `value <= ${atMost} ${unit}`
  return {
    name,
    value: rounded(value),
    unit,
    raw: rounded(raw),
    ratio: rounded(value / raw),
    target,
    met: value <= atMost,
  }
}

function rawMeasures(raw: RawRates): Measure[] {
  const names = {
    ecSign: 'raw: P-256 signs',
    ecVerify: 'raw: P-256 verifies',
    rsaSign: 'raw: RSA-2048 signs',
    rsaVerify: 'raw: RSA-2048 verifies',
    transactions: 'raw: durable transactions of 4 statements',
    posts: 'raw: HTTP POSTs of 100 kB',
  } as const
  return (Object.keys(names) as (keyof RawRates)[]).map((key) => ({
    name: names[key],
    value: rounded(raw[key]),
    unit: '1/s',
    raw: rounded(raw[key]),
    ratio: 1,
    target: 'none',
    met: true,
  }))
}

async function benchAccept(): Promise<Measure[]> {
  const tree = fourLevels({ tinh: 0 })
  const plant = await openPlant(tree.plans.slice(0, 2), { ownClusters: false, say })
  try {
    const { superuserUrl } = plant.node('tw')
    const raw = await openRawCosts(superuserUrl)
    const bench = await openAcceptBench(plant, tree)
    await fillDeliveries(superuserUrl, 1, FEW)
    await bench.run(50)
    const rounds = await repeated(raw, 3, () => bench.run(300))
    const last = rounds.at(-1)
    const rate = median(rounds.map((one) => one.rate))
    say(`accepted ${rate.toFixed(1)}/s; raw costs by the second: ${JSON.stringify(last?.raw)}`)
    const half = await bench.runAtHalf(200, rate)
    say(`at half load p95 ${half.p95.toFixed(0)} ms; filling up to ${MANY} deliveries`)
    await fillDeliveries(superuserUrl, FEW + 1, MANY)
    await bench.run(50)
    const full = await repeated(raw, 3, () => bench.run(300))
    await raw.close()
    say(`with ${MANY} deliveries ${median(full.map((one) => one.rate)).toFixed(1)}/s`)
    const kept =
      median(full.map((one) => one.rate / one.raw.posts)) /
      median(rounds.map((one) => one.rate / one.raw.posts))
    return [
      ...(last === undefined ? [] : rawMeasures(last.raw)),
      ratioMeasure('documents of 100 kB accepted, verified, stored, receipted by one node', rounds, 0.15),
      boundMeasure('the same at half load, p95', half.p95, 'ms', 150),
      {
        name: `its rate with ${MANY} deliveries in the tables, of that with ${FEW}`,
        value: rounded(median(full.map((one) => one.rate))),
        unit: '1/s',
        raw: rounded(rate),
        ratio: rounded(kept),
        target: 'ratio >= 0.8',
        met: kept >= 0.8,
      },
    ]
  } finally {
    await plant.stop()
  }
}

async function repeated<T>(
  raw: RawCostsOfRelay,
  rounds: number,
  work: () => Promise<T>,
): Promise<(T & { readonly raw: RawRates })[]> {
  const results: (T & { readonly raw: RawRates })[] = []
  for (let round = 0; round < rounds; round += 1) {
    const rates = await raw.measure()
    results.push({ ...(await work()), raw: rates })
  }
  return results
}

async function benchTree(): Promise<Measure[]> {
  const tree = fourLevels({}, COMMUNES)
  const plant = await openPlant(tree.plans, { ownClusters: false, say })
  try {
    const raw = await openRawCosts(plant.node('tw').superuserUrl)
    const chain = await openChainBench(plant, tree)
    await chain.run(10)
    const rounds = await repeated(raw, 3, () => chain.run(80))
    const rate = median(rounds.map((one) => one.rate))
    say(`through four nodes ${rate.toFixed(1)}/s`)
    const half = await chain.runAtHalf(60, rate)
    await chain.close()
    await raw.close()
    say(`at half load p95 ${half.p95.toFixed(0)} ms; one document to ${COMMUNES} communes`)
    const wide = await fanOut(plant, tree)
    return [
      ratioMeasure('xã → huyện → tỉnh → trung ương, all receipts back', rounds, 0.025),
      boundMeasure('the same at half load, p95', half.p95 / 1000, 's', 1.5),
      boundMeasure(`one document to ${COMMUNES} communes, last receipt`, wide.seconds, 's', 5),
      boundMeasure('requests that carried its file over the link', wide.fileRequests, 'requests', 1),
    ]
  } finally {
    await plant.stop()
  }
}
