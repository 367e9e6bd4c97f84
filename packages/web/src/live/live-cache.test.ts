import type { Overview, ServiceSummary } from '@keelson/contract'
import { QueryClient } from '@tanstack/react-query'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keys } from '../api/queries.ts'
import { overviewOf, services, stacks, timeline } from '../test-fixture/fixture-data.ts'
import { feedCache } from './live-cache.ts'
import type { LiveConnection, Topic } from './live-connection.ts'

/** A connection that says what a test tells it to say. */
const feed = () => {
  const cache = new QueryClient()
  const handlers = new Map<Topic, (message: never) => void>()
  const stop = feedCache(
    {
      subscribe: (topic: Topic, handler: (message: never) => void) => {
        handlers.set(topic, handler)
        return () => handlers.delete(topic)
      },
      onReset: () => () => {},
    } as unknown as LiveConnection,
    cache,
  )
  cache.setQueryData(keys.services, services)
  cache.setQueryData(keys.overview, overviewOf(services, stacks))
  return {
    cache,
    say: (topic: Topic, message: unknown) => handlers.get(topic)?.(message as never),
    services: () => cache.getQueryData<ServiceSummary[]>(keys.services) ?? [],
    overview: () => cache.getQueryData<Overview>(keys.overview),
    [Symbol.dispose]: () => {
      stop()
      cache.clear()
    },
  }
}

test('a changed service takes its own place, and the others stay the same objects', () => {
  using live = feed()
  const [first, second] = live.services()
  assert.ok(first !== undefined && second !== undefined)
  live.say('services', { ...first, state: 'healthy' })
  assert.equal(live.services()[0]?.state, 'healthy')
  assert.equal(live.services()[1], second)
  assert.equal(live.services().length, services.length)
})

test('a new service is added', () => {
  using live = feed()
  live.say('services', { ...services[0], id: 'shop/new', name: 'new' })
  assert.equal(live.services().at(-1)?.id, 'shop/new')
})

test('an event stands first among the recent ones, and a replayed one only once', () => {
  using live = feed()
  const event = { ...timeline[0], position: '50', text: 'web is healthy' }
  live.say('timeline', event)
  live.say('timeline', event)
  assert.equal(live.overview()?.recent[0]?.text, 'web is healthy')
  assert.equal(live.overview()?.recent.length, timeline.length + 1)
})

test('a removed stack takes its services along', () => {
  using live = feed()
  live.say('stacks', { stack: 'shop', removed: true })
  assert.deepEqual([...new Set(live.services().map(({ stack }) => stack))], ['keelson'])
  assert.deepEqual(
    live.overview()?.stacks.map(({ name }) => name),
    ['keelson'],
  )
})
