import { generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'
import type { Clock } from '../../../kernel/clock.ts'
import type { KeyAndCertificate } from '../local-authority.ts'
import { createCertificate } from '../x509/certificate.ts'

/** Asked for in ALPN by an ACME server that looks for a proof (RFC 8737). */
export const proofProtocol = 'acme-tls/1'

/** What an ACME server is shown that asks for `acme-tls/1` of a name, by this name. */
export type Proofs = ReadonlyMap<string, KeyAndCertificate>

const newKey = promisify(generateKeyPair)
const dayMs = 86_400_000

/** Makes the certificates of proofs under way, and keeps each as long as it is asked for. */
export const createProofs = (clock: Clock) => {
  let made = new Map<string, { digest: string; certificate: KeyAndCertificate }>()

  const make = async (name: string, digest: string): Promise<KeyAndCertificate> => {
    const { privateKey: key } = await newKey('ec', { namedCurve: 'P-256' })
    const nowMs = clock.now().getTime()
    const cert = createCertificate({
      ...{ commonName: name, names: [name], key, isAuthority: false },
      ...{ notBefore: new Date(nowMs - dayMs), notAfter: new Date(nowMs + dayMs) },
      acmeIdentifier: Buffer.from(digest, 'base64url'),
    })
    return { cert, key: key.export({ type: 'pkcs8', format: 'pem' }).toString() }
  }

  return {
    /** By digest (base64url) of each name. The same object as long as they are the same. */
    async of(digests: Readonly<Record<string, string>>): Promise<Proofs> {
      const next: typeof made = new Map()
      for (const [name, digest] of Object.entries(digests)) {
        const known = made.get(name)
        const certificate = known?.digest === digest ? known.certificate : await make(name, digest)
        next.set(name, { digest, certificate })
      }
      made = next
      return new Map([...next].map(([name, { certificate }]) => [name, certificate]))
    },
  }
}
