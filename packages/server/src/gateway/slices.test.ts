import assert from 'node:assert/strict'
import { setImmediate as breathe } from 'node:timers/promises'
import { test } from 'node:test'
import { joinPieces, piecesOf } from './config/pieces.ts'
import { atOnce, inSlices, type Work } from './slices.ts'
import { aConfig, aPlugin, aRoute, aService, openGateway } from './testing/gateway.ts'

/** How often others had the event loop until it was done. */
const turnsDuring = async (work: Promise<unknown>): Promise<number> => {
  let done = false
  let turns = 0
  const settled = work.finally(() => (done = true))
  while (!done) {
    await breathe()
    turns += 1
  }
  await settled
  return turns
}

const count = function* (to: number): Work<number> {
  let sum = 0
  for (let number = 1; number <= to; number += 1) {
    yield
    for (let step = 0; step < 1000; step += 1) sum += Math.sqrt(step) - Math.sqrt(step)
    sum += number
  }
  return sum
}

test('work in slices gives what it gives at once, and others come in between', async () => {
  assert.equal(atOnce(count(10_000)), 50_005_000)
  let sum = 0
  const turns = await turnsDuring(inSlices(count(10_000)).then((found) => (sum = found)))
  assert.equal(sum, 50_005_000)
  assert.ok(turns > 2, `${turns} turns`)
})

test('a mistake in the midst of it reaches who waits', async () => {
  const failing = function* (): Work<void> {
    yield* count(10)
    throw new Error('no')
  }
  await assert.rejects(inSlices(failing()), /^Error: no$/)
})

test('a configuration in pieces is the same when it is joined', () => {
  const routes = Array.from({ length: 450 }, (_, at) => aRoute(`r${at}`, null))
  const config = aConfig({ routes, plugins: [aPlugin('cors', { max_age: 1 })] })
  const pieces = piecesOf(config)
  assert.equal(pieces.length, 4)
  assert.deepEqual(atOnce(joinPieces(pieces)), config)
})

test('5,000 routes with plugins, regexes and services of their own let others in meanwhile', async () => {
  const places = Array.from({ length: 5000 }, (_, at) => at)
  const config = (edition: number) =>
    aConfig({
      services: places.map((at) => aService(`s${at}`, { host: '127.0.0.1', port: 1 + at })),
      routes: places.map((at) =>
        aRoute(`r${at}`, `s${at}`, { paths: [`~/r${at}/e${edition}/(?<id>\\d+)$`] }),
      ),
      plugins: places.map((at) => ({
        ...aPlugin('request-termination', { status_code: 200, message: `${edition}` }),
        ...{ id: `p${at}`, route: `r${at}` },
      })),
    })
  await using gateway = await openGateway({ config: config(0) })
  for (const edition of [1, 2]) {
    const next = config(edition)
    const turns = await turnsDuring(gateway.apply(next))
    // In slices of 2 ms; in one piece it would be a handful.
    assert.ok(turns > 15, `${turns} turns`)
    const answer = await gateway.fetch(`/r4999/e${edition}/7`)
    assert.match(await answer.text(), new RegExp(`"${edition}"`))
  }
})
