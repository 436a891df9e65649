import { expect } from 'chai'
import fc from 'fast-check'
import {
  type DocumentEvent,
  type DocumentState,
  documentStates,
  findTransition,
  incomingStates,
  outgoingStates,
  requireTransition,
  stateNames,
  transitions,
} from '../../../server/documents/document.ts'
import { CongvanError, describeError } from '../../../server/errors.ts'

const events = [...new Set(transitions.map((one) => one.event))]
const beginnings = transitions.filter((one) => one.from === null)
const anyEvents = fc.array(fc.constantFrom(...events), { maxLength: 30 })
const anyBeginning = fc.constantFrom(...beginnings)

/** The states that a run of events passes through; an event without a transition changes nothing. */
function run(beginning: DocumentState, sequence: readonly DocumentEvent[]) {
  const states: DocumentState[] = [beginning]
  const statuses: string[] = []
  let state = beginning
  for (const event of sequence) {
    const transition = findTransition(state, event)
    if (transition === undefined) continue
    state = transition.to
    states.push(state)
    if (transition.status !== undefined) statuses.push(transition.status)
  }
  return { states, statuses }
}

describe('document: transitions', () => {
  it('lead from the draft to the dispatch', () => {
    const path: DocumentEvent[] = ['end-quarantine', 'sign', 'number', 'issue', 'dispatch']
    expect(run('quarantined', path).states).to.deep.equal([
      'quarantined',
      'draft',
      'signed',
      'numbered',
      'issued',
      'dispatched',
    ])
  })

  it('lead from the arrival to the completion and tell the sender 03, 04, 05, 06', () => {
    const path: DocumentEvent[] = ['verify', 'accept', 'assign', 'process', 'complete']
    expect(run('arrived', path)).to.deep.equal({
      states: ['arrived', 'verified', 'accepted', 'assigned', 'processing', 'completed'],
      statuses: ['03', '04', '05', '06'],
    })
    expect(findTransition(null, 'arrive')).to.include({ to: 'arrived', status: '01' })
    expect(run('arrived', ['verify', 'refuse'])).to.deep.equal({
      states: ['arrived', 'verified', 'refused'],
      statuses: ['02'],
    })
  })

  it('are one for a state and an event, and every state can be reached', () => {
    const keys = transitions.map((one) => `${one.from} ${one.event}`)
    expect(new Set(keys).size).to.equal(keys.length)
    expect(new Set(transitions.map((one) => one.to))).to.deep.equal(new Set(documentStates))
    expect(Object.keys(stateNames)).to.have.length(documentStates.length)
  })

  it('never leave the direction in which a document began', () => {
    fc.assert(
      fc.property(anyBeginning, anyEvents, (beginning, sequence) => {
        const own: readonly string[] = beginning.event === 'arrive' ? incomingStates : outgoingStates
        for (const state of run(beginning.to, sequence).states) expect(own).to.include(state)
      }),
    )
  })

  it('never go back once it is numbered or has arrived, and answer nothing twice', () => {
    const order = [...outgoingStates.slice(outgoingStates.indexOf('numbered')), ...incomingStates]
    fc.assert(
      fc.property(anyBeginning, anyEvents, (beginning, sequence) => {
        const { states, statuses } = run(beginning.to, sequence)
        const from = states.findIndex((state) => (order as readonly string[]).includes(state))
        const places = (from < 0 ? [] : states.slice(from)).map((state) =>
          (order as readonly string[]).indexOf(state),
        )
        expect(places).to.deep.equal([...places].sort((a, b) => a - b))
        for (const once of ['numbered', 'issued', 'dispatched']) {
          expect(states.filter((state) => state === once)).to.have.length.at.most(1)
        }
        expect(new Set(statuses).size).to.equal(statuses.length)
        expect([...statuses].sort()).to.deep.equal(statuses)
      }),
    )
  })

  it('take a draft back whatever was done with it before it had a number, and never afterwards', () => {
    for (const state of ['presented', 'signed'] as const) {
      expect(findTransition(state, 'return')?.to).to.equal('draft')
      expect(findTransition(state, 'revise')?.to).to.equal('draft')
      expect(findTransition(state, 'edit')).to.equal(undefined)
    }
    for (const state of ['numbered', 'issued', 'dispatched', 'cancelled'] as const) {
      for (const event of ['return', 'revise', 'edit', 'check', 'present'] as const) {
        expect(findTransition(state, event), `${state} ${event}`).to.equal(undefined)
      }
    }
  })

  it('keep the order of the law: read only after quarantine, issued only when signed and numbered, accepted only when verified', () => {
    const before: [DocumentState, DocumentState[]][] = [
      ['signed', ['quarantined', 'draft']],
      ['issued', ['quarantined', 'draft', 'signed', 'numbered']],
      ['dispatched', ['issued']],
      ['accepted', ['verified']],
      ['assigned', ['accepted']],
    ]
    // A copy is issued by the agency alone (art 32.2d); that it comes out of quarantine holds for it too.
    const ordinary = anyEvents.map((sequence) => sequence.filter((event) => event !== 'issue-copy'))
    fc.assert(
      fc.property(anyBeginning, ordinary, (beginning, sequence) => {
        const { states } = run(beginning.to, sequence)
        for (const [state, needed] of before) {
          if (states.includes(state)) expect(states).to.include.members(needed)
        }
        expect(states.includes('failed-verification') && states.includes('accepted')).to.equal(false)
        expect(states.includes('issued') && states.includes('cancelled')).to.equal(false)
      }),
    )
  })

  it('say in the words of a clerk why an event is refused', () => {
    const refused = (state: DocumentState, event: DocumentEvent) => {
      try {
        requireTransition(state, event)
      } catch (error) {
        if (error instanceof CongvanError) return describeError(error, 'vi')
      }
      throw new Error('nothing was refused')
    }
    expect(refused('draft', 'issue')).to.include({
      code: 'DOCUMENT_STATE_WRONG',
      message: 'Văn bản đang ở trạng thái "dự thảo", không phát hành được',
    })
    expect(refused('quarantined', 'sign').code).to.equal('DOCUMENT_IN_QUARANTINE')
  })
})
