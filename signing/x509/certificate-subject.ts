import { parseCertificate } from './certificate.ts'
import { ATTRIBUTE, nameTexts } from './name.ts'

/** What a certificate says of its holder, for people to read; each attribute may be missing. */
export interface CertificateSubject {
  readonly commonName: string | undefined
  readonly title: string | undefined
  readonly organization: string | undefined
}

/** @throws SigningError `CERTIFICATE_MALFORMED` */
export function certificateSubject(certificate: Uint8Array): CertificateSubject {
  const { subject } = parseCertificate(certificate)
  const [commonName] = nameTexts(subject, ATTRIBUTE.commonName)
  const [title] = nameTexts(subject, ATTRIBUTE.title)
  const [organization] = nameTexts(subject, ATTRIBUTE.organization)
  return { commonName, title, organization }
}
