/**
 * The signing library's public entry; nothing outside `signing/` imports another file of it.
 *
 * A library in the strict sense: no database, no HTTP, no environment, no clock. It throws `SigningError` when a
 * question cannot be answered, and answers verdicts as data (`VerificationReport`).
 */
export { type SignCmsOptions, signCms } from './cms/sign-cms.ts'
export { completeCms } from './cms/sign-complete.ts'
export { type CmsSignatureOptions, type CmsSigner, type PreparedCms, prepareCms } from './cms/sign-prepare.ts'
export { loadPreparedCms, storePreparedCms } from './cms/sign-store.ts'
export {
  type TimestampClientOptions,
  type TimestampTransport,
  timestampClient,
} from './cms/timestamp-client.ts'
export type { TimestampProvider } from './cms/timestamp-provider.ts'
export { verifyCms } from './cms/verify-cms.ts'
export {
  fillMessage,
  type Language,
  SigningError,
  type SigningErrorCode,
  signingErrors,
} from './errors.ts'
export { findingMeaning, subIndicationMeaning } from './finding-texts.ts'
export type { KeyProvider } from './keys/key-provider.ts'
export { asKeyProvider, type HeldKey, type KeyOptions, keyObjectProvider } from './keys/pkcs8.ts'
export { loadPkcs12 } from './keys/pkcs12.ts'
export {
  type CarriedMaterial,
  carriedByCms,
  carriedByPdf,
  carriedByXml,
} from './online/carried-certificates.ts'
export {
  collectOnline,
  type OnlineMaterial,
  type OnlineOptions,
  type OnlineProblem,
} from './online/collect-online.ts'
export type { OnlineCache, OnlineRequest, OnlineTransport } from './online/fetcher.ts'
export { addSignatureFields, type EmptySignatureField } from './pdf/add-fields.ts'
export { addLetterFields, type LetterField } from './pdf/add-letter-fields.ts'
export { assertLetterBoxes } from './pdf/assert-boxes.ts'
export { type AddedMark, assertIssueMark, type ExpectedMark } from './pdf/assert-issue-mark.ts'
export { assertLaterSignature } from './pdf/assert-later-signature.ts'
export { type AddedSignature, assertExtendsBySignature, assertOnlyFills } from './pdf/assert-revisions.ts'
export type { ByteRange } from './pdf/byte-range.ts'
export type { ChangeCode, ForbiddenChange, LockedChange, PermittedChange } from './pdf/change.ts'
export { addDocumentTimestamp, type DocumentTimestampOptions } from './pdf/document-timestamp.ts'
export { fieldPlaces, type PlacedField } from './pdf/field-places.ts'
export { type FillOptions, fillTextFields } from './pdf/fill-fields.ts'
export {
  assertMarkPermitted,
  assertRoomForMark,
  type IssueMark,
  issueMarkField,
  issueMarkOptions,
  issueMarkSizes,
  laterSignatureField,
  type MarkSeal,
} from './pdf/issue-mark.ts'
export {
  type DocumentPermission,
  datePartFields,
  defaultLock,
  defaultSignatureField,
  type FieldLock,
  fillFields,
  fillsOf,
  fillValues,
  individualPosition,
  individualSignatureField,
  letterFields,
  type PrintedFills,
  type SignatureFieldState,
} from './pdf/letter-fields.ts'
export { annexMark, copyMark, markPlace, markSize, signingTimeText } from './pdf/letter-marks.ts'
export {
  type IndividualAppearanceOptions,
  individualAppearance,
  type PlacedSeal,
  readSeal,
  type SealOptions,
  sealAppearance,
} from './pdf/letter-pictures.ts'
export { type DocumentFields, listFields } from './pdf/list-fields.ts'
export { assertNoInk, type PageInk, readPageInk } from './pdf/page-ink.ts'
export {
  type PagePicture,
  type PagePictures,
  type PicturedPage,
  readPagePictures,
} from './pdf/page-pictures.ts'
export type { FieldPlace } from './pdf/page-place.ts'
export type { OpenOptions } from './pdf/pdf-file.ts'
export {
  loadPreparedSignature,
  type PreparedSignature,
  storePreparedSignature,
} from './pdf/prepared-signature.ts'
export { readSigners, type Signer } from './pdf/read-signers.ts'
export {
  completeSignature,
  prepareSignature,
  type SignatureOptions,
  type SignerIdentity,
  type SigningOptions,
  signPdf,
  signPdfRevision,
} from './pdf/sign-pdf.ts'
export type {
  ImageAppearance,
  InkAppearance,
  SignatureAppearance,
  TextAppearance,
} from './pdf/signature-appearance.ts'
export { readSignatureTexts, type SignatureTexts } from './pdf/signature-texts.ts'
export { signedRevision } from './pdf/signed-revision.ts'
export type { TypesetAppearance, TypesetFonts, TypesetText } from './pdf/typeset-appearance.ts'
export { verifyPdf } from './pdf/verify-pdf.ts'
export type { VerificationPolicy } from './policy.ts'
export {
  type ChangesAfter,
  type Coverage,
  type CoveredContent,
  type FileFormat,
  type Finding,
  type Indication,
  type SignatureReport,
  type SignatureRole,
  type SignerDetails,
  type SubIndication,
  type VerificationReport,
  worstIndication,
} from './report.ts'
export { type CertificateSubject, certificateSubject } from './x509/certificate-subject.ts'
export { assertCertificateUsable } from './x509/certificate-use.ts'
export { type CrlOutline, crlOutline } from './x509/crl-outline.ts'
export { type DerKind, derKind } from './x509/der-kind.ts'
export { nodeKeyFingerprint } from './x509/fingerprint.ts'
export { ATTRIBUTE } from './x509/name.ts'
export {
  type PathInput,
  type PathJudgement,
  type RevocationFact,
  validateCertificatePath,
} from './x509/path.ts'
export { looksLikePem, pemBlocks } from './x509/pem.ts'
export { type AgencyCodeRule, agencyCodeOf, type RoleRule, roleOf } from './x509/subject-roles.ts'
export { KEY_USAGE, newSerial, writeCertificate } from './x509/write-certificate.ts'
export { writeCanonical } from './xml/canonical-writer.ts'
export type { Attachments } from './xml/dereference.ts'
export { attributeOf, elementMaker, isNamed, nameOf, type XmlElement } from './xml/element.ts'
export { type ExpandedName, XML_DECLARATION } from './xml/names.ts'
export { generalXmlLimits } from './xml/open-xml.ts'
export { sealedXmlLimits, type XmlLimits } from './xml/scan.ts'
export { EDXML, PING, RECEIPT } from './xml/sealed-places.ts'
export { completeXades } from './xml/sign-complete.ts'
export {
  type PreparedXades,
  prepareXades,
  signXmlLimits,
  type XadesOptions,
  type XadesSubject,
} from './xml/sign-prepare.ts'
export type {
  DocumentReference,
  ElementReference,
  ExternalReference,
  SignatureCover,
  XmlReference,
} from './xml/sign-references.ts'
export { loadPreparedXades, storePreparedXades } from './xml/sign-store.ts'
export type { SignaturePlace } from './xml/sign-tree.ts'
export { type SignXadesOptions, signXades } from './xml/sign-xades.ts'
export { type SignXmlOptions, signXml } from './xml/sign-xml.ts'
export { type VerifiedSeal, verifySealedXml } from './xml/verify-sealed-xml.ts'
export { type VerifyXmlOptions, verifyXml } from './xml/verify-xml.ts'
