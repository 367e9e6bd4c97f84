import { randomBytes } from 'node:crypto'
import type { Clock, Timer } from '../../kernel/clock.ts'
import { messageOf } from '../../kernel/errors.ts'
import type { GatewaySnapshot } from '../snapshot.ts'
import { createProofs, type Proofs } from './acme/proof.ts'
import { createCertificateStore, type Material } from './certificate-store.ts'
import type { LocalAuthority } from './local-authority.ts'
import { ticketKeysAt } from './ticket-keys.ts'
import { tlsOptionsOf, type HandshakeOptions } from './tls-options.ts'

type TerminationDeps = {
  clock: Clock
  /** Signs for names that nobody has a certificate for; null: their handshakes fail. */
  authority: LocalAuthority | null
  /** Of the session tickets: 32 bytes or more, shared with whoever shall resume them. */
  ticketSecret?: Buffer
  warn: (facts: object, message: string) => void
  /** How handshakes go from now on. */
  onOptions: (options: HandshakeOptions) => void
}

/** Ticket keys change by the clock, and leaves of the authority end. */
const lookMs = 60_000

type InEffect = {
  nobody: Material | null
  ticketKeys: Buffer
  authorities: readonly string[] | null
  proofs: Proofs
}

export type Termination = ReturnType<typeof createTermination>

/** The TLS of a listener, by the snapshot: certificates, what clients are asked for, ticket keys. */
export const createTermination = (deps: TerminationDeps) => {
  const { clock, authority, warn, onOptions } = deps
  const secret = deps.ticketSecret ?? randomBytes(32)
  const store = createCertificateStore({ authority, warn })
  const makeProofs = createProofs(clock)
  let proofs: Proofs = new Map()
  let authorities: readonly string[] | null = null
  let inEffect: InEffect | undefined
  let timer: Timer | undefined

  const refresh = async (): Promise<void> => {
    const next: InEffect = {
      nobody: await store.forNobody(),
      ticketKeys: ticketKeysAt(secret, clock.now().getTime(), authorities ?? []),
      ...{ authorities, proofs },
    }
    if (inEffect !== undefined && isSame(inEffect, next)) return
    inEffect = next
    const { nobody, ticketKeys } = next
    onOptions(
      tlsOptionsOf({ store, nobody, ticketKeys, clientAuthorities: next.authorities, proofs }),
    )
  }

  const lookLater = (): void => {
    timer = clock.setTimer(() => {
      refresh().catch((error: unknown) => warn({ reason: messageOf(error) }, 'TLS stays as it was'))
      lookLater()
    }, lookMs)
  }

  return {
    start: lookLater,
    stop: (): void => timer?.cancel(),
    async use({ documents, acme }: Pick<GatewaySnapshot, 'documents' | 'acme'>): Promise<void> {
      authorities = clientAuthoritiesOf(documents)
      proofs = await makeProofs.of(acme?.proofs ?? {})
      await store.use(documents, acme?.certificates ?? [], authorities ?? [])
      await refresh()
    },
    problems: (): readonly string[] => store.problems(),
  }
}

const isSame = (a: InEffect, b: InEffect): boolean =>
  a.nobody === b.nobody &&
  a.ticketKeys.equals(b.ticketKeys) &&
  JSON.stringify(a.authorities) === JSON.stringify(b.authorities) &&
  JSON.stringify([...a.proofs]) === JSON.stringify([...b.proofs])

/**
 * Clients are asked for a certificate only where somebody looks at it: browsers ask their users
 * which one to show.
 */
const clientAuthoritiesOf = (documents: GatewaySnapshot['documents']): string[] | null => {
  const asking = documents.filter(({ config }) =>
    config.plugins.some(({ name, enabled }) => name === 'mtls-auth' && enabled),
  )
  if (asking.length === 0) return null
  return asking.flatMap(({ config }) => config.ca_certificates.map(({ cert }) => cert))
}
