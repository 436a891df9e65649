/**
 * Where a sign-in comes from, as far as failures are counted and places are known. An IPv4 address is a place; of
 * IPv6 a /64 is one (RFC 4291 section 2.5.1, RFC 6177: what one site or household is given at least), since whoever
 * has one address of it has them all.
 */
import { isIPv4, isIPv6 } from 'node:net'

const MAPPED = '0:0:0:0:0:ffff:'

/** @returns `undefined` for what is no address: such a place is never known */
export function placeOf(address: string): string | undefined {
  const plain = address.replace(/%.*$/, '')
  if (isIPv4(plain)) return plain
  if (!isIPv6(plain)) return undefined
  const groups = groupsOf(plain)
  const whole = groups.join(':')
  // ::ffff:a.b.c.d is an IPv4 address as a socket of both families tells it (RFC 4291 section 2.5.5.2).
  if (whole.startsWith(MAPPED)) return bytesOf(groups.slice(6)).join('.')
  return `${groups.slice(0, 4).join(':')}::/64`
}

/** The eight groups of an IPv6 address in hexadecimal, without leading zeros. */
function groupsOf(address: string): string[] {
  const [head = '', tail] = address
    .split('::')
    .map((part) => part.split(':').filter(Boolean).flatMap(groupOf))
  if (tail === undefined) return [...head]
  return [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => '0'), ...tail]
}

function groupOf(part: string): string[] {
  if (!part.includes('.')) return [Number.parseInt(part, 16).toString(16)]
  const [a = 0, b = 0, c = 0, d = 0] = part.split('.').map(Number)
  return [(a * 256 + b).toString(16), (c * 256 + d).toString(16)]
}

function bytesOf(groups: readonly string[]): number[] {
  return groups.flatMap((group) => {
    const value = Number.parseInt(group, 16)
    return [value >> 8, value & 255]
  })
}
