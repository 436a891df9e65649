/** `GeneralName` (RFC 5280 section 4.2.1.6), read; comparing them is the matter of those who use them. */
import { contextTag, type DerNode, malformed, TAG } from './der.ts'
import { expectTag, onlyChild, readOid } from './der-values.ts'
import { type DistinguishedName, nameKey, readName } from './name.ts'

export type GeneralName =
  | { readonly form: 'directory'; readonly name: DistinguishedName }
  | { readonly form: 'email' | 'dns' | 'uri'; readonly text: string }
  /** An address, or in name constraints an address and its mask; of any length, since wrong ones occur. */
  | { readonly form: 'ip'; readonly bytes: Uint8Array }
  /**
   * Forms that nothing here compares: `otherName` (with its type), `x400Address`, `ediPartyName`, `registeredID`.
   */
  | {
      readonly form: 'other'
      readonly tag: number
      readonly type: string | undefined
      readonly raw: Uint8Array
    }

const OTHER_NAME = contextTag(0, true)
const textForms: Readonly<Record<number, 'email' | 'dns' | 'uri'>> = {
  [contextTag(1, false)]: 'email',
  [contextTag(2, false)]: 'dns',
  [contextTag(6, false)]: 'uri',
}

export function readGeneralName(node: DerNode): GeneralName {
  if (node.tag === contextTag(4, true)) return { form: 'directory', name: readName(onlyChild(node)) }
  if (node.tag === contextTag(7, false)) return { form: 'ip', bytes: node.content }
  const form = textForms[node.tag]
  if (form === undefined) {
    const [type] = node.tag === OTHER_NAME ? node.children : []
    return { form: 'other', tag: node.tag, type: type && readOid(type), raw: node.raw }
  }
  if (node.content.some((byte) => byte >= 0x80)) throw malformed(node.start, 'IA5String')
  return { form, text: Buffer.from(node.content).toString('latin1') }
}

/** `GeneralNames`; `tag` for IMPLICIT ones. */
export function readGeneralNames(node: DerNode, tag: number = TAG.SEQUENCE): readonly GeneralName[] {
  expectTag(node, tag)
  return node.children.map(readGeneralName)
}

/** A text that is the same for two names exactly when they are equal, directory names by RFC 5280 section 7.1. */
export function generalNameKey(name: GeneralName): string {
  switch (name.form) {
    case 'directory':
      return directoryKey(nameKey(name.name))
    case 'ip':
      return `ip:${Buffer.from(name.bytes).toString('hex')}`
    case 'other':
      return `other:${Buffer.from(name.raw).toString('hex')}`
    case 'dns':
      return `dns:${name.text.toLowerCase()}`
    default:
      return `${name.form}:${name.text}`
  }
}

/** As `generalNameKey`, for a directory name given by its `nameKey`. */
export function directoryKey(key: string): string {
  return `directory:${key}`
}
