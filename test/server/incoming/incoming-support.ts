import { createHash, randomBytes, randomUUID } from 'node:crypto'
import type { AgencyRole, UserActor } from '../../../server/actor.ts'
import { withAgencyTables } from '../../../server/db.ts'
import type { DocumentRow } from '../../../server/documents/document-store.ts'
import { readDetails } from '../../../server/documents/read-document.ts'
import { type AssignmentOrder, assignDocument } from '../../../server/handling/assign-document.ts'
import { type Acceptance, type Accepted, acceptDocument } from '../../../server/incoming/accept-document.ts'
import { type Arrival, type ArrivedMessage, recordArrival } from '../../../server/incoming/record-arrival.ts'
import { verifyIncoming } from '../../../server/incoming/verify-incoming.ts'
import type { TestAgency, TestNode } from '../documents/support.ts'

export interface ArrivalOptions extends Partial<Omit<Arrival, 'message'>> {
  readonly message?: Partial<ArrivedMessage>
}

/** Documents that arrive at the second agency, each with a number of its own. */
export class Incoming {
  readonly node: TestNode
  readonly bytes: Uint8Array
  private count = 0

  constructor(node: TestNode, bytes: Uint8Array) {
    this.node = node
    this.bytes = bytes
  }

  async arrive({ message, ...more }: ArrivalOptions = {}, bytes = this.bytes): Promise<string> {
    const { node } = this
    this.count += 1
    const file = await node.services.files.put(bytes, 5_000_000)
    const arrival: Arrival = {
      agencyId: node.two.agencyId,
      recipientCode: node.two.code,
      envelopeSha256: createHash('sha256').update(randomBytes(8)).digest('hex'),
      fileSha256: file.sha256,
      fileLength: file.length,
      fileName: 'van-ban.pdf',
      separate: [],
      provenance: {
        trace: [],
        originCode: null,
        copyForm: null,
        copyPart: null,
        sourceDocumentCode: null,
        missing: [],
      },
      ...more,
      message: {
        from: { organId: node.one.code, organName: 'Ủy ban nhân dân xã thử nghiệm' },
        documentId: `H40.12.3,2026/01/05,${randomUUID()}`,
        code: { codeNumber: String(100 + this.count), codeNotation: 'UBND-VP' },
        promulgationInfo: { place: 'Hải Minh', promulgationDate: '2026-01-05' },
        documentType: { typeName: 'Công văn' },
        subject: 'báo cáo kết quả',
        signerInfo: { fullName: 'Người ký 1', position: 'Chủ tịch' },
        ...message,
      },
    }
    const { documentId } = await node.database.db.asNode((trx) =>
      withAgencyTables(trx, arrival.agencyId, (agency) =>
        recordArrival(agency, node.context, node.services.files, arrival),
      ),
    )
    return documentId
  }

  verify(documentId: string) {
    const { context, services, two } = this.node
    return verifyIncoming(context, services, { agencyId: two.agencyId, documentId })
  }

  async verified(options: ArrivalOptions = {}, bytes = this.bytes): Promise<string> {
    const id = await this.arrive(options, bytes)
    await this.verify(id)
    return id
  }

  accept(id: string, more: Partial<Acceptance> = {}, actor = this.node.two.clerk): Promise<Accepted> {
    const { context, services } = this.node
    return acceptDocument(context, services, actor, { id, acceptIndeterminate: true, ...more })
  }

  async accepted(options: ArrivalOptions = {}): Promise<string> {
    const id = await this.verified(options)
    await this.accept(id)
    return id
  }

  assign(id: string, more: Partial<AssignmentOrder> = {}, actor = this.node.two.leader) {
    const { context, services } = this.node
    return assignDocument(context, services, actor, { ...order(id), ...more })
  }

  async row(id: string): Promise<DocumentRow> {
    return (await readDetails(this.node.context, this.node.two.clerk, id)).document
  }

  /** The codes that the sender was told about a document, in order. */
  told(id: string): string[] {
    return this.node.announced.filter((one) => one.documentId === id).map((one) => one.code)
  }
}

export function order(id: string): AssignmentOrder {
  return { id, lead: { unit: 'Văn phòng' }, cooperating: [], instruction: '', awaitsMoreAnswers: false }
}

/** A person with an account and a role in an agency. */
export async function addPerson(
  node: TestNode,
  agency: TestAgency,
  role: AgencyRole,
  login = `${role}-${randomBytes(4).toString('hex')}`,
): Promise<UserActor> {
  const userId = randomUUID()
  const { agencyId } = agency
  await node.database.db.asNode(async (trx) => {
    await trx('users').insert({
      id: userId,
      login,
      display_name: `Người dùng ${login}`,
      password_hash: '-',
      created_at: node.context.clock(),
    })
    await trx('memberships').insert({
      agency_id: agencyId,
      user_id: userId,
      role,
      granted_at: node.context.clock(),
    })
  })
  return { kind: 'user', userId, login, displayName: `Người dùng ${login}`, agencyId, roles: [role] }
}
