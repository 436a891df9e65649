/** What an agency of a test network does with its documents, through the use cases themselves. */
import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import * as fontkit from '@cantoo/fontkit'
import { PDFDocument } from 'pdf-lib'
import type { IssuedCertificate } from '../../../fixtures/pki/make-pki.ts'
import type { UserActor } from '../../../server/actor.ts'
import type { NodeContext } from '../../../server/context.ts'
import type { SeparateKind } from '../../../server/documents/document-files-store.ts'
import type { DocumentServices } from '../../../server/documents/document-services.ts'
import { readBytes } from '../../../server/documents/read-document.ts'
import { readFile as readDocumentFile, readFileList } from '../../../server/documents/read-files.ts'
import { acceptDocument } from '../../../server/incoming/accept-document.ts'
import { verifyIncoming } from '../../../server/incoming/verify-incoming.ts'
import { addSignature } from '../../../server/outgoing/add-signature.ts'
import { attachFile } from '../../../server/outgoing/attach-file.ts'
import { draftDocument } from '../../../server/outgoing/draft-document.ts'
import { endQuarantine } from '../../../server/outgoing/end-quarantine.ts'
import { issueDocument } from '../../../server/outgoing/issue-document.ts'
import { numberDocument } from '../../../server/outgoing/number-document.ts'
import { isToBeSigned, signSeparateFile } from '../../../server/outgoing/sign-separate-file.ts'
import { uploadDraft } from '../../../server/outgoing/upload-draft.ts'
import { statusAnnouncer } from '../../../server/relay/announce.ts'
import { asKeyProvider, letterFields, type SignatureAppearance, signPdf } from '../../../signing/index.ts'
import { letter, metadata } from '../documents/support.ts'
import type { Network } from './network.ts'

export interface Office {
  readonly code: string
  readonly agencyId: string
  readonly context: NodeContext
  readonly services: DocumentServices
  readonly clerk: UserActor
  readonly leader: UserActor
  readonly individual: IssuedCertificate
  readonly agency: IssuedCertificate
}

export interface OwnFile {
  readonly kind: SeparateKind
  readonly name: string
  readonly bytes: Uint8Array
}

export async function openOffice(network: Network, code: string): Promise<Office> {
  const { node, agencyId, clerk } = network.agency(code)
  const { pki } = network
  const named = { organization: `Cơ quan ${code}`, agencyCode: code }
  const font = (file: string) =>
    readFile(createRequire(import.meta.url).resolve(`@expo-google-fonts/tinos/${file}`))
  return {
    code,
    agencyId,
    context: node.context,
    clerk,
    leader: {
      ...clerk,
      userId: randomUUID(),
      login: 'lanh-dao',
      displayName: 'Người ký 1',
      roles: ['leader'],
    },
    individual: pki.issueIndividual({ ...named, commonName: 'Người ký 1', title: 'Chủ tịch' }),
    agency: pki.issueAgency(named),
    services: {
      files: node.deps.files,
      pageText: node.deps.pageText,
      trust: { anchors: [pki.root], untrusted: [pki.governmentCa], crls: pki.crls() },
      fillFonts: {
        number: await font('400Regular/Tinos_400Regular.ttf'),
        date: await font('400Regular_Italic/Tinos_400Regular_Italic.ttf'),
      },
      announce: statusAnnouncer(node.context),
    },
  }
}

export async function plainPdf(...lines: readonly string[]): Promise<Uint8Array> {
  const pdf = await PDFDocument.create()
  const page = pdf.addPage([595, 842])
  lines.forEach((line, index) => {
    page.drawText(line, { x: 80, y: 760 - 20 * index, size: 12 })
  })
  return pdf.save()
}

/** The letter with `LƯU HÀNH NỘI BỘ` under its head, as a stamp of the drafter's program. */
export async function stampInternal(letter: Uint8Array, font: Uint8Array): Promise<Uint8Array> {
  const pdf = await PDFDocument.load(letter, { updateMetadata: false })
  pdf.registerFontkit(fontkit)
  const face = await pdf.embedFont(font, { subset: true })
  pdf.getPage(0).drawText('LƯU HÀNH NỘI BỘ', { x: 90, y: 100, size: 13, font: face })
  return pdf.save({ updateFieldAppearances: false })
}

export function sign(
  office: Office,
  pdf: Uint8Array,
  issued: IssuedCertificate,
  field: string,
  appearance?: SignatureAppearance,
): Promise<Uint8Array> {
  return signPdf(pdf, {
    field,
    signingTime: office.context.clock(),
    key: asKeyProvider(issued),
    ...(appearance === undefined ? {} : { appearance }),
  })
}

/** A document with separate files, drafted, signed, numbered and issued by who has to. */
export async function issue(
  office: Office,
  files: readonly OwnFile[],
  pdf?: Uint8Array,
  said: Partial<typeof metadata> = {},
): Promise<{ id: string }> {
  const { context, services, clerk, leader } = office
  const { id } = await draftDocument(context, clerk, { ...metadata, recipients: [], ...said })
  await uploadDraft(context, services, clerk, { id, bytes: pdf ?? (await letter()) })
  for (const file of files) {
    await attachFile(context, services, clerk, { id, ...file, rename: false, declaredFreeOfSecrets: true })
  }
  await endQuarantine(context, services, clerk, { id, stateSecret: false })
  const { bytes: draft } = await readBytes(context, services.files, clerk, id)
  const signed = await sign(office, draft, office.individual, letterFields.individualSignature)
  await addSignature(context, services, leader, { id, bytes: signed })
  await numberDocument(context, services, clerk, id)
  await signSeparate(office, id)
  const { bytes: numbered } = await readBytes(context, services.files, clerk, id)
  const bytes = await sign(office, numbered, office.agency, letterFields.agencySignature)
  await issueDocument(context, services, clerk, { id, bytes })
  return { id }
}

async function signSeparate(office: Office, id: string): Promise<void> {
  const { context, services, clerk } = office
  for (const file of await readFileList(context, clerk, id)) {
    if (!isToBeSigned(file)) continue
    const { position } = file
    const { bytes } = await readDocumentFile(context, services.files, clerk, { id, position })
    const signed = await sign(office, bytes, office.agency, 'AgencySignature')
    await signSeparateFile(context, services, clerk, { id, position, bytes: signed })
  }
}

/** The document that an agency has received in an envelope. */
export async function received(office: Office, envelope: string): Promise<string> {
  const found = await office.context.db.asAgency({ agencyId: office.agencyId }, (trx) =>
    trx('documents')
      .where({ direction: 'incoming', envelope_sha256: envelope })
      .first<{ id: string } | undefined>('id'),
  )
  if (found === undefined) throw new Error(`${office.code} has received nothing`)
  return found.id
}

export async function verify(office: Office, documentId: string) {
  return verifyIncoming(office.context, office.services, { agencyId: office.agencyId, documentId })
}

export async function accept(office: Office, id: string, acceptIndeterminate = false) {
  return acceptDocument(office.context, office.services, office.clerk, { id, acceptIndeterminate })
}
