import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Knex } from 'knex'
import { makeLetter } from '../../../fixtures/documents/letter.ts'
import { communeLetter } from '../../../fixtures/documents/sample-letters.ts'
import { type IssuedCertificate, makeTestPki, type TestPki } from '../../../fixtures/pki/make-pki.ts'
import type { UserActor } from '../../../server/actor.ts'
import type { NodeContext } from '../../../server/context.ts'
import type { DocumentServices } from '../../../server/documents/document-services.ts'
import type { Provenance } from '../../../server/documents/provenance-store.ts'
import { readBytes } from '../../../server/documents/read-document.ts'
import type { AnnouncedStatus } from '../../../server/documents/status-announcer.ts'
import { CongvanError } from '../../../server/errors.ts'
import { openFileStore } from '../../../server/files/file-store.ts'
import { openLog } from '../../../server/log.ts'
import { addSignature } from '../../../server/outgoing/add-signature.ts'
import { draftDocument } from '../../../server/outgoing/draft-document.ts'
import { type DraftMetadata, draftMetadata } from '../../../server/outgoing/draft-metadata.ts'
import { endQuarantine } from '../../../server/outgoing/end-quarantine.ts'
import { issueDocument } from '../../../server/outgoing/issue-document.ts'
import { numberDocument } from '../../../server/outgoing/number-document.ts'
import { uploadDraft } from '../../../server/outgoing/upload-draft.ts'
import type { JobData } from '../../../server/queue.ts'
import { asKeyProvider, letterFields, SigningError, signPdf } from '../../../signing/index.ts'
import { cloneDatabase, type TestDatabase } from '../../support/database.ts'
import { sharedPageText } from '../../support/page-text.ts'

export const NOW = new Date('2026-01-05T09:00:00+07:00')

export interface TestAgency {
  readonly agencyId: string
  readonly code: string
  readonly clerk: UserActor
  readonly leader: UserActor
  readonly individual: IssuedCertificate
  readonly agency: IssuedCertificate
}

/** One node with two hosted agencies, on a database of its own under the application's role. */
export interface TestNode {
  readonly database: TestDatabase
  readonly context: NodeContext
  readonly services: DocumentServices
  readonly folder: string
  readonly pki: TestPki
  readonly one: TestAgency
  readonly two: TestAgency
  readonly announced: AnnouncedStatus[]
  readonly jobs: JobData[]
  setClock(time: Date): void
  close(): Promise<void>
}

export async function openTestNode(on?: TestDatabase): Promise<TestNode> {
  const database = on ?? (await cloneDatabase())
  const folder = mkdtempSync(join(tmpdir(), 'congvan-documents-'))
  const pki = await makeTestPki({ seedTime: NOW })
  const announced: AnnouncedStatus[] = []
  const jobs: JobData[] = []
  let now = NOW
  const context: NodeContext = {
    nodeId: 'nut-thu',
    publicUrl: 'http://127.0.0.1:0',
    clock: () => now,
    db: database.db,
    queue: {
      put: async (_trx, _name, data) => void jobs.push(data),
      work: async () => {},
      stop: async () => {},
    },
    log: openLog({ level: 'silent' }),
    limits: {
      fileBytes: 5_000_000,
      messageBytes: 7_000_000,
      jsonBytes: 100_000,
      envelopeBytes: 1_000_000,
      recipients: 100,
      hops: 16,
      clockSkewSeconds: 120,
      deliveryHours: 24,
      statusQueryHours: 72,
      passwordLogCost: 10,
    },
  }
  const services: DocumentServices = {
    files: await openFileStore({ folder, now }),
    trust: { anchors: [pki.root], untrusted: [pki.governmentCa], crls: pki.crls() },
    fillFonts: {
      number: await readFont('400Regular/Tinos_400Regular.ttf'),
      date: await readFont('400Regular_Italic/Tinos_400Regular_Italic.ttf'),
    },
    pageText: sharedPageText(),
    announce: async (_trx, status) => void announced.push(status),
  }
  return {
    database,
    context,
    services,
    folder,
    pki,
    one: await addAgency(database, pki, 'H40.12.3', 'Ủy ban nhân dân xã thử nghiệm'),
    two: await addAgency(database, pki, 'H40.12.4', 'Ủy ban nhân dân xã thử nghiệm khác'),
    announced,
    jobs,
    setClock(time) {
      now = time
    },
    async close() {
      await database.drop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function readFont(file: string): Promise<Uint8Array> {
  return readFile(createRequire(import.meta.url).resolve(`@expo-google-fonts/tinos/${file}`))
}

async function addAgency(
  database: TestDatabase,
  pki: TestPki,
  code: string,
  name: string,
): Promise<TestAgency> {
  const agencyId = randomUUID()
  await database.db.asNode(async (trx: Knex) => {
    await trx('agencies').insert({ id: agencyId })
    const term = { agency_id: agencyId, valid_from: '2020-09-15', issuer: 'nut-thu' }
    await trx('agency_codes').insert({ ...term, code, generation: 'qd20' })
    await trx('agency_terms').insert({
      ...term,
      name,
      name_folded: 'uy ban',
      level: 'commune',
      hosting_node: 'nut-thu',
    })
  })
  const user = (role: 'clerk' | 'leader'): UserActor => ({
    kind: 'user',
    userId: randomUUID(),
    login: `${role}.${code}`,
    // The name of an account is the one in its owner's certificate.
    displayName: role === 'leader' ? 'Người ký 1' : role,
    agencyId,
    roles: [role],
  })
  const named = { organization: name, agencyCode: code }
  return {
    agencyId,
    code,
    clerk: user('clerk'),
    leader: user('leader'),
    individual: pki.issueIndividual({ ...named, commonName: 'Người ký 1', title: 'Chủ tịch' }),
    agency: pki.issueAgency(named),
  }
}

/** Of an arrival whose message says nothing of its way. */
export const noProvenance: Provenance = {
  trace: [],
  originCode: null,
  copyForm: null,
  copyPart: null,
  sourceDocumentCode: null,
  missing: [],
}

export const metadata: DraftMetadata = draftMetadata.parse({
  kind: 'Công văn',
  subject: communeLetter.subject,
  symbol: 'UBND-VP',
  urgency: 1,
  place: 'Hải Minh',
  signer: { name: 'Người ký 1', position: 'Chủ tịch', competence: 'TM. ỦY BAN NHÂN DÂN' },
  recipients: ['G22'],
})

const letters = new Map<string, Promise<Uint8Array>>()

/** The letter as a clerk uploads it; another subject makes another file. Each is drawn once. */
export function letter(subject = communeLetter.subject): Promise<Uint8Array> {
  const drawn = letters.get(subject) ?? makeLetter({ ...communeLetter, subject, created: NOW })
  letters.set(subject, drawn)
  return drawn
}

export function signLetter(
  pdf: Uint8Array,
  issued: IssuedCertificate,
  field: string,
  signingTime = NOW,
): Promise<Uint8Array> {
  return signPdf(pdf, { field, signingTime, key: asKeyProvider(issued) })
}

export const signAsIndividual = (pdf: Uint8Array, issued: IssuedCertificate) =>
  signLetter(pdf, issued, letterFields.individualSignature)
export const signAsAgency = (pdf: Uint8Array, issued: IssuedCertificate) =>
  signLetter(pdf, issued, letterFields.agencySignature)

/** The steps of an outgoing document, each done by who has to, up to where a test begins. */
export async function toDraft(node: TestNode, from = node.one, pdf?: Uint8Array): Promise<string> {
  const { context, services } = node
  const { id } = await draftDocument(context, from.clerk, metadata)
  await uploadDraft(context, services, from.clerk, { id, bytes: pdf ?? (await letter()) })
  await endQuarantine(context, services, from.clerk, { id, stateSecret: false })
  return id
}

export async function download(node: TestNode, actor: UserActor, id: string): Promise<Uint8Array> {
  return (await readBytes(node.context, node.services.files, actor, id)).bytes
}

export async function toSigned(node: TestNode, from = node.one): Promise<string> {
  const id = await toDraft(node, from)
  const bytes = await signAsIndividual(await download(node, from.leader, id), from.individual)
  await addSignature(node.context, node.services, from.leader, { id, bytes })
  return id
}

export async function toNumbered(node: TestNode, from = node.one): Promise<string> {
  const id = await toSigned(node, from)
  await numberDocument(node.context, node.services, from.clerk, id)
  return id
}

export async function toIssued(node: TestNode, from = node.one): Promise<string> {
  const id = await toNumbered(node, from)
  const bytes = await signAsAgency(await download(node, from.clerk, id), from.agency)
  await issueDocument(node.context, node.services, from.clerk, { id, bytes })
  return id
}

/** The kinds of an agency's log entries about a subject, and their text, in order. */
export async function logOf(node: TestNode, agency: TestAgency): Promise<{ kind: string; text: string }[]> {
  const rows: { kind: string; entry: Buffer }[] = await node.database.db.asAgency(
    { agencyId: agency.agencyId },
    (trx) => trx('log_entries').orderBy('position').select('kind', 'entry'),
  )
  return rows.map((row) => ({ kind: row.kind, text: row.entry.toString('utf8') }))
}

export async function errorOf(act: Promise<unknown>): Promise<CongvanError | SigningError> {
  const error: unknown = await act.then(
    () => undefined,
    (caught: unknown) => caught,
  )
  if (error instanceof CongvanError || error instanceof SigningError) return error
  throw new Error(`no error of ours: ${String(error)}`, { cause: error })
}

export async function expectCode(act: Promise<unknown>, code: string): Promise<void> {
  expect((await errorOf(act)).code).to.equal(code)
}
