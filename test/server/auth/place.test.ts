import { expect } from 'chai'
import { placeOf } from '../../../server/auth/place.ts'

describe('auth: places', () => {
  it('are an address of IPv4, also as a socket of both families tells it (RFC 4291 section 2.5.5.2)', () => {
    for (const address of [
      '203.0.113.7',
      '::ffff:203.0.113.7',
      '::FFFF:cb00:7107',
      '0:0:0:0:0:ffff:cb00:7107',
    ]) {
      expect(placeOf(address), address).to.equal('203.0.113.7')
    }
    expect(placeOf('203.0.113.8')).not.to.equal(placeOf('203.0.113.7'))
  })

  it('are a /64 of IPv6, however it is written (RFC 4291 section 2.2)', () => {
    const one = placeOf('2001:db8:0:1::1')
    const same = [
      '2001:DB8::1:0:0:0:1',
      '2001:0db8:0000:0001:ffff:ffff:ffff:ffff',
      '2001:db8:0:1:a:b:192.0.2.1',
    ]
    for (const address of same) expect(placeOf(address), address).to.equal(one)
    for (const address of ['2001:db8:0:2::1', '2001:db8::1', '::1', 'fe80::1']) {
      expect(placeOf(address), address).not.to.equal(one)
    }
    expect(placeOf('fe80::1%eth0')).to.equal(placeOf('fe80::2'))
  })

  it('are none where the address is none', () => {
    for (const address of ['', 'unknown', '1.2.3', '203.0.113.7:8080', ':::', '2001:db8::1::2']) {
      expect(placeOf(address), address).to.equal(undefined)
    }
  })
})
