import type { System } from '@keelson/contract'
import type { Clock } from '../kernel/clock.ts'
import type { Db } from '../kernel/db.ts'
import { publicUrlOf } from '../kernel/context.ts'
import type { Env } from '../kernel/env.ts'
import { certificateFromFiles } from '../kernel/http/certificate-files.ts'
import { isFor, type CertificateSource, type CertificateState } from '../kernel/http/certificate.ts'
import type { Keyring } from '../kernel/keys/index.ts'
import type { Log } from '../kernel/log.ts'
import { createOwnCertificate, type Certificates } from '../gateway/index.ts'

type Deps = {
  env: Env
  db: Db
  keyring: Keyring
  certificates: Pick<Certificates, 'present'>
  clock: Clock
  log: Log
}

/** Where the platform's own port for TLS has its certificate from; null: there is no such port. */
export const certificateSourceOf = (deps: Deps): CertificateSource | null => {
  const { env, certificates, clock, log } = deps
  const { tls } = env
  if (tls === undefined) return null
  const host = new URL(publicUrlOf(env)).hostname
  if (tls.acme === undefined) return certificateFromFiles({ files: tls, host, clock, log })
  return createOwnCertificate({
    ...deps,
    settings: tls.acme,
    presentByGateways: certificates.present,
  })
}

/** As others see it. */
export const shownCertificate = (
  { from, certificate, problem, nextTryAt }: CertificateState,
  publicUrl: string,
): NonNullable<System['certificate']> => ({
  source: from,
  names: [...(certificate?.names ?? [])],
  notAfter: certificate?.expiresAt.toISOString() ?? null,
  fits: certificate !== null && isFor(certificate, new URL(publicUrl).hostname),
  ...{ problem, nextTryAt: nextTryAt?.toISOString() ?? null },
})
