import { expect } from 'chai'
import { isPublicAddress } from '../../../cli/online/public-address.ts'

/** Purposes by RFC 6890 and the registries of IANA; the neighbours of each block are public. */
const forbidden: Record<string, readonly string[]> = {
  'this host': ['0.0.0.0', '0.255.255.255', '::'],
  private: ['10.0.0.1', '10.255.255.255', '172.16.0.0', '172.31.255.255', '192.168.0.1', '192.168.255.255'],
  'shared by a carrier': ['100.64.0.0', '100.100.100.200', '100.127.255.255'],
  loopback: ['127.0.0.1', '127.1.2.3', '127.255.255.255', '::1'],
  'link-local, with the metadata services of clouds': [
    '169.254.0.1',
    '169.254.169.254',
    'fe80::1',
    'febf::1',
  ],
  'link-local with a zone': ['fe80::1%eth0', '2001:4860:4860::8888%eth0'],
  'metadata of one cloud': ['168.63.129.16', 'fd00:ec2::254'],
  'IETF protocols': ['192.0.0.1', '192.0.0.192', '2001::1', '2001:1ff::1'],
  documentation: ['192.0.2.1', '198.51.100.1', '203.0.113.255', '2001:db8::1', '3fff::1'],
  benchmarks: ['198.18.0.1', '198.19.255.255'],
  multicast: ['224.0.0.1', '239.255.255.255', 'ff02::1', 'ff0e::1'],
  reserved: ['240.0.0.1', '255.255.255.255'],
  relays: ['192.88.99.1', '2002:7f00:1::1', '2002:a00:1::'],
  'unique local': ['fc00::1', 'fdff::1'],
  'site-local': ['fec0::1'],
  'IPv4 in IPv6': ['::ffff:127.0.0.1', '::ffff:8.8.8.8', '::127.0.0.1', '64:ff9b::7f00:1', '64:ff9b:1::1'],
  'not an address': [
    '',
    'localhost',
    'example.com',
    '127.1',
    '0x7f000001',
    '2130706433',
    '1.2.3.4.5',
    '[::1]',
  ],
}

const allowed: readonly string[] = [
  ...['1.1.1.1', '8.8.8.8', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '126.255.255.255'],
  ...['128.0.0.0', '169.253.255.255', '169.255.0.0', '172.15.255.255', '172.32.0.0', '192.167.255.255'],
  ...['192.169.0.0', '198.17.255.255', '198.20.0.0', '223.255.255.255', '168.63.129.17'],
  ...['2400:cb00::1', '2606:4700::1111', '2a00:1450::1', '2001:4860:4860::8888', '2001:200::1'],
]

describe('public addresses', () => {
  for (const [purpose, addresses] of Object.entries(forbidden)) {
    it(`does not count ${purpose}`, () => {
      for (const address of addresses) expect(isPublicAddress(address), address).to.equal(false)
    })
  }

  it('counts the rest', () => {
    for (const address of allowed) expect(isPublicAddress(address), address).to.equal(true)
  })
})
