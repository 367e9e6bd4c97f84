import type { SecureContext, TlsOptions } from 'node:tls'
import type { Proofs } from './acme/proof.ts'
import { contextOptions, type CertificateStore, type Material } from './certificate-store.ts'

/** Mozilla's "intermediate" list of 2024 for TLS 1.2, with what 1.3 has. */
const ciphers = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':')

type Options = {
  store: Pick<CertificateStore, 'contextFor'>
  /** Shown to clients that name nobody. */
  nobody: Material | null
  ticketKeys: Buffer
  /** Asked for a certificate; null: nobody is. A client without one is let in: plugins decide. */
  clientAuthorities: readonly string[] | null
  proofs: Proofs
}

/** How handshakes go; who asks for a proof gets one, and nothing else. */
export type HandshakeOptions = TlsOptions & { proofs?: Proofs }

/** How TLS is spoken to clients. */
export const tlsOptionsOf = (options: Options): HandshakeOptions => {
  const { store, nobody, ticketKeys, clientAuthorities, proofs } = options
  return {
    proofs,
    minVersion: 'TLSv1.2',
    ciphers,
    // A phone without AES in hardware knows that ChaCha is faster for it.
    honorCipherOrder: false,
    ticketKeys,
    requestCert: clientAuthorities !== null,
    rejectUnauthorized: false,
    ALPNProtocols: ['h2', 'http/1.1'],
    ca: [...(clientAuthorities ?? [])],
    ...(nobody === null ? {} : contextOptions(nobody, clientAuthorities ?? [])),
    SNICallback: (name, done) => {
      void answer(store, name, done)
    },
  }
}

const answer = async (
  store: Options['store'],
  name: string,
  done: (error: Error | null, context?: SecureContext) => void,
): Promise<void> => {
  let context: SecureContext
  try {
    context = await store.contextFor(name)
  } catch (error) {
    return done(error instanceof Error ? error : new Error(String(error)))
  }
  done(null, context)
}
