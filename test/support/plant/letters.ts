/** Issued documents for a plant, signed by person and agency as real ones are, laid into a node's database directly. */
import { createHash, randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { makeLetter } from '../../../fixtures/documents/letter.ts'
import { communeLetter } from '../../../fixtures/documents/sample-letters.ts'
import { type Database, openDatabase } from '../../../server/db.ts'
import { insertDocument } from '../../../server/documents/document-store.ts'
import { insertRevision } from '../../../server/documents/revision-store.ts'
import { holdFile, registerFile } from '../../../server/files/file-hold-store.ts'
import { type FileStore, openFileStore } from '../../../server/files/file-store.ts'
import { asKeyProvider, letterFields, signPdf } from '../../../signing/index.ts'
import type { Plant, PlantAgency, PlantNode } from './plant.ts'

export interface Letter {
  readonly id: string
  readonly sha256: string
  readonly documentCode: string
}

export interface LetterMaker {
  /** One more issued document of the agency; its file has bytes of its own. */
  make(): Promise<Letter>
  close(): Promise<void>
}

/**
 * @param bytes about how long each file is to be; the letter itself has some 40,000
 */
export async function openLetterMaker(
  plant: Plant,
  node: PlantNode,
  agency: PlantAgency,
  fill?: (letter: Uint8Array) => Promise<Uint8Array>,
): Promise<LetterMaker> {
  const { pki } = plant
  const named = { organization: agency.name, agencyCode: agency.code }
  const person = asKeyProvider(pki.issueIndividual({ ...named, commonName: 'Người ký 1', title: 'Chủ tịch' }))
  const seal = asKeyProvider(pki.issueAgency(named))
  const draft = await makeLetter({ ...communeLetter, created: new Date() })
  const filled = fill === undefined ? draft : await fill(draft)
  const { individualSignature, agencySignature } = letterFields
  const signed = await signPdf(filled, { field: individualSignature, signingTime: new Date(), key: person })
  const db = openDatabase({ url: node.applicationUrl, poolSize: 4 })
  const files = await openFileStore({ folder: join(node.folder, 'store'), now: new Date() })
  let number = 0
  return {
    async make() {
      number += 1
      // The seal of each is another, and so the file.
      const bytes = await signPdf(signed, { field: agencySignature, signingTime: new Date(), key: seal })
      return store(db, files, agency, bytes, number)
    },
    close: () => db.close(),
  }
}

async function store(
  db: Database,
  files: FileStore,
  { id: agencyId, code, name }: PlantAgency,
  bytes: Uint8Array,
  number: number,
): Promise<Letter> {
  const id = randomUUID()
  const now = new Date()
  const day = now.toISOString().slice(0, 10)
  const codeNumber = String(number).padStart(2, '0')
  const documentCode = `${code},${day.replaceAll('-', '/')},${codeNumber}/UBND-VP`
  const file = { sha256: createHash('sha256').update(bytes).digest('hex'), length: bytes.length }
  await db.asNode((trx) => registerFile(trx, file, now))
  await files.put(bytes, bytes.length)
  await db.asNode((trx) => holdFile(trx, files, file, `document:${id}`, now))
  await db.asAgency({ agencyId }, async (trx) => {
    await insertDocument(trx, {
      id,
      agencyId,
      direction: 'outgoing',
      state: 'issued',
      kind: 'Công văn',
      subject: communeLetter.subject,
      codeNumber,
      codeNotation: 'UBND-VP',
      promulgationDate: day,
      place: 'Hải Minh',
      urgency: 0,
      dueDate: null,
      signer: { name: 'Người ký 1', position: 'Chủ tịch', competence: `TM. ${name}` },
      recipients: [],
      documentCode,
      createdBy: null,
      createdAt: now,
      incoming: null,
    })
    await insertRevision(trx, agencyId, id, {
      revision: 1,
      kind: 'issued',
      ...file,
      name: 'cong-van.pdf',
      addedBy: null,
      addedAt: now,
      signature: null,
    })
  })
  return { id, sha256: file.sha256, documentCode }
}
