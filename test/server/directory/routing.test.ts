import { expect } from 'chai'
import fc from 'fast-check'
import { nextHop } from '../../../server/directory/routing.ts'

/** Four levels, with a commune on a node of its own, and a province whose communes are three levels deep. */
const fourLevels = new Map<string, string | null>([
  ['tw', null],
  ['tinh-a', 'tw'],
  ['tinh-b', 'tw'],
  ['huyen', 'tinh-a'],
  ['xa', 'huyen'],
  ['xa-b', 'tinh-b'],
])

describe('routing', () => {
  const hop = (
    ownNode: string,
    hostingNode: string,
    parents: ReadonlyMap<string, string | null> = fourLevels,
  ) => nextHop({ ownNode, hostingNode, parents })

  it('delivers what is hosted here, sends down what is below a child, and everything else up', () => {
    expect(hop('tinh-a', 'tinh-a')).to.deep.equal({ kind: 'deliver' })
    expect(hop('tinh-a', 'xa')).to.deep.equal({ kind: 'down', nodeId: 'huyen' })
    expect(hop('tw', 'xa')).to.deep.equal({ kind: 'down', nodeId: 'tinh-a' })
    expect(hop('xa', 'xa-b')).to.deep.equal({ kind: 'up', nodeId: 'huyen' })
    expect(hop('tinh-a', 'xa-b')).to.deep.equal({ kind: 'up', nodeId: 'tw' })
    expect(hop('xa', 'tw')).to.deep.equal({ kind: 'up', nodeId: 'huyen' })
  })

  it('needs four hops up and down with four levels, three with three', () => {
    expect(journey('xa', 'xa-b', fourLevels)).to.deep.equal(['huyen', 'tinh-a', 'tw', 'tinh-b', 'xa-b'])
    const threeLevels = new Map([...fourLevels, ['xa', 'tinh-a']] as [string, string | null][])
    expect(journey('xa', 'xa-b', threeLevels)).to.deep.equal(['tinh-a', 'tw', 'tinh-b', 'xa-b'])
  })

  it('has no route to an unknown node, to another tree, or where links go round', () => {
    expect(hop('xa', 'la')).to.deep.equal({ kind: 'none', reason: 'unknown-node' })
    const two = new Map([...fourLevels, ['tw-2', null], ['tinh-2', 'tw-2']] as [string, string | null][])
    expect(hop('xa', 'tinh-2', two)).to.deep.equal({ kind: 'none', reason: 'unconnected' })
    expect(hop('tw', 'tinh-2', two)).to.deep.equal({ kind: 'none', reason: 'unconnected' })
    const round = new Map([...fourLevels, ['tinh-b', 'xa-b']] as [string, string | null][])
    expect(hop('xa', 'xa-b', round)).to.deep.equal({ kind: 'none', reason: 'loop' })
    expect(hop('xa-b', 'xa', round)).to.deep.equal({ kind: 'none', reason: 'loop' })
  })

  it('reaches every node of any tree without meeting one twice', () => {
    fc.assert(
      fc.property(trees, fc.nat(), fc.nat(), (parents, from, to) => {
        const names = [...parents.keys()]
        const start = names[from % names.length] ?? ''
        const target = names[to % names.length] ?? ''
        const path = [start, ...journey(start, target, parents)]
        expect(path.at(-1)).to.equal(target)
        expect(new Set(path).size).to.equal(path.length)
      }),
    )
  })

  it('ends on any links at all: it reaches the node, or says that there is no route', () => {
    const links = fc
      .array(fc.option(fc.nat(9)), { minLength: 10, maxLength: 10 })
      .map(
        (parents) =>
          new Map(parents.map((parent, index) => [`n${index}`, parent === null ? null : `n${parent}`])),
      )
    fc.assert(
      fc.property(links, fc.nat(9), fc.nat(11), (parents, from, to) => {
        let at = `n${from}`
        const seen = new Set([at])
        for (;;) {
          const next = hop(at, `n${to}`, parents)
          if (next.kind === 'none') break
          if (next.kind === 'deliver') {
            expect(at).to.equal(`n${to}`)
            break
          }
          expect(seen.has(next.nodeId), `${next.nodeId} twice`).to.equal(false)
          seen.add(next.nodeId)
          at = next.nodeId
        }
      }),
    )
  })
})

/** Every node but the first has one of the earlier ones as its parent. */
const trees = fc
  .array(fc.nat(), { minLength: 1, maxLength: 30 })
  .map(
    (choices) =>
      new Map<string, string | null>(
        choices.map((choice, index) => [`n${index}`, index === 0 ? null : `n${choice % index}`]),
      ),
  )

function journey(from: string, to: string, parents: ReadonlyMap<string, string | null>): string[] {
  const path: string[] = []
  for (let at = from; path.length <= parents.size; ) {
    const hop = nextHop({ ownNode: at, hostingNode: to, parents })
    if (hop.kind === 'deliver') return path
    if (hop.kind === 'none') throw new Error(`no route: ${hop.reason}`)
    path.push(hop.nodeId)
    at = hop.nodeId
  }
  throw new Error('goes round')
}
