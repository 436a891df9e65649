import { expect } from 'chai'
import { parseDer, TAG } from '../../../signing/x509/der.ts'
import { oid, sequence, setOf, tlv, utf8String } from '../../../signing/x509/der-write.ts'
import { ATTRIBUTE, formatName, nameKey, readName } from '../../../signing/x509/name.ts'
import { writeName } from '../../../signing/x509/write-certificate.ts'

function named(...attributes: (readonly [string, string])[]) {
  return readName(parseDer(writeName(attributes)))
}

describe('distinguished names', () => {
  it('are shown as RFC 4514 says, the last relative name first', () => {
    // The examples of RFC 4514 section 4, as far as the types are registered there.
    expect(
      formatName(
        named(
          [ATTRIBUTE.domainComponent, 'net'],
          [ATTRIBUTE.domainComponent, 'example'],
          [ATTRIBUTE.userId, 'jsmith'],
        ),
      ),
    ).to.equal('UID=jsmith,DC=example,DC=net')
    expect(formatName(named([ATTRIBUTE.commonName, 'James "Jim" Smith, III']))).to.equal(
      'CN=James \\"Jim\\" Smith\\, III',
    )
    expect(formatName(named([ATTRIBUTE.commonName, 'Before\rAfter']))).to.equal('CN=Before\\0dAfter')
    expect(formatName(named([ATTRIBUTE.commonName, '#x '], [ATTRIBUTE.organization, ' y']))).to.equal(
      'O=\\ y,CN=\\#x\\ ',
    )
    expect(formatName(named(['1.3.6.1.4.1.1466.0', 'Hi']))).to.equal('1.3.6.1.4.1.1466.0=#0c024869')
  })

  it('of several attributes in one relative name are joined by +', () => {
    const pair = (type: string, text: string) => sequence(oid(type), utf8String(text))
    const relative = setOf([
      pair(ATTRIBUTE.organizationalUnit, 'Sales'),
      pair(ATTRIBUTE.commonName, 'J.  Smith'),
    ])
    expect(formatName(readName(parseDer(sequence(relative))))).to.equal('OU=Sales+CN=J.  Smith')
  })

  it('compare as RFC 5280 section 7.1 says', () => {
    const key = (text: string, type: number = TAG.UTF8_STRING) =>
      nameKey(
        readName(
          parseDer(sequence(setOf([sequence(oid(ATTRIBUTE.commonName), tlv(type, Buffer.from(text)))]))),
        ),
      )
    expect(key('Good  CA ')).to.equal(key('good ca', TAG.PRINTABLE_STRING))
    expect(key('Cơ quan'.normalize('NFD'))).to.equal(key('CƠ QUAN'))
    expect(key('Good CA')).not.to.equal(key('Good-CA'))
    expect(nameKey(named([ATTRIBUTE.commonName, 'a'], [ATTRIBUTE.commonName, 'b']))).not.to.equal(
      nameKey(named([ATTRIBUTE.commonName, 'b'], [ATTRIBUTE.commonName, 'a'])),
    )
    // Texts that look like the separators of the key do not run into each other.
    expect(nameKey(named([ATTRIBUTE.commonName, 'a"]\n["2.5.4.10","b']))).not.to.equal(
      nameKey(named([ATTRIBUTE.commonName, 'a'], [ATTRIBUTE.organization, 'b'])),
    )
  })
})
