/** Looks once at everything that alerts, metrics and the doctor judge. */
import { X509Certificate } from 'node:crypto'
import { statfs } from 'node:fs/promises'
import { certificateSubject, crlOutline, type KeyProvider, nodeKeyFingerprint } from '../../signing/index.ts'
import type { NodeContext } from '../context.ts'
import { queueCounts } from '../queue-counts.ts'
import type { DiskFacts, EndingFact, NodeFacts } from './facts.ts'
import {
  limitPatience,
  readDatabase,
  readLogPosition,
  readOpenOffers,
  readOwnKeyEntries,
  readPeers,
  readQueues,
  readSigningCertificates,
} from './figures-store.ts'

export interface FactSources {
  readonly context: Pick<NodeContext, 'nodeId' | 'db' | 'clock' | 'limits' | 'log'>
  readonly key: KeyProvider
  /** Certificates and revocation lists as the node believes in them now, DER. */
  readonly trust: {
    readonly anchors: readonly Uint8Array[]
    readonly untrusted: readonly Uint8Array[]
    readonly crls: readonly Uint8Array[]
  }
  /** Folders that must not run full. */
  readonly folders: readonly string[]
}

/** @throws CongvanError `DATABASE_UNAVAILABLE`, also when the database takes too long */
export async function gatherFacts({ context, key, trust, folders }: FactSources): Promise<NodeFacts> {
  const disks = await Promise.all(folders.map(diskOf))
  const asked = context.clock()
  const found = await context.db.asNode(async (trx) => {
    await limitPatience(trx)
    // First, so that the time that the other statements take is not taken for a difference of clocks.
    const database = await readDatabase(trx)
    const answered = context.clock()
    return {
      database,
      answered,
      queues: await readQueues(trx),
      peers: await readPeers(trx),
      offers: await readOpenOffers(trx),
      jobs: await queueCounts(trx),
      logPosition: await readLogPosition(trx),
      keyEntries: await readOwnKeyEntries(trx, context.nodeId),
      signing: await readSigningCertificates(trx, answered),
    }
  })
  const { database, answered, keyEntries, signing, ...counted } = found
  const middle = (asked.getTime() + answered.getTime()) / 2
  return {
    ...counted,
    now: answered,
    certificates: [
      nodeCertificate(key),
      ...ownKeyEnd(nodeKeyFingerprint(key.certificate), keyEntries),
      ...trust.anchors.map((der) => certificateEnd('trust-anchor', der)),
      ...trust.untrusted.map((der) => certificateEnd('trust-certificate', der)),
      ...latestLists(trust.crls),
      ...signing.map(({ agency, role, count, firstEnd }) => ({
        kind: `${role}-certificate` as const,
        name: agency,
        endsAt: firstEnd,
        count,
      })),
    ],
    disks,
    databaseAheadSeconds: (database.now.getTime() - middle) / 1000,
    standbys: { wanted: database.standbysWanted, connected: database.standbysConnected },
  }
}

async function diskOf(folder: string): Promise<DiskFacts> {
  const { bavail, blocks, bsize } = await statfs(folder)
  return { folder, freeBytes: bavail * bsize, sizeBytes: blocks * bsize }
}

function nodeCertificate(key: KeyProvider): EndingFact {
  return {
    kind: 'node-certificate',
    name: nodeKeyFingerprint(key.certificate),
    endsAt: new X509Certificate(key.certificate).validToDate,
  }
}

/** When the key that this node signs with ends by the directory; nothing while the directory names no end. */
function ownKeyEnd(
  fingerprint: string,
  entries: readonly { readonly fingerprint: string; readonly validTo: Date | null }[],
): EndingFact[] {
  const ends = entries.filter((one) => one.fingerprint === fingerprint).map((one) => one.validTo)
  if (ends.length === 0 || ends.includes(null)) return []
  const last = Math.max(...ends.map((end) => end?.getTime() ?? 0))
  return [{ kind: 'directory-key', name: fingerprint, endsAt: new Date(last) }]
}

function certificateEnd(kind: EndingFact['kind'], der: Uint8Array): EndingFact {
  const { commonName, organization } = certificateSubject(der)
  const certificate = new X509Certificate(der)
  const name = commonName ?? organization ?? certificate.fingerprint256
  return { kind, name, endsAt: certificate.validToDate }
}

/** The newest list of each issuer: an older one beside it is no reason to worry. */
function latestLists(crls: readonly Uint8Array[]): EndingFact[] {
  const newest = new Map<string, { readonly thisUpdate: Date; readonly endsAt: Date | undefined }>()
  for (const { issuer, thisUpdate, nextUpdate } of crls.map(crlOutline)) {
    const known = newest.get(issuer)
    if (known === undefined || known.thisUpdate < thisUpdate) {
      newest.set(issuer, { thisUpdate, endsAt: nextUpdate })
    }
  }
  return [...newest].flatMap(([name, { endsAt }]) =>
    endsAt === undefined ? [] : [{ kind: 'crl' as const, name, endsAt }],
  )
}
