import type { Database } from '../../../server/db.ts'
import type { FileStore } from '../../../server/files/file-store.ts'
import type { TestNode } from './support.ts'

/** A process that is killed: before a durable step, or right after it, when it happened and nobody was told. */
export type Moment = 'before' | 'after'

export class Killed extends Error {
  override readonly name = 'Killed'
}

/**
 * The node as it is for a process that dies at its `step`-th durable step: each transaction and each stored file is
 * one. `steps()` tells how many a run took.
 */
export function dyingNode(
  node: TestNode,
  step: number,
  moment: Moment,
): { node: TestNode; steps: () => number } {
  let count = 0
  const dying = async <T>(work: () => Promise<T>): Promise<T> => {
    count += 1
    if (count > step) throw new Killed('the process is dead already')
    if (count === step && moment === 'before') throw new Killed('before the step')
    const result = await work()
    if (count === step && moment === 'after') throw new Killed('after the step')
    return result
  }
  const { db } = node.context
  const dyingDb: Database = {
    ...db,
    asAgency: (actor, work) => dying(() => db.asAgency(actor, work)),
    asNode: (work, claim) => dying(() => db.asNode(work, claim)),
  }
  const { files } = node.services
  const dyingFiles: FileStore = { ...files, put: (source, limit) => dying(() => files.put(source, limit)) }
  return {
    node: {
      ...node,
      context: { ...node.context, db: dyingDb },
      services: { ...node.services, files: dyingFiles },
    },
    steps: () => count,
  }
}
