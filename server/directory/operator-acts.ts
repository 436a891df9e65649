/**
 * The operator's acts on the directory together with their publication, for the API and the node's console alike.
 *
 * The act is done and logged before it is signed and passed on; should that fail, the job that stands in the queue
 * since the act does it later. So a failure of the publication is reported, not thrown.
 */
import type { OperatorActor } from '../actor.ts'
import { addPeer, type NewPeer } from './add-peer.ts'
import type { ActReport, ActTerms, AgencyAct, ReadAgencyWork } from './agency-act.ts'
import type { DirectoryFeed } from './directory-feed.ts'
import { type ImportInput, type ImportReport, importAgencies } from './import-agencies.ts'
import { publishOwnPart } from './publish-part.ts'
import { pullParts } from './pull-parts.ts'
import { type NodeKeyChange, registerNodeKey } from './register-node-key.ts'
import { reorganiseAgency } from './reorganise-agency.ts'

/** Asks the peers for newer parts first: what this node may sign for rests on what its parent says. */
export async function importAndPublish(
  feed: DirectoryFeed,
  actor: OperatorActor,
  input: ImportInput,
): Promise<ImportReport> {
  await pullParts(feed)
  const report = await importAgencies(feed.context, actor, input)
  if (!report.dryRun) await publish(feed)
  return report
}

/** Founds, renames, moves, recodes or closes an agency, after asking the peers for newer parts. */
export async function reorganiseAndPublish(
  feed: DirectoryFeed,
  readWork: ReadAgencyWork,
  actor: OperatorActor,
  act: AgencyAct,
  terms: ActTerms,
): Promise<ActReport> {
  await pullParts(feed)
  const report = await reorganiseAgency(feed.context, readWork, actor, act, terms)
  if (!terms.dryRun) await publish(feed)
  return report
}

export async function addPeerAndPublish(
  feed: DirectoryFeed,
  actor: OperatorActor,
  peer: NewPeer,
): Promise<{ nodeId: string }> {
  const added = await addPeer(feed.context, actor, peer)
  await publish(feed)
  return added
}

export async function registerNodeKeyAndPublish(
  feed: DirectoryFeed,
  actor: OperatorActor,
  change: NodeKeyChange,
): Promise<{ nodeId: string; fingerprint: string }> {
  const registered = await registerNodeKey(feed.context, actor, change)
  await publish(feed)
  return registered
}

async function publish(feed: DirectoryFeed): Promise<void> {
  try {
    await publishOwnPart(feed)
  } catch (error) {
    feed.context.log.warn({ error: String(error) }, 'the own directory part is signed later')
  }
}
