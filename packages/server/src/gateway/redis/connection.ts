import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'
import type { PluginHost } from '../plugins/plugin.ts'
import type { RedisSettings } from './settings.ts'

/** Of a plugin: where to tell, and where hosts are. */
type Host = Pick<PluginHost, 'log' | 'locate'>
type Locate = NonNullable<PluginHost['locate']>

/** Commands on their way at once; more are refused at once instead of queued. */
const maxInFlight = 10_000

/** Milliseconds before the next attempt to connect: doubling, so that a Redis that is back is seen soon. */
const backOffMs = (attempt: number): number => Math.min(2000, 50 * 2 ** Math.min(attempt, 6))

/** No answer came from Redis: it is away, too slow, or too much is asked of it already. */
export class RedisAway extends Error {
  override readonly name = 'RedisAway'
}

export type RedisScript = { source: string; sha: string }

export const redisScript = (source: string): RedisScript => ({
  source,
  sha: createHash('sha1').update(source).digest('hex'),
})

export type RedisConnection = {
  /** Whether commands would be sent; while connecting for the first time they wait. */
  readonly ready: boolean
  /** Rejects with RedisAway when Redis cannot answer, with its own error when it refuses. */
  run<T>(command: (client: Redis) => Promise<T>): Promise<T>
  /** One round trip; the source is sent only to a server that has not seen it. */
  script(
    script: RedisScript,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<unknown>
  /** Gives it back; with its last user gone the connection closes. */
  release(): void
}

const shared = new Map<string, { users: number; connection: OwnConnection }>()

/** One connection for each different setting in this thread, made at its first use. */
export const connectRedis = (settings: RedisSettings, host: Host): RedisConnection => {
  const sorted = Object.entries(settings).sort(([a], [b]) => (a < b ? -1 : 1))
  // The same name means another Redis in another stack.
  const key = JSON.stringify([scopeOf(host.locate), sorted])
  const entry = shared.get(key) ?? { users: 0, connection: new OwnConnection(settings, host) }
  shared.set(key, entry)
  entry.users += 1
  let released = false
  return {
    get ready() {
      return entry.connection.ready
    },
    run: (command) => entry.connection.run(command),
    script: (script, keys, args) => entry.connection.script(script, keys, args),
    release: () => {
      if (released) return
      released = true
      entry.users -= 1
      if (entry.users > 0) return
      shared.delete(key)
      entry.connection.close()
    },
  }
}

const scopes = new Map<Locate, number>()

const scopeOf = (locate: Locate | undefined): number => {
  if (locate === undefined) return 0
  const known = scopes.get(locate) ?? scopes.size + 1
  scopes.set(locate, known)
  return known
}

class OwnConnection {
  private readonly settings: RedisSettings
  private readonly host: Host
  private opening: Promise<Redis> | null = null
  private client: Redis | null = null
  private inFlight = 0
  private closed = false

  constructor(settings: RedisSettings, host: Host) {
    this.settings = settings
    this.host = host
  }

  get ready(): boolean {
    return this.client?.status === 'ready'
  }

  async run<T>(command: (client: Redis) => Promise<T>): Promise<T> {
    if (this.inFlight >= maxInFlight) throw new RedisAway('too many commands on their way')
    this.inFlight += 1
    try {
      const client = this.client ?? (await (this.opening ??= this.open()))
      if (client.status !== 'ready') throw new RedisAway(`redis is ${client.status}`)
      return await command(client)
    } catch (error) {
      throw isRefusal(error) ? error : new RedisAway(messageOf(error), { cause: error })
    } finally {
      this.inFlight -= 1
    }
  }

  script(
    { source, sha }: RedisScript,
    keys: readonly string[],
    args: readonly (string | number)[],
  ) {
    return this.run(async (client): Promise<unknown> => {
      try {
        return await client.evalsha(sha, keys.length, ...keys, ...args)
      } catch (error) {
        if (!messageOf(error).startsWith('NOSCRIPT')) throw error
        return client.eval(source, keys.length, ...keys, ...args)
      }
    })
  }

  close(): void {
    this.closed = true
    this.client?.disconnect()
  }

  /** Settles when Redis is ready, or has been waited for long enough; it goes on trying. */
  private async open(): Promise<Redis> {
    const client = await createClient(this.settings, this.host.locate)
    let isKnownAway = false
    client.on('error', (error: Error) => {
      if (isKnownAway) return
      isKnownAway = true
      this.host.log.warn({ host: this.settings.host, error: error.message }, 'redis is away')
    })
    client.on('ready', () => {
      if (isKnownAway) this.host.log.info({ host: this.settings.host }, 'redis is back')
      isKnownAway = false
    })
    const settled = new Promise<void>((resolve) => {
      client.once('ready', resolve)
      client.once('error', () => resolve())
      client.once('close', resolve)
    })
    client.connect().catch(() => {}) // told by the event
    await settled
    this.client = client
    if (this.closed) client.disconnect()
    return client
  }
}

/** Imported only here: a gateway without Redis does not load its client. */
const createClient = async (settings: RedisSettings, locate?: Locate): Promise<Redis> => {
  const { Redis } = await import('ioredis')
  const { host = '127.0.0.1', port } = settings
  const address = () => locate?.(host, port) ?? { host, port }
  const client = new Redis({
    ...address(),
    ...(settings.username === undefined ? {} : { username: settings.username }),
    ...(settings.password === undefined ? {} : { password: settings.password }),
    db: settings.database,
    connectTimeout: settings.timeout,
    commandTimeout: settings.timeout,
    lazyConnect: true,
    enableOfflineQueue: false,
    // A command that was cut off may have run: whoever sent it decides, not the client.
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    retryStrategy: (attempt) => {
      // Read by the next attempt: an instance that was started again may be at another port.
      Object.assign(client.options, address())
      return backOffMs(attempt)
    },
    ...(settings.ssl ? { tls: tlsOf(settings) } : {}),
  })
  return client
}

const tlsOf = ({ ssl_verify, server_name }: RedisSettings) => ({
  rejectUnauthorized: ssl_verify,
  ...(server_name === undefined ? {} : { servername: server_name }),
})

/** Redis did answer, only not what was hoped for: wrong type, out of memory, no permission. */
const isRefusal = (error: unknown): boolean => error instanceof Error && error.name === 'ReplyError'

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)
