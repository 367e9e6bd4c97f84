import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { anonymous, localActor, type Actor } from './actor.ts'
import { systemClock, type Clock } from './clock.ts'
import type { Db } from './db.ts'
import { AppError } from './errors.ts'
import { createEvents, type Events, type PublishedEvent, type TailListener } from './events.ts'
import { createHttp } from './http.ts'
import { createLive, type Live, type Send } from './live.ts'
import {
  createManualClock,
  createMemoryLog,
  createTestDb,
  quietLog,
  until,
} from './testing/index.ts'

type Options = { clock?: Clock; actor?: () => Actor; change?: (events: Events) => Events }

/** Real events on a real database behind a real socket; topic `versions` tells what was published. */
const startLive = async (db: Db, options: Options = {}) => {
  const { clock = systemClock, actor = () => localActor, change = (events) => events } = options
  const log = createMemoryLog()
  const events = createEvents({ db, clock: systemClock, log: quietLog })
  await events.start()
  const http = await createHttp({
    clock: systemClock,
    onDenied: async () => undefined,
    log: quietLog,
    newId: () => 'r-1',
    hostNames: ['127.0.0.1'],
    authenticate: async () => actor(),
  })
  const live = createLive({ http, events: change(events), clock, log, version: '1.2.3' })
  live.eventTopic({
    name: 'versions',
    permission: 'services:read',
    message: (event) => (event.type === 'system.started' ? event.payload.version : undefined),
  })
  await http.listen({ host: '127.0.0.1', port: 0 })
  const { port } = http.app.server.address() as AddressInfo
  const publish = (...versions: number[]): Promise<void> =>
    db.transaction(async (tx) => {
      for (const version of versions) {
        const payload = { version: String(version), target: 'all' }
        await events.publish(tx, { type: 'system.started', subject: 'system', payload })
      }
    })
  return {
    ...{ events, live, port, publish, log },
    [Symbol.asyncDispose]: async () => {
      live.close()
      await http.close()
      await events.stop()
    },
  }
}

type Message = { event: string; data: unknown; id: string | undefined }

const parse = (stream: string): Message[] =>
  stream
    .split('\n\n')
    .slice(0, -1)
    .map((block) => {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1]
      return {
        event: field('event') ?? '',
        data: JSON.parse(field('data') ?? 'null') as unknown,
        id: field('id'),
      }
    })

/** One client; `Connection: close` and HTTP/1.0 keep the stream free of chunk sizes. */
const listen = async (port: number, topics: string, lastEventId?: string) => {
  const socket = connect(port, '127.0.0.1')
  let received = ''
  let isClosed = false
  socket.setEncoding('utf8').on('data', (chunk: string) => (received += chunk))
  socket.on('error', () => {})
  socket.on('close', () => (isClosed = true))
  const last = lastEventId === undefined ? '' : `last-event-id: ${lastEventId}\r\n`
  socket.write(`GET /api/v1/live?topics=${topics} HTTP/1.0\r\nhost: 127.0.0.1\r\n${last}\r\n`)
  await until('the answer begins', () => received.includes('\r\n\r\n'))
  const head = received.slice(0, received.indexOf('\r\n\r\n'))
  const body = (): string => received.slice(head.length + 4)
  const messages = (event?: string): Message[] =>
    parse(body()).filter((message) => event === undefined || message.event === event)
  return {
    ...{ socket, head, body, messages },
    status: Number(head.split(' ')[1]),
    isClosed: () => isClosed,
    greeted: () => until('hello', () => messages('hello').length === 1),
    versions: () => messages('versions').map(({ data }) => Number(data)),
    [Symbol.dispose]: () => void socket.destroy(),
  }
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, n) => from + n)

/** A topic that only counts who listens. */
const countListeners = (live: Live, name = 'counted') => {
  const sends = new Set<Send>()
  live.topic({
    name,
    permission: 'services:read',
    open: (_argument, send) => {
      sends.add(send)
      return { close: () => sends.delete(send) }
    },
  })
  return sends
}

test('a stream begins with hello, which says where to resume', async () => {
  await using test = await createTestDb()
  await using server = await startLive(test.db)
  await server.publish(1, 2, 3)
  await until('they are in the log', async () => (await server.events.latestPosition()) === '3')
  using client = await listen(server.port, 'versions')
  await client.greeted()
  assert.deepEqual(client.messages(), [
    { event: 'hello', data: { version: '1.2.3', position: '3' }, id: '3' },
  ])
  assert.match(client.head, /content-type: text\/event-stream/)
  assert.match(client.head, /cache-control: no-store/)
  assert.match(client.head, /x-request-id: r-1/)
})

test('events are told once each, in order, with their positions', async () => {
  await using test = await createTestDb()
  await using server = await startLive(test.db)
  using client = await listen(server.port, 'versions')
  await client.greeted()
  await server.publish(...range(1, 50))
  await until('all are told', () => client.versions().length >= 50)
  assert.deepEqual(client.versions(), range(1, 50))
  assert.deepEqual(
    client.messages('versions').map(({ id }) => Number(id)),
    range(1, 50),
  )
})

test('a client that comes back again and again misses nothing and gets nothing twice', async () => {
  await using test = await createTestDb()
  await using server = await startLive(test.db)
  const total = 400
  let isDone = false
  const publishing = (async () => {
    for (const n of range(1, total)) await server.publish(n)
    isDone = true
  })()
  const seen: number[] = []
  let last: string | undefined = '0'
  while (!isDone || seen.length < total) {
    using client = await listen(server.port, 'versions', last)
    const enough = Math.min(seen.length + 7, total)
    await until('some more', () => seen.length + client.versions().length >= enough)
    const messages = client.messages()
    assert.ok(messages.every(({ event }) => event !== 'reset'))
    seen.push(...messages.filter(({ event }) => event === 'versions').map((m) => Number(m.data)))
    last = messages.findLast(({ id }) => id !== undefined)?.id ?? last
  }
  await publishing
  assert.deepEqual(seen, range(1, total))
})

for (const step of ['latestPosition', 'oldestPosition', 'readAfter'] as const) {
  for (const last of [undefined, '7']) {
    test(`an event right after ${step} is told to a client with id ${last}`, async () => {
      await using test = await createTestDb()
      let position = 7
      const log: PublishedEvent[] = []
      const listeners = new Set<TailListener>()
      const happen = (): void => {
        const payload = { version: String((position += 1)), target: 'all' }
        const facts = { id: '', position: String(position), subject: 'system', actor: null }
        log.push({ ...facts, at: new Date(), type: 'system.started', payload })
        for (const listener of listeners) listener(log.slice(-1))
      }
      const read = {
        latestPosition: () => String(position),
        oldestPosition: () => '1',
        readAfter: (after: string) => log.filter((event) => BigInt(event.position) > BigInt(after)),
      }
      const steps = { ...read, [step]: (after: string) => [read[step](after), happen()][0] }
      const change = (events: Events): Events => ({
        ...events,
        latestPosition: async () => steps.latestPosition(),
        oldestPosition: async () => steps.oldestPosition(),
        readAfter: async (after: string) => steps.readAfter(after),
        tail: (listener: TailListener) => {
          listeners.add(listener)
          return { close: () => void listeners.delete(listener) }
        },
      })
      await using server = await startLive(test.db, { change })
      using client = await listen(server.port, 'versions', last)
      await client.greeted()
      happen()
      await until('the last is told', () => client.versions().includes(position))
      const hello = Number(client.messages('hello')[0]?.id)
      const known = last === undefined ? [...range(8, hello), ...client.versions()] : []
      const told =
        last === undefined ? [...new Set(known)].sort((a, b) => a - b) : client.versions()
      assert.deepEqual(told, range(8, position))
    })
  }
}

const resets: [string, string][] = [
  ['of what is no longer kept', '1'],
  ['from before a restore', '99999'],
]
for (const [what, last] of resets) {
  test(`an id ${what} gets a reset, and then what is new`, async () => {
    await using test = await createTestDb()
    await using server = await startLive(test.db)
    await server.publish(...range(1, 5))
    await until('they are in the log', async () => (await server.events.latestPosition()) === '5')
    await test.db.execute('delete from kernel.event where position <= 3')
    using client = await listen(server.port, 'versions', last)
    await client.greeted()
    await server.publish(6)
    await until('the new one is told', () => client.versions().length === 1)
    assert.deepEqual(
      client.messages().map(({ event, id }) => [event, id]),
      [
        ['reset', undefined],
        ['hello', '5'],
        ['versions', '6'],
      ],
    )
  })
}

test('the last id before what is kept still misses nothing', async () => {
  await using test = await createTestDb()
  await using server = await startLive(test.db)
  await server.publish(...range(1, 5))
  await until('they are in the log', async () => (await server.events.latestPosition()) === '5')
  await test.db.execute('delete from kernel.event where position <= 3')
  using client = await listen(server.port, 'versions', '3')
  await client.greeted()
  assert.deepEqual(
    client.messages().map(({ event }) => event),
    ['versions', 'versions', 'hello'],
  )
})

test('a client that missed a thousand events starts anew', async () => {
  await using test = await createTestDb()
  await using server = await startLive(test.db)
  await server.publish(...range(1, 1000))
  await until('they are in the log', async () => (await server.events.latestPosition()) === '1000')
  using client = await listen(server.port, 'versions', '0')
  await client.greeted()
  assert.deepEqual(
    client.messages().map(({ event }) => event),
    ['reset', 'hello'],
  )
})

const refusals: [string, string, number][] = [
  ['a topic nobody has', 'nonsense', 400],
  ['one unknown among known', 'versions,nonsense', 400],
  ['none', '', 400],
  ['an argument to a durable topic', 'versions:1', 400],
  ['a name of every object', 'constructor', 400],
  ['too many', range(1, 21).join(), 400],
  ['one without the permission', 'protected', 403],
]
for (const [what, topics, status] of refusals) {
  test(`asking for ${what} is refused with ${status} before the stream begins`, async () => {
    await using test = await createTestDb()
    const actor = { ...anonymous, permissions: new Set(['services:read'] as const) }
    await using server = await startLive(test.db, { actor: () => actor })
    server.live.topic({
      name: 'protected',
      permission: 'logs:read',
      open: () => ({ close: () => {} }),
    })
    using client = await listen(server.port, topics)
    assert.equal(client.status, status)
    assert.match(client.head, /application\/problem\+json/)
  })
}

test('who is not signed in gets no stream', async () => {
  await using test = await createTestDb()
  await using server = await startLive(test.db, { actor: () => anonymous })
  using client = await listen(server.port, 'versions')
  assert.equal(client.status, 401)
})

test('a topic is opened with what follows its name', async () => {
  await using test = await createTestDb()
  await using server = await startLive(test.db)
  server.live.topic({
    name: 'logs',
    permission: 'logs:read',
    open: (argument, send) => {
      send('logs', argument)
      return { close: () => {} }
    },
  })
  using client = await listen(server.port, 'logs:shop/web')
  await until('it is told', () => client.messages('logs').length === 1)
  assert.equal(client.messages('logs')[0]?.data, 'shop/web')
})

test('listeners are closed when the client goes', async () => {
  await using test = await createTestDb()
  await using server = await startLive(test.db)
  const listeners = countListeners(server.live)
  const client = await listen(server.port, 'versions,counted')
  await until('it is open', () => listeners.size === 1)
  client.socket.destroy()
  await until('it is closed', () => listeners.size === 0)
})

test('a client that goes while its topic opens leaves no listener behind', async () => {
  await using test = await createTestDb()
  await using server = await startLive(test.db)
  const opening = Promise.withResolvers<void>()
  let closed = 0
  let opened = 0
  server.live.topic({
    name: 'slow',
    permission: 'services:read',
    open: async () => {
      opened += 1
      await opening.promise
      return { close: () => (closed += 1) }
    },
  })
  const client = await listen(server.port, 'slow')
  const listeners = countListeners(server.live)
  using probe = await listen(server.port, 'counted')
  await until('it opens', () => opened === 1 && listeners.size === 1)
  client.socket.destroy()
  probe.socket.destroy()
  await until('the server has seen both go', () => listeners.size === 0)
  opening.resolve()
  await until('it is closed', () => closed === 1)
})

test('a topic that cannot be had is refused by name, and the others go on', async () => {
  await using test = await createTestDb()
  await using server = await startLive(test.db)
  const listeners = countListeners(server.live)
  server.live.topic({
    name: 'broken',
    permission: 'services:read',
    open: () => {
      throw new AppError('service_not_found', { message: 'There is no service x' })
    },
  })
  using client = await listen(server.port, 'broken,counted')
  await until('it is refused', () => client.messages('refused').length === 1)
  await until('the other is open', () => listeners.size === 1)
  assert.equal(client.isClosed(), false)
})

test('a topic that fails ends the stream and closes the others', async () => {
  await using test = await createTestDb()
  await using server = await startLive(test.db)
  const listeners = countListeners(server.live)
  server.live.topic({
    name: 'broken',
    permission: 'services:read',
    open: () => {
      throw new Error('a mistake')
    },
  })
  using client = await listen(server.port, 'counted,broken')
  await until('the stream has ended', client.isClosed)
  await until('the other is closed', () => listeners.size === 0)
  assert.deepEqual(
    server.log.lines.map(({ message }) => message),
    ['live stream ended'],
  )
})

for (const last of [undefined, '0']) {
  test(`a stream that fails to open no longer follows the events (id ${last})`, async () => {
    await using test = await createTestDb()
    let following = 0
    const change = (events: Events): Events => ({
      ...events,
      latestPosition: () => Promise.reject(new AppError('database_unavailable')),
      readAfter: () => Promise.reject(new AppError('database_unavailable')),
      tail: (listener) => {
        following += 1
        const tail = events.tail(listener)
        return {
          close: () => {
            following -= 1
            tail.close()
          },
        }
      },
    })
    await using server = await startLive(test.db, { change })
    using client = await listen(server.port, 'versions', last)
    await until('the stream has ended', client.isClosed)
    assert.equal(following, 0)
  })
}

test('a client that does not read is cut at the bound, and the others are not', async () => {
  await using test = await createTestDb()
  await using server = await startLive(test.db)
  const listeners = countListeners(server.live)
  using slow = await listen(server.port, 'counted')
  slow.socket.pause()
  using quick = await listen(server.port, 'counted')
  await until('both are open', () => listeners.size === 2)
  const block = 'x'.repeat(256 * 1024)
  const before = process.memoryUsage().arrayBuffers
  await until('one is cut', () => {
    for (const send of listeners) send('counted', block)
    return listeners.size === 1
  })
  assert.ok(process.memoryUsage().arrayBuffers - before < 64 * 1024 * 1024)
  const told = quick.messages('counted').length
  for (const send of listeners) send('counted', 'after')
  await until('the other goes on', () => quick.messages('counted').length > told)
  assert.equal(quick.isClosed(), false)
})

test('the 201st stream is refused, and one that ends makes room', async () => {
  await using test = await createTestDb()
  await using server = await startLive(test.db)
  const listeners = countListeners(server.live)
  const clients = await Promise.all(range(1, 200).map(() => listen(server.port, 'counted')))
  await until('all are open', () => listeners.size === 200)
  using refused = await listen(server.port, 'counted')
  assert.notEqual(refused.status, 200)
  assert.match(refused.head, /application\/problem\+json/)
  clients[0]?.socket.destroy()
  await until('there is room', () => listeners.size === 199)
  using another = await listen(server.port, 'counted')
  assert.equal(another.status, 200)
  for (const client of clients) client.socket.destroy()
})

test('a ping comes every 15 seconds, and none after the client is gone', async () => {
  await using test = await createTestDb()
  const clock = createManualClock()
  let timers = 0
  const setTimer: Clock['setTimer'] = (callback, delayMs) => {
    timers += 1
    const timer = clock.setTimer(callback, delayMs)
    return {
      cancel: () => {
        timers -= 1
        timer.cancel()
      },
    }
  }
  await using server = await startLive(test.db, { clock: { ...clock, setTimer } })
  const listeners = countListeners(server.live)
  using client = await listen(server.port, 'counted')
  await until('it is open', () => listeners.size === 1)
  clock.advance(14_999)
  assert.equal(client.messages('ping').length, 0)
  clock.advance(1)
  await until('the first ping', () => client.messages('ping').length === 1)
  clock.advance(30_000)
  await until('two more', () => client.messages('ping').length === 3)
  const atEnd = timers
  client.socket.destroy()
  await until('the timer is gone', () => timers === atEnd - 1)
})

test('closing ends every stream', async () => {
  await using test = await createTestDb()
  await using server = await startLive(test.db)
  using client = await listen(server.port, 'versions')
  await client.greeted()
  const closed = once(client.socket, 'close')
  server.live.close()
  await closed
})

test('HEAD opens no stream that could never end', async () => {
  await using test = await createTestDb()
  await using server = await startLive(test.db)
  const answer = await fetch(`http://127.0.0.1:${server.port}/api/v1/live?topics=versions`, {
    method: 'HEAD',
  })
  assert.equal(answer.status, 404)
})
