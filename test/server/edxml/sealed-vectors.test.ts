import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { openReceipt } from '../../../server/edxml/receipt.ts'
import { openSealedDocument, openSealedStatus } from '../../../server/edxml/seal.ts'
import { requireProgram } from '../../support/programs.ts'
import { readJson, vectorFolder, vectors } from './vectors.ts'

const index = readJson('sealed.json') as {
  keyFingerprint: string
  sealedAt: Date
  files: Record<string, { sha256: string; message: string }>
}
const read = (file: string) => readFileSync(join(vectorFolder, file))

/** Files sealed once, with a key that is gone: whatever changes in the code, they stay what they were. */
describe('sealed vectors', () => {
  const open = {
    document: openSealedDocument,
    status: openSealedStatus,
    receipt: openReceipt,
  }

  for (const [file, { sha256, message }] of Object.entries(index.files)) {
    const [kind] = message.split('-') as [keyof typeof open]

    it(`${file} opens to ${message}`, () => {
      const bytes = read(file)
      expect(createHash('sha256').update(bytes).digest('hex')).to.equal(sha256)
      const opened = open[kind](bytes, { keyFingerprints: [index.keyFingerprint] })
      expect(opened.message).to.deep.equal(vectors(kind).find(({ name }) => name === message)?.message)
      expect(opened.sha256).to.equal(sha256)
      expect(opened.sealedAt).to.deep.equal(index.sealedAt)
    })

    it(`${file} is accepted by xmlsec1`, function () {
      requireProgram(this, 'xmlsec1')
      const path = (name: string) => join(vectorFolder, name)
      const options = [
        '--verify',
        '--enabled-key-data',
        'x509',
        '--trusted-pem',
        path('sealed-authority.pem'),
      ]
      options.push('--id-attr:Id', 'http://uri.etsi.org/01903/v1.3.2#:SignedProperties', path(file))
      const { status, stdout, stderr } = spawnSync('xmlsec1', options, { encoding: 'utf8' })
      expect(`${stdout}${stderr}`).to.contain('SignedInfo References (ok/all): 2/2')
      expect(status).to.equal(0)
    })
  }
})
