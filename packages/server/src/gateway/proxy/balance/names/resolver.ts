import { lookup, Resolver } from 'node:dns/promises'
import { isIP } from 'node:net'

import { createHostsFile } from './hosts-file.ts'
import { askSrvTtl } from './srv-ttl.ts'

/** One address of a name; port and weight come from SRV records, else they are null. */
export type NameAddress = {
  address: string
  port: number | null
  weight: number | null
  /** Name the address belongs to, where that is not the name that was asked for (SRV). */
  name: string | null
}

export type NameAnswer = { addresses: readonly NameAddress[]; ttlMs: number }

/** Looks a name up. Rejects when it has no address or nobody can tell. */
export type NameResolver = (name: string) => Promise<NameAnswer>

/** Answers of the system carry no time to live. */
const systemTtlMs = 30_000
const hostsTtlMs = 5_000
/** Of SRV records whose own time to live cannot be found out. */
const srvTtlMs = 10_000

/**
 * Names as the system has them: the hosts file and `localhost` first, then DNS (SRV, A, AAAA in
 * Kong's order, the first with an answer), and what DNS does not know by the system's own lookup,
 * which has search domains and mDNS. `servers` in place of those of the system.
 */
export const createNameResolver = (
  options: { servers?: readonly string[]; hostsFile?: string; timeoutMs?: number } = {},
): NameResolver & { cancel(): void } => {
  const timeoutMs = options.timeoutMs ?? 2000
  const resolver = new Resolver({ timeout: timeoutMs, tries: 2 })
  if (options.servers !== undefined) resolver.setServers(options.servers)
  const hosts = createHostsFile(options.hostsFile)

  const addressesOf = async (name: string): Promise<NameAnswer> => {
    const four = await resolver.resolve4(name, { ttl: true }).catch(rememberFailure)
    if (Array.isArray(four) && four.length > 0) return answerOf(four)
    const six = await resolver.resolve6(name, { ttl: true }).catch(rememberFailure)
    if (Array.isArray(six) && six.length > 0) return answerOf(six)
    throw new NameError(name, [four, six])
  }

  const services = async (name: string): Promise<NameAnswer | null> => {
    const records = await resolver.resolveSrv(name).catch(() => [])
    if (records.length === 0) return null
    const best = Math.min(...records.map(({ priority }) => priority))
    const first = records.filter(({ priority }) => priority === best)
    const answers = await Promise.allSettled(
      first.map(async (record) => ({ record, answer: await ofHost(record.name) })),
    )
    const found = answers.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    if (found.length === 0) return null
    const [server] = resolver.getServers()
    const ownTtlMs = server === undefined ? null : await askSrvTtl(name, server, timeoutMs)
    return {
      addresses: found.flatMap(({ record, answer }) =>
        answer.addresses.map(({ address }) => ({
          address,
          port: record.port,
          // A weight of 0 means "hardly ever" (RFC 2782), in Kong 1.
          weight: Math.max(1, record.weight),
          name: record.name,
        })),
      ),
      ttlMs: Math.min(ownTtlMs ?? srvTtlMs, ...found.map(({ answer }) => answer.ttlMs)),
    }
  }

  const ofHost = async (name: string): Promise<NameAnswer> => {
    if (isIP(name) !== 0) return { addresses: plain([name]), ttlMs: Infinity }
    const listed = await hosts.find(name)
    if (listed.length > 0) return { addresses: plain(listed), ttlMs: hostsTtlMs }
    return addressesOf(name)
  }

  const ofSystem = async (name: string): Promise<NameAnswer> => {
    const found = await lookup(name, { all: true, verbatim: false })
    return { addresses: plain(found.map(({ address }) => address)), ttlMs: systemTtlMs }
  }

  const resolve = async (name: string): Promise<NameAnswer> => {
    if (isIP(name) !== 0) return ofHost(name)
    if (isLocalhost(name)) return ofSystem(name)
    if ((await hosts.find(name)).length > 0) return ofHost(name)
    const srv = await services(name)
    if (srv !== null) return srv
    try {
      return await addressesOf(name)
    } catch (cause) {
      if (options.servers !== undefined) throw cause
      return ofSystem(name)
    }
  }
  return Object.assign(resolve, { cancel: () => resolver.cancel() })
}

/** `localhost` and below never go to DNS (RFC 6761 6.3). */
const isLocalhost = (name: string): boolean => name === 'localhost' || name.endsWith('.localhost')

const plain = (addresses: readonly string[]): NameAddress[] =>
  addresses.map((address) => ({ address, port: null, weight: null, name: null }))

const answerOf = (records: readonly { address: string; ttl: number }[]): NameAnswer => ({
  addresses: plain(records.map(({ address }) => address)),
  ttlMs: Math.min(...records.map(({ ttl }) => ttl)) * 1000,
})

const rememberFailure = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error)

/** Says what DNS answered, in its own words (`ENOTFOUND`, `ESERVFAIL`, `ETIMEOUT`). */
class NameError extends Error {
  constructor(name: string, outcomes: readonly unknown[]) {
    const words = [...new Set(outcomes.filter((outcome) => typeof outcome === 'string'))]
    super(`${name} has no address (${words.length === 0 ? 'empty answer' : words.join(', ')})`)
    this.name = 'NameError'
  }
}
