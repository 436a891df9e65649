/** Which addresses of the network a file may make this program talk to. */
import { BlockList, isIP } from 'node:net'

/**
 * Special-purpose addresses of IPv4 (RFC 6890 and the registry of IANA): this host, private and shared networks,
 * loopback, link-local (where clouds answer about a machine's secrets), documentation, tests, multicast, reserved.
 */
const forbidden4: readonly [network: string, prefix: number][] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  // A public number at which a cloud answers its own machines.
  ['168.63.129.16', 32],
]

/** Of IPv6 only global unicast addresses are public, less those that carry an IPv4 address or are no host's. */
const globalUnicast: readonly [network: string, prefix: number] = ['2000::', 3]
const forbidden6: readonly [network: string, prefix: number][] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['2620:4f:8000::', 48],
  ['3fff::', 20],
]

const never = new BlockList()
for (const [network, prefix] of forbidden4) never.addSubnet(network, prefix, 'ipv4')
for (const [network, prefix] of forbidden6) never.addSubnet(network, prefix, 'ipv6')
const global6 = new BlockList()
global6.addSubnet(...globalUnicast, 'ipv6')

/** Whether an IP address in text form is one of the public network; false for anything that is no IP address. */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !never.check(address, 'ipv4')
    case 6:
      // An address with a zone belongs to one link. Mapped IPv4 (::ffff:0:0/96) is outside of global unicast.
      return !address.includes('%') && global6.check(address, 'ipv6') && !never.check(address, 'ipv6')
    default:
      return false
  }
}
