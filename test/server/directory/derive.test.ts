import { expect } from 'chai'
import fc from 'fast-check'
import { type Directory, deriveDirectory, type SourcePart } from '../../../server/directory/derive.ts'
import type { NodeEntry } from '../../../server/directory/part.ts'
import { agency, idOf } from './entries.ts'

const at = '2025-03-01T08:00:00.000Z'
const fingerprint = (node: string) => `key of ${node}`
const node = (id: string): NodeEntry => ({
  id,
  url: null,
  keys: [{ fingerprint: fingerprint(id), validFrom: '2025-01-01T00:00:00.000Z', validTo: null }],
})
const part = (
  issuer: string,
  nodes: readonly NodeEntry[],
  agencies: SourcePart['agencies'] = [],
  more: Partial<SourcePart> = {},
): SourcePart => ({
  issuer,
  nodes,
  agencies,
  tombstones: [],
  signed: { keyFingerprint: fingerprint(issuer), at },
  ...more,
})

const chain: SourcePart[] = [
  part(
    'tw',
    [node('tw'), node('tinh-a'), node('tinh-b')],
    [agency('G22', 'tw'), agency('H40', 'tinh-a'), agency('H41', 'tinh-b')],
  ),
  part('tinh-a', [node('huyen')], [agency('H40.19', 'huyen')]),
  part('huyen', [node('xa')], [agency('H40.19.3', 'xa')]),
  part('tinh-b', [node('xa-b')], [agency('H41.7', 'xa-b')]),
]

function derive(parts: readonly SourcePart[], ownNode = 'xa'): Directory {
  return deriveDirectory({
    rootIssuer: 'tw',
    ownNode,
    parts: new Map(parts.map((one) => [one.issuer, one])),
  })
}

const codes = (directory: Directory) => directory.codes.map((one) => `${one.code} ${one.issuer}`).sort()
const replace = (changed: SourcePart) => chain.map((one) => (one.issuer === changed.issuer ? changed : one))

describe('the directory derived from parts', () => {
  it('takes each part after its issuer’s parent’s', () => {
    const directory = derive(chain)
    expect(directory.problems).to.deep.equal([])
    expect(codes(directory)).to.deep.equal([
      'G22 tw',
      'H40 tw',
      'H40.19 tinh-a',
      'H40.19.3 huyen',
      'H41 tw',
      'H41.7 tinh-b',
    ])
    expect(directory.nodes.get('xa')?.parent).to.equal('huyen')
    expect(directory.nodes.get('tw')?.parent).to.equal(null)
  })

  it('is the same in whatever order the parts came', () => {
    const thief = part(
      'tinh-b',
      [node('xa-b'), node('huyen')],
      [agency('H41.7', 'xa-b'), agency('H40.19', 'xa-b')],
    )
    const wanted = derive(replace(thief))
    fc.assert(
      fc.property(fc.shuffledSubarray(replace(thief), { minLength: 4 }), (parts) => {
        expect(derive(parts)).to.deep.equal(wanted)
      }),
    )
  })

  it('leaves out what an issuer may not sign, and nothing else of it', () => {
    const overstepping = part(
      'tinh-b',
      [node('xa-b'), node('tinh-b')],
      [
        agency('H41.7', 'xa-b'),
        agency('H40.5', 'xa-b'),
        agency('H41.8', 'tinh-b'),
        agency('H41.9', 'nowhere'),
        agency('Z01KHU-CN', 'xa-b'),
      ],
    )
    const directory = derive(replace(overstepping))
    expect(codes(directory).filter((one) => one.endsWith('tinh-b'))).to.deep.equal([
      'H41.7 tinh-b',
      'Z01KHU-CN tinh-b',
    ])
    expect(directory.problems.map((one) => `${one.field} ${one.id}`)).to.have.members([
      'id tinh-b',
      `code ${idOf('H40.5')}`,
      `hostingNode ${idOf('H41.8')}`,
      `hostingNode ${idOf('H41.9')}`,
    ])
    expect(directory.nodes.get('tinh-b')?.issuer).to.equal('tw')
  })

  it('lets an ancestor’s word stand before a descendant’s', () => {
    const parent = part(
      'tinh-a',
      [node('huyen'), node('xa')],
      [agency('H40.19', 'huyen'), agency('H40.19.3', 'xa')],
    )
    const directory = derive(replace(parent))
    expect(directory.nodes.get('xa')?.parent).to.equal('tinh-a')
    expect(codes(directory)).to.include('H40.19.3 tinh-a')
    expect(directory.problems.map((one) => `${one.issuer} ${one.kind} ${one.holder}`)).to.deep.equal([
      'huyen node tinh-a',
      'huyen agency null',
      'huyen agency tinh-a',
      'huyen agency tinh-a',
    ])
  })

  it('drops everything below a node whose key its parent does not confirm', () => {
    const late = {
      ...node('tinh-a'),
      keys: [{ fingerprint: fingerprint('tinh-a'), validFrom: at, validTo: at }],
    }
    const root = part('tw', [node('tw'), late, node('tinh-b')], chain[0]?.agencies ?? [])
    expect(codes(derive(replace(root)))).to.deep.equal(['G22 tw', 'H40 tw', 'H41 tw', 'H41.7 tinh-b'])
    const forged = part('tinh-a', [node('huyen')], [], { signed: { keyFingerprint: 'another', at } })
    expect(codes(derive(replace(forged)))).to.deep.equal(['G22 tw', 'H40 tw', 'H41 tw', 'H41.7 tinh-b'])
  })

  it('counts this node’s own entries for itself even before it is named', () => {
    const own = part('moi', [node('con')], [agency('H40.19.4', 'con')], { signed: null })
    const directory = derive([...chain, own], 'moi')
    expect(codes(directory)).to.include('H40.19.4 moi')
    const foreign = part('moi', [node('con')], [agency('H40.19.4', 'con')])
    expect(codes(derive([...chain, foreign]))).not.to.include('H40.19.4 moi')
  })

  it('lets a code pass from one issuer’s agency to another’s on a day, never before it', () => {
    const until = (validTo: string) =>
      part('tinh-a', [node('huyen')], [agency('H40.19', 'huyen', { validTo })])
    const from = part('tw', chain[0]?.nodes ?? [], [
      ...(chain[0]?.agencies ?? []),
      { ...agency('H40.19', 'tinh-b', { validFrom: '2025-07-01' }), id: idOf('successor') },
    ])
    const clean = derive([from, ...replace(until('2025-07-01')).slice(1)])
    expect(clean.problems).to.deep.equal([])
    expect(clean.codes.filter((one) => one.code === 'H40.19').map((one) => one.issuer)).to.deep.equal([
      'tw',
      'tinh-a',
    ])
    const overlapping = derive([from, ...replace(until('2025-07-02')).slice(1)])
    expect(overlapping.problems.map((one) => `${one.issuer} ${one.holder}`)).to.deep.equal([
      'tinh-a tw',
      // The district's scope was the code that is lost now.
      'huyen null',
    ])
  })
})
