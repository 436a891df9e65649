/** Whether a name lies in a subtree, form by form (RFC 5280 section 4.2.1.10). */
import type { GeneralName } from './general-names.ts'
import { type DistinguishedName, relativeNameKey } from './name.ts'

const label = '[a-z0-9](?:[a-z0-9-]*[a-z0-9])?'
const hostPattern = new RegExp(`^${label}(?:\\.${label})*$`, 'i')

/**
 * Hosts in letters, digits and hyphens, mail addresses and their constraints with such a host, IP addresses and masks
 * of their lengths. A DNS name may begin with the label `*`; a DNS constraint has no leading dot.
 */
export function isWellFormed(name: GeneralName, as: 'name' | 'subtree'): boolean {
  switch (name.form) {
    case 'directory':
      return true
    case 'dns':
      if (as === 'subtree') return name.text === '' || hostPattern.test(name.text)
      return hostPattern.test(name.text.replace(/^\*\./, ''))
    case 'email':
      return isMailAddress(name.text) || (as === 'subtree' && isHostSubtree(name.text))
    case 'uri':
      return as === 'name' ? uriHost(name.text) !== undefined : isHostSubtree(name.text)
    case 'ip':
      if (as === 'name') return name.bytes.length === 4 || name.bytes.length === 16
      return (name.bytes.length === 8 || name.bytes.length === 32) && isMask(maskOf(name.bytes))
    case 'other':
      return false
  }
}

function isMailAddress(text: string): boolean {
  const at = text.lastIndexOf('@')
  return at > 0 && hostPattern.test(text.slice(at + 1)) && /^[^\s@"]+$/.test(text.slice(0, at))
}

/** A host, or with a leading dot all hosts below; empty for all. */
function isHostSubtree(text: string): boolean {
  return text === '' || hostPattern.test(text.replace(/^\./, ''))
}

/** Whether the whole name lies in the subtree: what a permitted one asks. */
export function isWithin(name: GeneralName, base: GeneralName): boolean {
  if (name.form === 'directory' && base.form === 'directory') return isBelow(name.name, base.name)
  if (name.form === 'ip' && base.form === 'ip') return isInNetwork(name.bytes, base.bytes)
  if (!('text' in name) || !('text' in base)) return false
  switch (name.form) {
    case 'dns':
      return isHostBelow(name.text.toLowerCase(), base.text.toLowerCase())
    case 'email': {
      const { local, host } = splitAddress(name.text)
      if (!base.text.includes('@')) return hostMatches(host, base.text.toLowerCase())
      // The local part is compared exactly, the host without regard to case (section 7.5).
      const wanted = splitAddress(base.text)
      return local === wanted.local && host === wanted.host
    }
    case 'uri':
      return hostMatches(uriHost(name.text) ?? '', base.text.toLowerCase())
  }
}

/** Whether anything the name stands for may lie in the subtree: what an excluded one forbids. */
export function mayCover(name: GeneralName, base: GeneralName): boolean {
  if (isWithin(name, base)) return true
  if (name.form !== 'dns' || base.form !== 'dns' || !name.text.startsWith('*.')) return false
  // A wildcard stands for hosts directly below its parent, and the subtree may be one of them or lie above them.
  const parent = name.text.slice(2).toLowerCase()
  return isHostBelow(base.text.toLowerCase(), parent)
}

function isHostBelow(host: string, subtree: string): boolean {
  return subtree === '' || host === subtree || host.endsWith(`.${subtree}`)
}

function isBelow(name: DistinguishedName, base: DistinguishedName): boolean {
  const own = relativeKeys(name)
  const prefix = relativeKeys(base)
  return prefix.length <= own.length && prefix.every((part, i) => part === own[i])
}

const knownKeys = new WeakMap<DistinguishedName, readonly string[]>()

function relativeKeys(name: DistinguishedName): readonly string[] {
  let keys = knownKeys.get(name)
  if (keys === undefined) {
    keys = name.relativeNames.map(relativeNameKey)
    knownKeys.set(name, keys)
  }
  return keys
}

function splitAddress(address: string): { local: string; host: string } {
  const at = address.lastIndexOf('@')
  return { local: address.slice(0, at), host: address.slice(at + 1).toLowerCase() }
}

/** A leading dot means any host below, no dot means exactly this host. */
function hostMatches(host: string, subtree: string): boolean {
  return subtree.startsWith('.') ? host.endsWith(subtree) : subtree === '' || host === subtree
}

/** The host of a URI; undefined without one, and for an IP address, to which no constraint can apply. */
function uriHost(uri: string): string | undefined {
  const match = /^[a-z][a-z0-9+.-]*:\/\/(?:[^@/?#]*@)?([^:/?#[\]]+)(?::\d*)?(?:[/?#]|$)/i.exec(uri)
  const host = match?.[1]?.toLowerCase()
  return host === undefined || /^[\d.]+$/.test(host) || !hostPattern.test(host) ? undefined : host
}

function maskOf(network: Uint8Array): Uint8Array {
  return network.subarray(network.length / 2)
}

/** Ones, then zeros (RFC 4632). */
function isMask(mask: Uint8Array): boolean {
  const bits = [...mask].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  return /^1*0*$/.test(bits)
}

/** An IPv4 address is in no IPv6 network, and the other way round. */
function isInNetwork(address: Uint8Array, network: Uint8Array): boolean {
  const mask = maskOf(network)
  return (
    address.length === mask.length &&
    address.every((byte, i) => (byte & (mask[i] ?? 0)) === ((network[i] ?? 0) & (mask[i] ?? 0)))
  )
}
