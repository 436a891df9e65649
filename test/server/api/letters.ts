/** Letters that the commune issues and the district receives, over HTTP. */
import { draftDocument } from '../../../cli/client/draft-document.ts'
import { type Document, pageForm } from '../../../cli/client/forms.ts'
import { issueDocument, signDocument } from '../../../cli/client/sign-revision.ts'
import { makeLetter } from '../../../fixtures/documents/letter.ts'
import { communeLetter } from '../../../fixtures/documents/sample-letters.ts'
import { asKeyProvider } from '../../../signing/index.ts'
import type { ApiNode } from './node.ts'
import { letterDraft, until } from './steps.ts'

/** A letter of the commune, signed by both, ready to be sent. */
export async function issueLetter(
  node: ApiNode,
  subject: string,
  said: { readonly dueDate?: string } = {},
): Promise<{ id: string; sha256: string }> {
  const clerk = await node.client('commune-clerk')
  const leader = await node.client('commune-leader')
  const pdf = await makeLetter({ ...communeLetter, subject, created: new Date() })
  const { id } = await draftDocument(clerk, pdf, { ...letterDraft, subject, ...said })
  await signDocument(leader, id, asKeyProvider(node.communeKeys.individual), new Date())
  const { sha256 } = await issueDocument(clerk, id, asKeyProvider(node.communeKeys.agency), new Date())
  return { id, sha256 }
}

/** The verified document with this subject at the district. */
export async function arrivedLetter(node: ApiNode, subject: string): Promise<Document> {
  const district = await node.client('district-clerk')
  return until(`“${subject}” at the district`, async () => {
    const { items } = await district.get('/documents', pageForm, { query: { direction: 'incoming' } })
    return items.find((one) => one.state === 'verified' && one.subject === subject)
  })
}
