import { generateKeyPairSync, type KeyObject } from 'node:crypto'

import { createCertificate } from '../../tls/x509/certificate.ts'

/** A certificate authority for one test. */
export const createTestAuthority = (commonName = 'authority of a test') => {
  const key = newKey()
  const life = {
    notBefore: new Date(Date.now() - 86_400_000),
    notAfter: new Date(Date.now() + 86_400_000),
  }
  return {
    ca: createCertificate({ commonName, names: [], key, isAuthority: true, ...life }),
    /** Good for these names and addresses, as a server and as a client. */
    leaf: (...names: string[]): { key: string; cert: string } => {
      const own = newKey()
      const commonNameOfLeaf = names[0] ?? 'nobody'
      const facts = { commonName: commonNameOfLeaf, names, key: own, isAuthority: false, ...life }
      const cert = createCertificate({ ...facts, issuer: { commonName, key } })
      return { key: own.export({ type: 'pkcs8', format: 'pem' }).toString(), cert }
    },
  }
}

const newKey = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
