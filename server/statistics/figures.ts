/**
 * What statistics say (reference: NĐ 30/2020 art 35.2g; what provinces report), and how it is added up. Pure.
 *
 * The bits are those of `document_facts.flags` (migration 0016): each tells of one document what depends neither on the
 * calendar nor on today.
 */
const bits = {
  outgoing: 1,
  electronicOnly: 2,
  parallel: 4,
  individual: 8,
  agency: 16,
  refused: 32,
  /** There is an act that was in time or late: a dispatch after a signature, a registration. */
  timed: 64,
  /** In time whatever the calendar. */
  inTime: 128,
  due: 512,
  doneInTime: 1024,
  doneLate: 2048,
} as const

/** The counts of one row of statistics; every one of them adds up over rows. */
export interface Figures {
  readonly sent: {
    readonly documents: number
    readonly electronicOnly: number
    readonly parallelWithPaper: number
    readonly signedByIndividual: number
    readonly signedByAgency: number
    readonly signedByBoth: number
  }
  readonly received: {
    readonly documents: number
    readonly signedByIndividual: number
    readonly signedByAgency: number
    readonly signedByBoth: number
    readonly registered: number
    readonly refused: number
  }
  readonly onTime: {
    /** Dispatched the day of the signature or the next working day; urgent ones the same day (arts 4.2c, 18.1). */
    readonly dispatch: Timeliness
    /** Registered the day of arrival or the next working day; urgent ones the same day (art 4.2c). */
    readonly registration: Timeliness
    /** Completed by the day that was set; those that are open and not due yet are neither in time nor late. */
    readonly handling: Timeliness & { readonly notDueYet: number }
  }
}

export interface Timeliness {
  readonly inTime: number
  readonly late: number
}

/** How many documents bear a combination of bits. */
export interface FlagCount {
  readonly key: string
  readonly flags: number
  readonly documents: number
}

/** What had to be looked at with the calendar and today's date. */
export interface UnsettledCount {
  readonly key: string
  readonly dispatchedInTime: number
  readonly registeredInTime: number
  /** Neither registered nor returned, and it should have been. */
  readonly waitingLate: number
  readonly overdue: number
}

/** Figures by key. */
export function addUp(
  flags: readonly FlagCount[],
  unsettled: readonly UnsettledCount[],
  keyOf: (key: string) => string,
): Map<string, Figures> {
  const flagged = groupBy(flags, keyOf)
  const open = groupBy(unsettled, keyOf)
  const keys = [...new Set([...flagged.keys(), ...open.keys()])].sort()
  return new Map(keys.map((key) => [key, figuresOf(flagged.get(key) ?? [], open.get(key) ?? [])]))
}

/** The figures of all rows together. */
export function totalOf(flags: readonly FlagCount[], unsettled: readonly UnsettledCount[]): Figures {
  return figuresOf(flags, unsettled)
}

function groupBy<T extends { readonly key: string }>(
  rows: readonly T[],
  keyOf: (key: string) => string,
): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const row of rows) {
    const key = keyOf(row.key)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [row])
    else group.push(row)
  }
  return groups
}

function figuresOf(flags: readonly FlagCount[], unsettled: readonly UnsettledCount[]): Figures {
  const { outgoing, electronicOnly, parallel, individual, agency, refused, timed, inTime } = bits
  /** Documents of one direction that bear all of these bits. */
  const count = (direction: 'sent' | 'received', ...wanted: number[]): number => {
    const mask = wanted.reduce((all, bit) => all | bit, 0)
    const isOutgoing = direction === 'sent'
    return flags
      .filter((one) => ((one.flags & outgoing) !== 0) === isOutgoing && (one.flags & mask) === mask)
      .reduce((sum, one) => sum + one.documents, 0)
  }
  const open = (field: Exclude<keyof UnsettledCount, 'key'>) =>
    unsettled.reduce((sum, one) => sum + one[field], 0)
  const dispatched = count('sent', inTime) + open('dispatchedInTime')
  const registered = count('received', inTime) + open('registeredInTime')
  const doneInTime = count('received', bits.doneInTime)
  const doneLate = count('received', bits.doneLate)
  return {
    sent: {
      documents: count('sent'),
      electronicOnly: count('sent', electronicOnly),
      parallelWithPaper: count('sent', parallel),
      signedByIndividual: count('sent', individual),
      signedByAgency: count('sent', agency),
      signedByBoth: count('sent', individual, agency),
    },
    received: {
      documents: count('received'),
      signedByIndividual: count('received', individual),
      signedByAgency: count('received', agency),
      signedByBoth: count('received', individual, agency),
      registered: count('received', timed),
      refused: count('received', refused),
    },
    onTime: {
      dispatch: { inTime: dispatched, late: count('sent', timed) - dispatched },
      registration: {
        inTime: registered,
        late: count('received', timed) - registered + open('waitingLate'),
      },
      handling: {
        inTime: doneInTime,
        late: doneLate + open('overdue'),
        notDueYet: count('received', bits.due) - doneInTime - doneLate - open('overdue'),
      },
    },
  }
}
