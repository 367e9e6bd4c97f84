import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { createLiveConnection } from './live-connection.ts'

/** Stands in for EventSource: says what was opened, and speaks when told. */
class FakeSource extends EventTarget {
  readonly url: string
  readyState = 0
  constructor(url: string) {
    super()
    this.url = url
  }
  close() {
    this.readyState = 2
  }
  say(name: string, message: unknown = {}) {
    this.readyState = 1
    this.dispatchEvent(new MessageEvent(name, { data: JSON.stringify(message) }))
  }
  breakOff({ forGood }: { forGood: boolean }) {
    this.readyState = forGood ? 2 : 0
    this.dispatchEvent(new Event('error'))
  }
}

const connect = () => {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'] })
  const sources: FakeSource[] = []
  const connection = createLiveConnection({
    open: (url) => {
      const source = new FakeSource(url)
      sources.push(source)
      return source
    },
    now: () => Date.now(),
  })
  connection.start()
  return {
    connection,
    sources,
    current: (): FakeSource => {
      const source = sources.at(-1)
      assert.ok(source)
      return source
    },
    [Symbol.dispose]: () => {
      connection.stop()
      mock.timers.reset()
    },
  }
}

test('is live once the platform greets, and delivers messages by topic', () => {
  using live = connect()
  const seen: unknown[] = []
  live.connection.subscribe('services', (service) => seen.push(service))
  assert.deepEqual(live.connection.getStatus(), { kind: 'connecting' })
  live.current().say('hello')
  assert.deepEqual(live.connection.getStatus(), { kind: 'live' })
  live.current().say('services', { id: 'shop/web' })
  live.current().say('stacks', { stack: 'shop', removed: false })
  assert.deepEqual(seen, [{ id: 'shop/web' }])
})

test('a ping keeps it live; without one it is stale, and then opened anew', () => {
  using live = connect()
  live.current().say('hello')
  for (let beat = 0; beat < 4; beat += 1) {
    mock.timers.tick(15_000)
    live.current().say('ping')
    assert.equal(live.connection.getStatus().kind, 'live')
  }
  mock.timers.tick(31_000)
  assert.deepEqual(live.connection.getStatus(), { kind: 'stale', seconds: 31 })
  mock.timers.tick(20_000)
  assert.equal(live.sources.length, 2)
  assert.equal(live.connection.getStatus().kind, 'reconnecting')
})

test('a break that the browser mends keeps the stream, and so its last id', () => {
  using live = connect()
  let resets = 0
  live.connection.onReset(() => {
    resets += 1
  })
  live.current().say('hello')
  live.current().breakOff({ forGood: false })
  assert.equal(live.connection.getStatus().kind, 'reconnecting')
  live.current().say('hello')
  assert.equal(live.connection.getStatus().kind, 'live')
  assert.deepEqual([live.sources.length, resets], [1, 0])
})

test('a refused stream is opened again, later each time, and everything is read again', () => {
  using live = connect()
  let refusals = 0
  let resets = 0
  live.connection.onRefused(() => {
    refusals += 1
  })
  live.connection.onReset(() => {
    resets += 1
  })
  live.current().breakOff({ forGood: true })
  mock.timers.tick(1000)
  assert.equal(live.sources.length, 2)
  live.current().breakOff({ forGood: true })
  mock.timers.tick(1000)
  assert.equal(live.sources.length, 2)
  mock.timers.tick(1000)
  assert.equal(live.sources.length, 3)
  live.current().say('hello')
  assert.deepEqual([refusals, resets], [2, 1])
})

test('the platform can ask for everything to be read again', () => {
  using live = connect()
  let resets = 0
  live.connection.onReset(() => {
    resets += 1
  })
  live.current().say('hello')
  live.current().say('reset', { reason: 'too old' })
  assert.equal(resets, 1)
})

test('a log topic joins the one stream while somebody listens', () => {
  using live = connect()
  const first = live.connection.subscribe('logs:shop/web', () => {})
  const second = live.connection.subscribe('logs:shop/web', () => {})
  mock.timers.tick(1)
  assert.equal(live.sources.length, 2)
  assert.match(decodeURIComponent(live.current().url), /,logs:shop\/web$/)
  assert.equal(live.sources[0]?.readyState, 2)
  first()
  mock.timers.tick(1)
  assert.equal(live.sources.length, 2)
  second()
  mock.timers.tick(1)
  assert.equal(live.sources.length, 3)
  assert.doesNotMatch(decodeURIComponent(live.current().url), /logs:/)
})
