/** What may happen to one delivery, in any order: what `recall-machine.test.ts` draws by chance. */
import fc from 'fast-check'

/** Refusals that an act may meet, since the acts come in any order. Everything else is a defect. */
export const refusals = new Set<string>([
  'DELIVERY_NOT_ENDED',
  'DELIVERY_TRIED_AGAIN',
  'DISPATCH_INVALID',
  'DOCUMENT_FROZEN',
  'DOCUMENT_RECALLED',
  'DOCUMENT_STATE_WRONG',
  'LINKED_DOCUMENT_WRONG',
  'RECALL_NOTICE_UNSEEN',
  'RECALL_NOT_REQUESTED',
  'RECALL_NOT_SENT',
  'RECALL_PENDING',
  'UPDATE_NOT_REQUESTED',
  'VERIFICATION_PENDING',
])

/** What happens to jobs and requests, whoever does what. */
const troubles = [
  'take',
  'take',
  'run-first',
  'run-last',
  'run-twice',
  'kill',
  'cut-before',
  'cut-after',
  'double',
  'settle',
  'settle',
  'verify',
] as const
const answers = ['accept', 'agree', 'decline', 'agree-update', 'decline-update'] as const
export type Act = (typeof troubles)[number] | (typeof answers)[number] | 'again' | 'recall' | 'update'

/** A life: on its way, most often there before it is recalled, and then answered in the midst of the rest. */
export const lives = fc
  .tuple(
    phase([...troubles, 'again', 'update', 'accept'], 8),
    fc.constantFrom<Act[]>(
      ['settle', 'verify'],
      ['settle', 'verify', 'accept'],
      ['settle', 'again', 'settle', 'again'],
      [],
    ),
    fc.constantFrom<Act[]>(['recall'], ['recall'], ['recall', 'settle', 'verify'], ['update', 'recall'], []),
    phase([...troubles, ...answers, ...answers, 'settle', 'verify', 'again', 'recall', 'update'], 16),
  )
  .map(([first, there, recalled, last]) => [
    ...first,
    ...[...there, ...recalled].map((act): [Act, number] => [act, 0]),
    ...last,
  ])

function phase(acts: readonly Act[], most: number) {
  return fc.array(fc.tuple(fc.constantFrom(...acts), fc.nat(7)), { maxLength: most })
}
