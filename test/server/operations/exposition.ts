/**
 * A reader of the Prometheus exposition format 0.0.4, strict: what it does not know it refuses.
 * https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 */
export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface Family {
  readonly type: string
  readonly help: string
  readonly samples: readonly Sample[]
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const LABEL = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\[\\\\"n])*"'
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(${LABEL}(?:,${LABEL})*)?,?\\})? (\\S+)$`)

/** @throws Error naming the line */
export function readExposition(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line has no line feed')
  const families = new Map<string, { type: string; help: string; samples: Sample[] }>()
  const seen = new Set<string>()
  let open: string | undefined
  for (const line of text.split('\n')) {
    if (line === '') continue
    const [, keyword, name = '', rest = ''] = new RegExp(`^# (HELP|TYPE) (${NAME}) ?(.*)$`).exec(line) ?? []
    if (keyword === 'HELP') {
      if (families.has(name)) throw new Error(`twice: ${line}`)
      families.set(name, { type: '', help: rest, samples: [] })
      open = name
    } else if (keyword === 'TYPE') {
      const family = families.get(name)
      if (family === undefined || name !== open || family.samples.length > 0) throw new Error(`TYPE: ${line}`)
      if (!['counter', 'gauge', 'histogram', 'summary', 'untyped'].includes(rest)) throw new Error(line)
      family.type = rest
    } else {
      const sample = readSample(line)
      const family = families.get(open ?? '')
      if (family === undefined || !belongs(sample.name, open ?? '', family.type))
        throw new Error(`stray: ${line}`)
      const key = line.slice(0, line.lastIndexOf(' '))
      if (seen.has(key)) throw new Error(`the same sample twice: ${key}`)
      seen.add(key)
      family.samples.push(sample)
    }
  }
  for (const [name, family] of families) if (family.type === 'histogram') checkHistogram(name, family.samples)
  return families
}

function readSample(line: string): Sample {
  const [whole, name = '', labels = '', number = ''] = SAMPLE.exec(line) ?? []
  if (whole === undefined) throw new Error(`no sample: ${line}`)
  const value = number === '+Inf' ? Number.POSITIVE_INFINITY : Number(number)
  if (Number.isNaN(value) && number !== 'NaN') throw new Error(`no number: ${line}`)
  const pairs = [...labels.matchAll(new RegExp(LABEL, 'g'))].map(([pair]) => {
    const at = pair.indexOf('=')
    const quoted = pair.slice(at + 2, -1)
    return [pair.slice(0, at), quoted.replace(/\\(.)/g, (_all, one) => (one === 'n' ? '\n' : one))]
  })
  return { name, labels: Object.fromEntries(pairs), value }
}

function belongs(sample: string, family: string, type: string): boolean {
  if (type !== 'histogram') return sample === family
  return ['_bucket', '_sum', '_count'].some((end) => sample === family + end)
}

/** Buckets grow, end with `+Inf`, and that one is the count. */
function checkHistogram(name: string, samples: readonly Sample[]): void {
  const series = Map.groupBy(samples, ({ labels: { le: _le, ...labels } }) =>
    JSON.stringify(Object.entries(labels).sort()),
  )
  for (const [labels, all] of series) {
    const buckets = all.filter((one) => one.name === `${name}_bucket`)
    const bounds = buckets.map((one) =>
      one.labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(one.labels.le),
    )
    const counts = buckets.map((one) => one.value)
    const grows = (values: readonly number[]) =>
      values.every((one, at) => at === 0 || one >= (values[at - 1] ?? 0))
    const count = all.find((one) => one.name === `${name}_count`)?.value
    if (
      !grows(bounds) ||
      !grows(counts) ||
      bounds.at(-1) !== Number.POSITIVE_INFINITY ||
      counts.at(-1) !== count
    ) {
      throw new Error(`histogram ${name} ${labels}`)
    }
  }
}

/** The value of the one sample with these labels. */
export function figureOf(
  families: ReadonlyMap<string, Family>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const family = families.get(name) ?? families.get(name.replace(/_(bucket|sum|count)$/, ''))
  return family?.samples.find(
    (one) => one.name === name && Object.entries(labels).every(([key, value]) => one.labels[key] === value),
  )?.value
}
