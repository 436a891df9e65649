import { EDXML } from '../../signing/index.ts'

export const sealPlace = {
  parent: { namespace: EDXML, localName: 'edXMLHeader' },
  signatureId: 'seal',
}
