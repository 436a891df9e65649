/** The entries of a cross-reference section as they are written: table or stream (ISO 32000-2, 7.5.4 and 7.5.8). */

/** Where an object of the new revision stands. */
export interface Place {
  readonly number: number
  readonly generation: number
  /** In the file. */
  readonly offset: number
}

/** Runs of consecutive object numbers. */
export function subsections(places: readonly Place[]): Place[][] {
  const runs: Place[][] = []
  for (const place of [...places].sort((a, b) => a.number - b.number)) {
    const run = runs.at(-1)
    if (run !== undefined && (run.at(-1)?.number ?? -2) + 1 === place.number) run.push(place)
    else runs.push([place])
  }
  return runs
}

/** Subsections with entries of exactly 20 bytes (7.5.4). */
export function tableOf(places: readonly Place[]): string {
  if (places.length === 0) return '0 0\n'
  return subsections(places)
    .map((run) => {
      const entries = run.map(({ offset, generation }) => {
        return `${String(offset).padStart(10, '0')} ${String(generation).padStart(5, '0')} n \n`
      })
      return `${run[0]?.number ?? 0} ${run.length}\n${entries.join('')}`
    })
    .join('')
}

/** Entries of type 1 with a 6-byte offset and a 2-byte generation (7.5.8.3), in the order of the subsections. */
export function streamOf(places: readonly Place[]): Uint8Array {
  const ordered = subsections(places).flat()
  const data = Buffer.alloc(ordered.length * 9)
  ordered.forEach(({ offset, generation }, i) => {
    data.writeUInt8(1, i * 9)
    data.writeUIntBE(offset, i * 9 + 1, 6)
    data.writeUInt16BE(generation, i * 9 + 7)
  })
  return data
}
