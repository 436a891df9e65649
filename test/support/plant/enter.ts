/** What operators do at the nodes of a plant before the first document: agencies, neighbours, accounts. */
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { ApiClient } from '../../../cli/client/api-client.ts'
import { readConfig } from '../../../server/config.ts'
import { CongvanError } from '../../../server/errors.ts'
import { openConsole } from '../../../server/main.ts'
import type { PlantAgency, PlantNode } from './plant.ts'

const header = 'id,code,codeGeneration,validFrom,validTo,name,level,parentId,hostingNode'
const PASSWORD = 'chi-dung-de-thu-1'
const DIRECTORY_TIMEOUT_MS = 60_000

/** The nodes know each other for a while: a clock that is behind is not before their keys' beginning. */
const KNOWN_SINCE_MS = 86_400_000

/** Each node imports what it and its children host, and enters its neighbours. */
export async function enterDirectory(node: PlantNode, nodes: readonly PlantNode[]): Promise<void> {
  const clock = () => new Date(Date.now() - KNOWN_SINCE_MS)
  const opened = await openConsole(readConfig(node.environment), { clock })
  try {
    const { console } = opened.services
    for (const other of nodes) {
      const isParent = node.plan.parent === other.plan.id
      if (!isParent && other.plan.parent !== node.plan.id) continue
      await console.addPeer({
        nodeId: other.plan.id,
        url: other.front.url,
        relation: isParent ? 'parent' : 'child',
        keyFingerprint: other.fingerprint,
        enabled: true,
      })
    }
    const rows = nodes.flatMap(({ plan }) => plan.agencies.map((one) => csvRow(one, plan.id)))
    const content = Buffer.from([header, ...rows].join('\n'))
    await console.importAgencies({ format: 'csv', content, dryRun: false, skipOtherNodes: true })
  } finally {
    await opened.close()
  }
}

function csvRow(agency: PlantAgency, node: string): string {
  const { id, code, name, level, parentId } = agency
  return [id, code, 'qd20', '2020-09-15', '', name, level, parentId ?? '', node].join(',')
}

const sessionForm = z.object({ token: z.string() })

/** Makes the account of an agency's clerk, once the directory has told of the agency, and signs in. */
export async function openClerk(node: PlantNode, code: string): Promise<ApiClient> {
  const login = `vt.${code.toLowerCase()}`
  const opened = await openConsole(readConfig(node.environment))
  try {
    const grants = [{ agencyCode: code, role: 'clerk' as const }]
    const account = { login, displayName: `Văn thư ${code}`, password: PASSWORD, operator: false, grants }
    await whenKnown(() => opened.services.console.addUser(account))
  } finally {
    await opened.close()
  }
  const url = node.front.url
  const anonymous = new ApiClient({ url, retries: 8 })
  const { token } = await anonymous.post('/session', sessionForm, { json: { login, password: PASSWORD } })
  return new ApiClient({ url, token, retries: 8 })
}

async function whenKnown<T>(work: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + DIRECTORY_TIMEOUT_MS
  for (;;) {
    try {
      return await work()
    } catch (error) {
      const early = error instanceof CongvanError && error.code === 'AGENCY_CODE_UNKNOWN'
      if (!early || Date.now() > deadline) throw error
      await delay(200)
    }
  }
}
