import type { KeyObject } from 'node:crypto'
import { SigningError } from '../errors.ts'
import type { VerificationPolicy } from '../policy.ts'
import {
  type CoveredContent,
  type Finding,
  type SignatureReport,
  type VerificationReport,
  worstIndication,
} from '../report.ts'
import { type Objection, undecided } from '../validation/objection.ts'
import { WorkBudget } from '../x509/work-budget.ts'
import { type CheckedReference, wholeElement } from './check-reference.ts'
import { type Covered, coveredNodes, firstUncovered, pathOf, signatureElements } from './covered-nodes.ts'
import type { Attachments } from './dereference.ts'
import { examineSignature, type SignatureFacts } from './examine-signature.ts'
import { judgeXmlSignature, unreadableSignature } from './judge-xml-signature.ts'
import { openXml } from './open-xml.ts'
import { processingBudget } from './processing-budget.ts'
import type { XmlLimits } from './scan.ts'
import { sealedPath } from './sealed-places.ts'
import { type SplitText, signsData, splitTexts, unsignedSplit } from './signed-content.ts'
import { attributeValue, type TreeElement, type XmlTree } from './tree.ts'
import { indexTreeIds } from './tree-ids.ts'
import { type UnsignedElements, unsignedElements, unsignedTwin } from './unsigned-twins.ts'

const MOST_SIGNATURES = 200
const MOST_REFERENCES = 2000

export interface GeneralXmlOptions {
  readonly limits: XmlLimits
  readonly attachments: Attachments
  /** Keys to check values with that no certificate explains. */
  readonly keys: readonly KeyObject[]
}

/** A signature with what is known of it, or why it cannot be read. */
interface Examined {
  readonly element: TreeElement
  readonly facts: SignatureFacts | SigningError
  readonly covered: Covered
}

/**
 * Judges every signature of a file. An unreadable one is reported beside the others.
 *
 * @throws SigningError those of `openXml`; `XML_PROFILE_UNSUPPORTED` for a root element of the sealed profile; `XML_LIMIT_EXCEEDED` for more than 200 signatures; `XML_NOT_SIGNED`
 */
export function verifyGeneralXml(
  xml: Uint8Array,
  policy: VerificationPolicy,
  { limits, attachments, keys }: GeneralXmlOptions,
): VerificationReport {
  const budget = processingBudget(xml.length)
  const tree = openXml(xml, limits, budget)
  if (sealedPath(tree.root) !== undefined) {
    throw new SigningError('XML_PROFILE_UNSUPPORTED', { reason: 'the sealed profile in another spelling' })
  }
  const elements = signatureElements(tree)
  if (elements.length === 0) throw new SigningError('XML_NOT_SIGNED')
  if (elements.length > MOST_SIGNATURES) {
    throw new SigningError('XML_LIMIT_EXCEEDED', { limit: `signatures > ${MOST_SIGNATURES}` })
  }
  const context = {
    tree,
    ids: indexTreeIds(tree),
    attachments,
    budget,
    keys,
    certificates: [...policy.untrusted, ...policy.trustAnchors],
    allowance: { references: MOST_REFERENCES },
  }
  const examined = elements.map((element): Examined => {
    const facts = orError(() => examineSignature(element, context))
    const isReadable = !(facts instanceof SigningError)
    const references = isReadable ? [...facts.references, ...facts.manifestReferences] : []
    return { element, facts, covered: coveredNodes(tree, references) }
  })
  const unsigned = unsignedElements(tree, union(tree, examined), examined.flatMap(heldReferences))
  const splits = splitTexts(tree)
  const file = { tree, policy, unsigned, splits, examined, fileBudget: WorkBudget.ofFile() }
  const signatures = examined.map((one, at) => report(one, at, file))
  return { format: 'xml', ...worstIndication(signatures), signatures, errors: [] }
}

function orError<T>(call: () => T): T | SigningError {
  try {
    return call()
  } catch (error) {
    if (error instanceof SigningError) return error
    throw error
  }
}

function heldReferences({ facts }: Examined): readonly CheckedReference[] {
  if (facts instanceof SigningError || facts.cryptoIntact !== true) return []
  return [...facts.references, ...facts.manifestReferences]
}

/** What any signature whose cryptography holds covers; none of them is trusted for it. */
function union(tree: XmlTree, examined: readonly Examined[]): Covered {
  const all = new Uint8Array(tree.size)
  for (const { facts, covered } of examined) {
    if (facts instanceof SigningError || facts.cryptoIntact !== true) continue
    for (let at = 0; at < all.length; at += 1) if (covered[at] === 1) all[at] = 1
  }
  return all
}

interface FileContext {
  readonly tree: XmlTree
  readonly policy: VerificationPolicy
  readonly unsigned: UnsignedElements
  readonly splits: readonly SplitText[]
  readonly examined: readonly Examined[]
  readonly fileBudget: WorkBudget
}

function report({ element, facts, covered }: Examined, at: number, file: FileContext): SignatureReport {
  const common = { id: `sig-${at + 1}`, changesAfter: 'none', changes: [] } as const
  if (facts instanceof SigningError) {
    const field = attributeValue(element, 'Id') ?? null
    return { ...common, field, coverage: 'partial', ...unreadableSignature(facts) }
  }
  const { tree, policy } = file
  const uncovered = firstUncovered(tree, facts.parts, covered)
  const besides = {
    objections: [...fileObjections(facts, covered, file)],
    warnings: [...coverageWarnings(tree, uncovered)],
    fileBudget: file.fileBudget,
  }
  return {
    ...common,
    field: facts.parts.id,
    coverage: uncovered === undefined ? 'whole-file' : 'partial',
    ...judgeXmlSignature(facts, policy, besides),
    ...counterSigned(facts, file),
    ...(facts.cryptoIntact === true ? { covered: coveredContent(facts, tree) } : {}),
  }
}

/** The signature whose value this one signs (EN 319 132-1 clause 5.2.7.1). */
function counterSigned({ references }: SignatureFacts, { examined }: FileContext): { counterSigns?: string } {
  const values = references.map(wholeElement)
  const at = examined.findIndex(
    ({ facts }) => !(facts instanceof SigningError) && values.includes(facts.parts.signatureValue),
  )
  return at === -1 ? {} : { counterSigns: `sig-${at + 1}` }
}

function* fileObjections(
  facts: SignatureFacts,
  covered: Covered,
  { tree, policy, unsigned, splits }: FileContext,
): Generator<Objection> {
  if (facts.cryptoIntact === true) yield* contentObjections(facts, covered, { tree, unsigned, splits })
  if (policy.profile !== 'any') {
    const message = `an XML signature is no signature of the profile "${policy.profile}"`
    yield undecided('SIG_CONSTRAINTS_FAILURE', 'XML_PROFILE_UNSUPPORTED', message)
  }
}

function* contentObjections(
  { parts, references, manifestReferences }: SignatureFacts,
  covered: Covered,
  { tree, unsigned, splits }: Pick<FileContext, 'tree' | 'unsigned' | 'splits'>,
): Generator<Objection> {
  if (!signsData(parts.element, references)) {
    const message = 'the signature is over its own properties or keys alone, or over nothing'
    yield undecided('SIG_CONSTRAINTS_FAILURE', 'XML_NOTHING_SIGNED', message)
  }
  const all = [...references, ...manifestReferences]
  const twin = unsignedTwin(tree, all, unsigned)
  if (twin !== undefined) {
    const message = `${pathOf(twin)} bears the name of a signed element and is not signed`
    yield undecided('SIG_CONSTRAINTS_FAILURE', 'XML_UNSIGNED_TWIN', message)
  }
  const split = unsignedSplit(splits, all, covered)
  if (split !== undefined) {
    const message = `an unsigned comment parts a signed text in ${pathOf(split.comment.parent)}`
    yield undecided('SIG_CONSTRAINTS_FAILURE', 'XML_TEXT_SPLIT', message)
  }
}

function* coverageWarnings(tree: XmlTree, uncovered: ReturnType<typeof firstUncovered>): Generator<Finding> {
  if (uncovered === undefined) return
  const place = uncovered.kind === 'element' ? pathOf(uncovered) : pathOf(uncovered.parent ?? tree.root)
  const message = `the signature covers only parts of the file; not, for one, ${place}`
  yield { code: 'XML_PARTLY_COVERED', message }
}

function coveredContent(
  { references, manifestReferences, parts }: SignatureFacts,
  tree: XmlTree,
): readonly CoveredContent[] {
  return [...references, ...manifestReferences].flatMap(({ parts: { uri }, nodes, octets, intact }) => {
    if (octets === null || intact !== true) return []
    const isHere = nodes !== null && nodes.tree === tree
    const excluded = [...(nodes?.excluded ?? [])].filter((one) => one.namespace !== parts.element.namespace)
    return [
      {
        uri: uri ?? null,
        path: !isHere ? null : nodes.apex === null ? '/' : pathOf(nodes.apex),
        filtered: nodes !== null && (nodes.mask !== null || excluded.length > 0),
        octets,
      },
    ]
  })
}
