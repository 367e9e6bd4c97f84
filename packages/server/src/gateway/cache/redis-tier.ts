import { createHash, randomUUID } from 'node:crypto'
import type { RedisConnection } from '../redis/index.ts'
import { candidateIds } from './candidates.ts'
import { pack, unpack } from './packed.ts'
import { RedisPurges } from './redis-purges.ts'
import type { CacheRequest, StoredResponse } from './stored-response.ts'

/**
 * Answers shared by hosts. `<prefix>:u:<url>` tells which answers to a URL there are and under
 * which generation; `<prefix>:e:<generation><id>` is one of them. Dropping the first makes the
 * others unreachable, and they expire. Nothing here throws for Redis being away: there is just
 * nothing found, and nothing kept.
 */
export class RedisTier {
  private readonly connection: RedisConnection
  private readonly prefix: string
  private readonly maxBodyBytes: number
  readonly purges: RedisPurges
  failures = 0
  /** Of bodies on their way to Redis. */
  private waitingBytes = 0

  constructor(connection: RedisConnection, options: { prefix: string; maxBodyBytes: number }) {
    this.connection = connection
    this.prefix = options.prefix
    this.maxBodyBytes = options.maxBodyBytes
    this.purges = new RedisPurges(connection, options.prefix)
  }

  /** Whether it is there and up to date with the purges of this process. */
  get reachable(): boolean {
    return this.connection.ready && this.purges.waiting === 0
  }

  /** The answers that this request may be given. */
  async find(request: CacheRequest): Promise<StoredResponse[]> {
    try {
      // What was purged while Redis was away must not come back with it.
      if (this.purges.waiting > 0) await this.purges.send()
      const url = await this.connection.run((client) => client.hgetall(this.urlKey(request.url)))
      const generation = url['g']
      if (generation === undefined) return []
      const ids = candidateIds(request, varySetsOf(url))
      const keys = ids.map((id) => this.entryKey(generation, id))
      const packed = await this.connection.run((client) => client.mgetBuffer(keys))
      return packed.flatMap((bytes) => (bytes === null ? [] : (unpack(bytes) ?? [])))
    } catch {
      this.failures += 1
      return []
    }
  }

  async store(stored: StoredResponse, nowMs: number): Promise<void> {
    const expiresMs = Math.ceil(stored.keepUntilMs - nowMs)
    const bytes = stored.body.length
    if (bytes > this.maxBodyBytes || expiresMs <= 0) return
    if (this.waitingBytes + bytes > maxWaitingBytes) return
    this.waitingBytes += bytes
    try {
      const { generation, leftMs } = await this.register(stored)
      const lifeMs = Math.min(expiresMs, longestMs)
      await this.connection.run((client) => {
        const commands = client.pipeline()
        commands.set(this.entryKey(generation, stored.id), pack(stored), 'PX', lifeMs)
        commands.pexpire(this.urlKey(stored.url), Math.max(lifeMs, leftMs))
        for (const tag of stored.tags) {
          commands.sadd(this.purges.tagKey(tag), this.urlKey(stored.url))
          commands.pexpire(this.purges.tagKey(tag), longestMs)
        }
        return commands.exec()
      })
    } catch {
      this.failures += 1
    } finally {
      this.waitingBytes -= bytes
    }
  }

  private async register(stored: StoredResponse) {
    const key = this.urlKey(stored.url)
    const replies = await this.connection.run((client) =>
      client
        .pipeline()
        .hsetnx(key, 'g', randomUUID())
        .hset(key, 'url', stored.url, `${varyField}${stored.vary.join(',')}`, '1')
        .hget(key, 'g')
        .pttl(key)
        .exec(),
    )
    const [, generation] = replies?.[2] ?? []
    const [, leftMs] = replies?.[3] ?? []
    return { generation: String(generation), leftMs: Number(leftMs) }
  }

  private urlKey(url: string): string {
    return `${this.prefix}:u:${digest(url)}`
  }

  private entryKey(generation: string, id: string): string {
    return `${this.prefix}:e:${digest(`${generation}\n${id}`)}`
  }
}

/** What comes on top is not shared. */
const maxWaitingBytes = 64 * 1024 * 1024

const varyField = 'v:'

/** A month: nothing shared is worth more, and Redis forgets by itself. */
const longestMs = 30 * 86_400_000

const varySetsOf = (url: Readonly<Record<string, string>>): string[][] =>
  Object.keys(url).flatMap((field) => {
    if (!field.startsWith(varyField)) return []
    const names = field.slice(varyField.length)
    return [names === '' ? [] : names.split(',')]
  })

const digest = (text: string): string => createHash('sha256').update(text).digest('base64url')
