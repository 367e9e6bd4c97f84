import { generateKeyPairSync, type KeyObject } from 'node:crypto'

import { createCertificate } from '../../tls/x509/certificate.ts'

const dayMs = 86_400_000

/** A certificate authority for one test; what it signs lives for a day unless it is said. */
export const createTestAuthority = (commonName = 'authority of a test', lifeMs = dayMs) => {
  const key = newKey()
  const life = {
    notBefore: new Date(Date.now() - dayMs),
    notAfter: new Date(Date.now() + lifeMs),
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
