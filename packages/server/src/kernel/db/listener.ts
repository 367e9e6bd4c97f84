import assert from 'node:assert'
import { Client, escapeIdentifier, type ClientConfig } from 'pg'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'

export type Listener = { close(): Promise<void> }

const retryDelayMs = 100
const retryDelayMsMax = 5_000
/** Only traffic shows that a connection is dead when its other side vanished without a word. */
const pingIntervalMs = 15_000

/**
 * LISTEN on a connection of its own. A notification only wakes: it carries nothing, several may
 * come as one, and those sent while the connection is down are lost. Hence `onNotify` is also
 * called after every reconnect, and its owner polls besides. Rejects when the first connection
 * fails; later ones are retried for ever, at most every five seconds.
 */
export const createListener = async (
  config: ClientConfig,
  channel: string,
  onNotify: () => void,
  log: Log,
): Promise<Listener> => {
  let client: Client | undefined
  let timer: NodeJS.Timeout | undefined
  let closed = false
  let failures = 0

  const wake = () => {
    try {
      onNotify()
    } catch (error) {
      log.error({ channel, reason: messageOf(error) }, 'notification callback failed')
    }
  }

  const connect = async (): Promise<void> => {
    const next = new Client(config)
    next.on('notification', wake)
    next.on('error', (error) => {
      log.warn({ channel, reason: messageOf(error) }, 'lost the listening database connection')
    })
    next.on('end', () => {
      if (client === next) reconnectLater()
    })
    try {
      await next.connect()
      await next.query(`listen ${escapeIdentifier(channel)}`)
    } catch (error) {
      await next.end().catch(() => undefined)
      throw error
    }
    if (closed) return next.end()
    client = next
    failures = 0
    pingLater(next)
  }

  const pingLater = (pinged: Client): void => {
    timer = setTimeout(() => {
      // Without an answer within the query timeout, the connection is closed and made anew.
      pinged.query('select 1').then(
        () => client === pinged && !closed && pingLater(pinged),
        () => pinged.end().catch(() => undefined),
      )
    }, pingIntervalMs)
  }

  const reconnectLater = (): void => {
    client = undefined
    clearTimeout(timer)
    if (closed) return
    const delayMs = Math.min(retryDelayMs * 2 ** failures, retryDelayMsMax)
    failures += 1
    timer = setTimeout(
      () => {
        connect().then(wake, (error: unknown) => {
          log.debug({ channel, reason: messageOf(error) }, 'listening failed')
          reconnectLater()
        })
      },
      delayMs * (0.5 + Math.random()),
    )
  }

  await connect()
  assert(client !== undefined)
  return {
    async close() {
      closed = true
      clearTimeout(timer)
      await client?.end()
    },
  }
}
