/**
 * Processor time, in nanoseconds, that finding a route takes, by size and kind of table: `node bench/gateway/router.ts`.
 * find-my-way, which knows paths and parameters only, is the yardstick where a table is of that
 * kind. The best of five rounds is shown.
 */
import { createRequire } from 'node:module'

import { HeaderList } from '../../packages/server/src/gateway/proxy/header-list.ts'
import {
  buildRouter,
  createRouter,
  normalizePath,
} from '../../packages/server/src/gateway/proxy/router/index.ts'
import type {
  RouteAsk,
  RouteEntry,
} from '../../packages/server/src/gateway/proxy/router/route-match.ts'
import {
  entryOf,
  type RouteFixture,
} from '../../packages/server/src/gateway/proxy/router/testing/routes.ts'
import { inSlices } from '../../packages/server/src/gateway/slices.ts'

const rounds = 5
const findsPerRound = 100_000

type Table = {
  name: string
  entry: (place: number) => RouteFixture
  ask: (place: number) => Partial<RouteAsk>
  yardstick?: (place: number) => string
}

const path = (place: number): string => `/api/v1/resource-${place}`

const tables: Table[] = [
  {
    name: 'prefix paths',
    entry: (place) => ({ paths: [path(place)] }),
    ask: (place) => ({ path: `${path(place)}/items/42` }),
    yardstick: (place) => `${path(place)}/*`,
  },
  {
    name: 'hosts with a path',
    entry: (place) => ({ hosts: [`h${place}.shop.test`], paths: ['/api'] }),
    ask: (place) => ({ host: `h${place}.shop.test`, path: '/api/items/42' }),
  },
  {
    name: 'wildcard hosts',
    entry: (place) => ({ hosts: [`*.h${place}.shop.test`] }),
    ask: (place) => ({ host: `www.h${place}.shop.test:8080`, path: '/api/items/42' }),
  },
  {
    name: 'regex paths',
    entry: (place) => ({ paths: [`~${path(place)}/items/(?<id>\\d+)$`] }),
    ask: (place) => ({ path: `${path(place)}/items/42` }),
    yardstick: (place) => `${path(place)}/items/:id`,
  },
  {
    name: 'values of a header',
    entry: (place) => ({ paths: ['/'], headers: { 'x-tenant': [`tenant-${place}`] } }),
    ask: (place) => ({ headers: new HeaderList(['Accept', '*/*', 'X-Tenant', `tenant-${place}`]) }),
  },
]

const entriesOf = (table: Table, size: number): RouteEntry<number>[] =>
  Array.from({ length: size }, (_, place) => entryOf(table.entry(place), place))

const asksOf = (table: Table, size: number): RouteAsk[] =>
  Array.from({ length: 1000 }, (_, index) => ({
    method: 'GET',
    scheme: 'http',
    host: 'shop.test:8080',
    path: '/api/items/42',
    headers: new HeaderList(['Accept', '*/*', 'User-Agent', 'wrk']),
    sni: null,
    ...table.ask((index * 7919) % size),
  }))

/** Processor time of this process: others on the machine do not count. */
const cpuMs = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** Best of the rounds, of `work` done for each of the inputs in turn; nanoseconds for one. */
const measure = <T>(inputs: readonly T[], work: (input: T) => unknown): number => {
  let best = Infinity
  for (let round = 0; round <= rounds; round += 1) {
    let missed = 0
    const start = cpuMs()
    for (let index = 0; index < findsPerRound; index += 1) {
      const input = inputs[index % inputs.length]
      if (input === undefined || (work(input) ?? null) === null) missed += 1
    }
    if (missed > 0) throw new Error(`${missed} requests found no route`)
    if (round > 0) best = Math.min(best, cpuMs() - start) // the first one warms up
  }
  return (best * 1e6) / findsPerRound
}

type Yardstick = {
  on(method: string, path: string, handler: () => void): void
  find(method: string, path: string): unknown
}

const createYardstick = (): Yardstick | null => {
  try {
    const create = createRequire(import.meta.url)('find-my-way') as () => Yardstick
    return create()
  } catch {
    return null // not installed
  }
}

const measureYardstick = (table: Table, size: number, asks: readonly RouteAsk[]): string => {
  const yardstick = table.yardstick === undefined ? null : createYardstick()
  if (yardstick === null || table.yardstick === undefined) return '–'
  for (let place = 0; place < size; place += 1)
    yardstick.on('GET', table.yardstick(place), () => {})
  return measure(asks, ({ path }) => yardstick.find('GET', path)).toFixed(0)
}

/** Longest time for which a build in slices kept everybody else waiting. */
const longestWait = async (entries: readonly RouteEntry<number>[]): Promise<number> => {
  let longest = 0
  let last = cpuMs()
  let building = true
  const watch = (): void => {
    longest = Math.max(longest, cpuMs() - last)
    last = cpuMs()
    if (building) setImmediate(watch)
  }
  setImmediate(watch)
  await inSlices(buildRouter(entries))
  building = false
  return longest
}

console.log(
  'table | routes | build ms | longest wait ms | find ns | with normalizePath | find-my-way',
)
console.log('---|---|---|---|---|---|---')
for (const table of tables) {
  for (const size of [10, 1000, 10_000]) {
    const entries = entriesOf(table, size)
    const start = cpuMs()
    const router = createRouter(entries)
    const built = cpuMs() - start
    const wait = await longestWait(entries)
    const asks = asksOf(table, size)
    const find = measure(asks, (ask) => router.find(ask))
    const whole = measure(asks, (ask) => router.find({ ...ask, path: normalizePath(ask.path) }))
    console.log(
      [table.name, size, built.toFixed(1), wait.toFixed(1), find.toFixed(0), whole.toFixed(0)].join(
        ' | ',
      ),
      '|',
      measureYardstick(table, size, asks),
    )
  }
}
