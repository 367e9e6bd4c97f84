import { createSecureContext, type SecureContext } from 'node:tls'
import { setImmediate as breathe } from 'node:timers/promises'
import { LRUCache } from 'lru-cache'
import { messageOf } from '../../kernel/errors.ts'
import type { Certificate } from '../config/model.ts'
import type { GatewayDocument } from '../snapshot.ts'
import type { HeldCertificate } from './acme/keeper.ts'
import type { LocalAuthority } from './local-authority.ts'

/** A certificate, or two of different kinds, with their keys; PEM. */
export type Material = Pick<Certificate, 'cert' | 'key'> &
  Partial<Pick<Certificate, 'cert_alt' | 'key_alt'>>

type StoreDeps = {
  /** Null: names without a certificate get none, and their handshakes fail. */
  authority: LocalAuthority | null
  warn: (facts: object, message: string) => void
}

/** A context keeps some 20 kB; the least used are made again when they are asked for. */
const contextsMax = 2_000
/** Longest that looking at new certificates holds up requests at a time. */
const sliceMs = 8
/** RFC 1035 2.3.4, with the underscore that is in use. */
const dnsName = /^[a-z0-9_.-]{1,253}$/

export type CertificateStore = ReturnType<typeof createCertificateStore>

/**
 * Which certificate a client is shown: by the name it asks for (exact, then `*.name`, then `name.*`,
 * then the one for `*`, as in Kong), else one of the machine's own authority. A change takes
 * effect with the next handshake; connections under way keep theirs.
 */
export const createCertificateStore = ({ authority, warn }: StoreDeps) => {
  let byName: ReadonlyMap<string, Material> = new Map()
  let trusted: readonly string[] = []
  let problems: readonly string[] = []
  const contexts = new LRUCache<Material, SecureContext>({ max: contextsMax })
  /** Why a certificate is of no use; null when it is. */
  const verdicts = new WeakMap<Material, { fault: string | null }>()

  const contextOf = (material: Material): SecureContext => {
    const known = contexts.get(material)
    if (known !== undefined) return known
    const context = createSecureContext(contextOptions(material, trusted))
    contexts.set(material, context)
    return context
  }

  /** OpenSSL refuses some that could be read: keys that are too short, for one. */
  const judge = (material: Material): string | null => {
    const known = verdicts.get(material)
    if (known !== undefined) return known.fault
    let fault: string | null = null
    try {
      contextOf(material)
    } catch (error) {
      fault = messageOf(error)
    }
    verdicts.set(material, { fault })
    return fault
  }

  const find = (name: string): Material | undefined => {
    const exact = byName.get(name)
    if (exact !== undefined) return exact
    const first = name.indexOf('.')
    const last = name.lastIndexOf('.')
    return (
      (first === -1 ? undefined : byName.get(`*${name.slice(first)}`)) ??
      (last === -1 ? undefined : byName.get(`${name.slice(0, last)}.*`)) ??
      byName.get('*')
    )
  }

  return {
    /**
     * The certificates from now on, and the authorities (PEM) that those of clients are held
     * against. What cannot be used is told and left out.
     */
    async use(
      documents: readonly GatewayDocument[],
      acme: readonly HeldCertificate[],
      authorities: readonly string[],
    ): Promise<void> {
      if (authorities.join() !== trusted.join()) {
        trusted = [...authorities]
        contexts.clear()
      }
      const names = new Map<string, Material>()
      const unusable: string[] = []
      let sliceEndMs = performance.now() + sliceMs
      for (const { snis, material } of [...acme.map(ofAcme), ...documents.flatMap(ofDocument)]) {
        if (performance.now() > sliceEndMs) {
          await breathe()
          sliceEndMs = performance.now() + sliceMs
        }
        const isNew = !verdicts.has(material)
        const fault = judge(material)
        if (fault === null) {
          for (const name of snis) if (!names.has(name)) names.set(name, material)
          continue
        }
        unusable.push(`The certificate for ${snis.join(', ')} cannot be used: ${fault}`)
        if (isNew) warn({ names: snis, reason: fault }, 'certificate cannot be used')
      }
      byName = names
      problems = unusable
    },

    /** Rejects when there is no certificate for this name. */
    async contextFor(asked: string): Promise<SecureContext> {
      const name = asked.toLowerCase()
      const material = find(name)
      if (material !== undefined) return contextOf(material)
      if (authority === null) throw new Error(`there is no certificate for ${name}`)
      return contextOf(await authority.leafFor(dnsName.test(name) ? name : 'localhost'))
    },

    /** What a client is shown that names nobody; null when there is nothing to show. */
    async forNobody(): Promise<Material | null> {
      const [first = null] = byName.values()
      return byName.get('*') ?? (await authority?.leafFor('localhost')) ?? first
    },

    /** As sentences. */
    problems: (): readonly string[] => problems,
  }
}

export const contextOptions = (material: Material, trusted: readonly string[]) => {
  const { cert, key, cert_alt: certAlt = null, key_alt: keyAlt = null } = material
  return {
    cert: certAlt === null ? cert : [cert, certAlt],
    key: keyAlt === null ? key : [key, keyAlt],
    // Even when it is empty: without it the authorities of the web would be trusted.
    ca: [...trusted],
  }
}

type Found = { snis: readonly string[]; material: Material }

const ofDocument = ({ config: { certificates, snis } }: GatewayDocument): Found[] => {
  const names = Map.groupBy(snis, ({ certificate }) => certificate)
  return certificates.map((material) => ({
    material,
    snis: (names.get(material.id) ?? []).map(({ name }) => name.toLowerCase()),
  }))
}

const ofAcme = (held: HeldCertificate): Found => ({ snis: held.names, material: held })
