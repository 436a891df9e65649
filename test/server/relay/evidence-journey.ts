/**
 * A document on its way over four levels, with everything that proves it: signed directory parts, signed PDFs with an
 * annex and an attachment, clerks who answer. What the tests of evidence begin with.
 */
import { createHash } from 'node:crypto'
import type { AgencyEntry } from '../../../server/directory/agency-entry.ts'
import { decodePart, type NodeEntry, readStoredContent, signPart } from '../../../server/directory/part.ts'
import { findPart, insertPart } from '../../../server/directory/part-store.ts'
import type { AnnouncedStatus } from '../../../server/documents/status-announcer.ts'
import { statusAnnouncer } from '../../../server/relay/announce.ts'
import { type DispatchResult, dispatchDocument } from '../../../server/relay/dispatch.ts'
import { exportEvidence } from '../../../server/relay/export-evidence.ts'
import { type KeyProvider, nodeKeyFingerprint } from '../../../signing/index.ts'
import { type Network, openNetwork } from './network.ts'
import { issue, type Office, openOffice, plainPdf } from './office.ts'

/** The commune sends, agencies of all four levels and one beside it get the document. */
export const SENDER = 'H40.12.3'
export const recipients = ['G22', 'H40', 'H40.12', 'H40.12.5'] as const

export function openFourLevels(): Promise<Network> {
  return openNetwork([
    { id: 'tw', parent: null, agencies: [{ code: 'G22', name: 'Văn phòng thử nghiệm' }] },
    { id: 'tinh', parent: 'tw', agencies: [{ code: 'H40', name: 'Ủy ban nhân dân tỉnh thử nghiệm' }] },
    { id: 'huyen', parent: 'tinh', agencies: [{ code: 'H40.12', name: 'Ủy ban nhân dân huyện thử nghiệm' }] },
    {
      id: 'xa',
      parent: 'huyen',
      agencies: [
        { code: SENDER, name: 'Ủy ban nhân dân xã thử nghiệm 3' },
        { code: 'H40.12.5', name: 'Ủy ban nhân dân xã thử nghiệm 5' },
      ],
    },
  ])
}

const nodeIds = ['tw', 'tinh', 'huyen', 'xa'] as const
const parentOf: Readonly<Record<string, string | null>> = { tw: null, tinh: 'tw', huyen: 'tinh', xa: 'huyen' }

/** Signs the directory of a network as its nodes would have, and lays all parts at every node. */
export async function publishDirectory(network: Network): Promise<void> {
  const keyed = await network
    .node('tw')
    .rows('select node_id, fingerprint, valid_from from directory_node_keys')
  const nodes = nodeIds.map(
    (id): NodeEntry => ({
      id,
      url: null,
      keys: keyed
        .filter((row) => row.node_id === id)
        .map((row) => ({
          fingerprint: String(row.fingerprint),
          validFrom: (row.valid_from as Date).toISOString(),
          validTo: null,
        })),
    }),
  )
  const agencies = await agencyEntries(network)
  for (const issuer of nodeIds) {
    const mine = nodes.filter((node) => parentOf[node.id] === issuer || (issuer === 'tw' && node.id === 'tw'))
    if (mine.length === 0) continue
    const hosts = new Set(mine.map((node) => node.id))
    const part = await signPart(
      {
        issuer,
        version: 1,
        previous: null,
        signedAt: '2025-02-01T00:00:00.000Z',
        nodes: mine,
        agencies: agencies.filter((one) => one.terms.every((term) => hosts.has(term.hostingNode))),
        tombstones: [],
      },
      network.node(issuer).key,
    )
    for (const id of nodeIds) {
      await network.node(id).context.db.asNode(async (trx) => {
        const how = { isRoot: issuer === 'tw', receivedFrom: null, now: network.now() }
        await insertPart(trx, await decodePart(part.bytes), how)
      })
    }
  }
}

/** The root gets a second key: its old one signs a part that names both, the new one the part after that. */
export async function rollRootKey(network: Network, later: KeyProvider): Promise<void> {
  const { context } = network.node('xa')
  const before = await context.db.asNode((trx) => findPart(trx, 'tw'))
  if (before === undefined) throw new Error('no part of the root')
  const content = readStoredContent(before.bytes)
  const entry = {
    fingerprint: nodeKeyFingerprint(later.certificate),
    validFrom: '2025-02-02T00:00:00.000Z',
    validTo: null,
  }
  const nodes = content.nodes.map((node) =>
    node.id === 'tw' ? { ...node, keys: [...node.keys, entry] } : node,
  )
  const signedAt = '2025-02-03T00:00:00.000Z'
  const rest = { issuer: 'tw', signedAt, nodes, agencies: content.agencies, tombstones: [] }
  const second = await signPart({ ...rest, version: 2, previous: before.sha256 }, network.node('tw').key)
  const third = await signPart({ ...rest, version: 3, previous: second.sha256 }, later)
  for (const part of [second, third]) {
    const how = { isRoot: true, receivedFrom: null, now: network.now() }
    await context.db.asNode((trx) => insertPart(trx, part, how))
  }
}

async function agencyEntries(network: Network): Promise<AgencyEntry[]> {
  const rows = await network.node('tw').rows(
    `select c.agency_id, c.code, c.valid_from, t.name, t.level, t.hosting_node
     from agency_codes c join agency_terms t using (agency_id)`,
  )
  return rows.map((row) => {
    const dated = { validFrom: '2020-09-15', validTo: null }
    return {
      id: String(row.agency_id),
      codes: [{ code: String(row.code), generation: 'qd20', provenance: null, ...dated }],
      terms: [
        {
          name: String(row.name),
          level: 'commune',
          parentId: null,
          hostingNode: String(row.hosting_node),
          ...dated,
        },
      ],
      closedOn: null,
      successors: [],
    }
  })
}

/** What the clerk of a recipient does, told to the sender. */
export async function announce(
  network: Network,
  sent: DispatchResult,
  recipient: string,
  code: AnnouncedStatus['code'],
  description = '',
): Promise<void> {
  const { agencyId, node } = network.agency(recipient)
  await node.context.db.asAgency({ agencyId }, async (trx) => {
    const document = await trx('documents')
      .where({ envelope_sha256: sent.envelope, agency_id: agencyId })
      .first('id', 'document_code')
    await statusAnnouncer(node.context)(trx, {
      documentId: document.id,
      documentCode: document.document_code,
      envelopeSha256: sent.envelope,
      recipientCode: recipient,
      senderCode: SENDER,
      code,
      description,
      at: network.now(),
    })
  })
}

export interface Journey {
  readonly network: Network
  readonly office: Office
  readonly documentId: string
  readonly sent: DispatchResult
  /** The fingerprint of the root's key. */
  readonly root: string
  bundle(): Promise<Uint8Array>
  close(): Promise<void>
}

/** Issues a document with an annex and an attachment, sends it to everyone, and lets the clerks answer. */
export async function makeJourney(): Promise<Journey> {
  const network = await openFourLevels()
  await publishDirectory(network)
  const office = await openOffice(network, SENDER)
  const { id } = await issue(office, [
    { kind: 'annex', name: 'phu-luc-1.pdf', bytes: await plainPdf('Phu luc') },
    { kind: 'attachment', name: 'du-lieu.csv', bytes: Buffer.from('a,b\n1,2\n') },
  ])
  const sent = await sendTo(network, office, id, recipients)
  network.advance(60_000)
  await announce(network, sent, 'G22', '03', 'Số đến 12')
  await announce(network, sent, 'H40', '02', 'Gửi nhầm nơi nhận')
  network.advance(60_000)
  await announce(network, sent, 'G22', '06')
  await network.settle()
  return {
    network,
    office,
    documentId: id,
    sent,
    root: nodeKeyFingerprint(network.node('tw').key.certificate),
    bundle: () => evidenceOf(network, office, id),
    close: () => network.close(),
  }
}

export async function sendTo(
  network: Network,
  office: Office,
  documentId: string,
  codes: readonly string[],
): Promise<DispatchResult> {
  const { deps } = network.agency(office.code).node
  const sent = await dispatchDocument(deps, office.clerk, { documentId, recipients: codes })
  await network.settle()
  return sent
}

export async function evidenceOf(network: Network, office: Office, documentId: string): Promise<Uint8Array> {
  const { deps } = network.agency(office.code).node
  const pieces: Uint8Array[] = []
  for await (const piece of await exportEvidence(deps, office.clerk, documentId)) pieces.push(piece)
  return Buffer.concat(pieces)
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
