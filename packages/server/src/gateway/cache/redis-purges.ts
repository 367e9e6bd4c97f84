import { createHash, randomUUID } from 'node:crypto'
import type { RedisConnection } from '../redis/index.ts'
import type { Selection } from './entry-index.ts'

/** Purges that wait for Redis to come back; one more, and everything is purged instead. */
const maxWaiting = 1024
/** Purges that other processes can still learn of; who missed more drops everything it has. */
const logLength = 1024
const batchLength = 500

/**
 * Purges in Redis and of what other processes have in memory: every purge is written to a
 * stream with a number, and every process reads it. Who finds a gap in the numbers has missed one.
 */
export class RedisPurges {
  private readonly connection: RedisConnection
  private readonly prefix: string
  private readonly self = randomUUID()
  private queue: Selection[] = []
  private sending: Promise<void> | null = null
  /** Last line of the stream that was read; null before the first look at it. */
  private position: { id: string; number: number } | null = null

  constructor(connection: RedisConnection, prefix: string) {
    this.connection = connection
    this.prefix = prefix
  }

  get waiting(): number {
    return this.queue.length
  }

  tagKey(tag: string): string {
    return `${this.prefix}:t:${createHash('sha256').update(tag).digest('base64url')}`
  }

  /** Remembered until Redis has it, however long it is away. */
  add(selection: Selection): void {
    this.queue.push(selection)
    if (this.queue.length > maxWaiting) this.queue = [{ by: 'all' }]
  }

  /** Sends what waits, in order; rejects when Redis is away. */
  send(): Promise<void> {
    this.sending ??= this.sendAll().finally(() => (this.sending = null))
    return this.sending
  }

  /** What others purged since the last call. */
  async news(): Promise<Selection[]> {
    if (this.position === null) {
      this.position = await this.end()
      return []
    }
    const { id, number } = this.position
    const lines = await this.connection.run((client) =>
      client.xrange(this.logKey, `(${id}`, '+', 'COUNT', logLength),
    )
    let expected = number
    const found: Selection[] = []
    for (const line of lines.map(readLine)) {
      expected += 1
      // Numbers begin anew when Redis has lost everything, and jump when the stream was cut.
      if (line.number !== expected) found.push({ by: 'all' })
      else if (line.from !== this.self) found.push(line.selection)
      expected = line.number
      this.position = { id: line.id, number: line.number }
    }
    return found
  }

  private async sendAll(): Promise<void> {
    for (let selection = this.queue[0]; selection !== undefined; selection = this.queue[0]) {
      await this.drop(selection)
      await this.announce(selection)
      // It may have been replaced by `all` meanwhile, which then is still to be sent.
      if (this.queue[0] === selection) this.queue.shift()
    }
  }

  private async drop(selection: Selection): Promise<void> {
    if (selection.by === 'url') {
      const key = `${this.prefix}:u:${createHash('sha256').update(selection.url).digest('base64url')}`
      await this.connection.run((client) => client.unlink(key))
    } else if (selection.by === 'tag') {
      const key = this.tagKey(selection.tag)
      const urls = await this.connection.run((client) => client.smembers(key))
      await this.unlink([...urls, key])
    } else {
      const pattern = selection.by === 'all' ? '[uet]:*' : 'u:*'
      await this.dropScanned(pattern, selection.by === 'prefix' ? selection.prefix : null)
    }
  }

  private async dropScanned(pattern: string, urlPrefix: string | null): Promise<void> {
    let cursor = '0'
    do {
      const [next, keys] = await this.connection.run((client) =>
        client.scan(cursor, 'MATCH', `${this.prefix}:${pattern}`, 'COUNT', batchLength),
      )
      const chosen = urlPrefix === null ? keys : await this.withPrefix(keys, urlPrefix)
      await this.unlink(chosen)
      cursor = next
    } while (cursor !== '0')
  }

  /** In batches: a group may have more members than a command can have arguments. */
  private async unlink(keys: readonly string[]): Promise<void> {
    for (let at = 0; at < keys.length; at += batchLength) {
      const batch = keys.slice(at, at + batchLength)
      await this.connection.run((client) => client.unlink(...batch))
    }
  }

  private async withPrefix(keys: readonly string[], prefix: string): Promise<string[]> {
    if (keys.length === 0) return []
    const replies = await this.connection.run((client) => {
      const commands = client.pipeline()
      for (const key of keys) commands.hget(key, 'url')
      return commands.exec()
    })
    return keys.filter((_, at) => {
      const url = replies?.[at]?.[1]
      return typeof url === 'string' && url.startsWith(prefix)
    })
  }

  /** Number and line in one step: who reads the lines in order reads the numbers in order. */
  private async announce(selection: Selection): Promise<void> {
    await this.connection.run((client) =>
      client.eval(
        `local n = redis.call('INCR', KEYS[2])
         return redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', 'n', n, 'from', ARGV[2], 'what', ARGV[3])`,
        2,
        this.logKey,
        `${this.prefix}:n`,
        logLength,
        this.self,
        JSON.stringify(selection),
      ),
    )
  }

  private async end(): Promise<{ id: string; number: number }> {
    const [last] = await this.connection.run((client) =>
      client.xrevrange(this.logKey, '+', '-', 'COUNT', 1),
    )
    return last === undefined ? { id: '0-0', number: 0 } : readLine(last)
  }

  private get logKey(): string {
    return `${this.prefix}:log`
  }
}

const readLine = ([id, fields]: [id: string, fields: string[]]) => {
  const [, number, , from, , what] = fields
  return { id, number: Number(number), from, selection: JSON.parse(what ?? '{}') as Selection }
}
