import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock } from '../../packages/server/src/kernel/clock.ts'
import { startRedis, withoutRedis } from '../../packages/server/src/gateway/redis/testing.ts'
import {
  openGateway,
  startOrigin,
  until,
} from '../../packages/server/src/gateway/testing/gateway.ts'
import { configOf } from './kong-file.ts'

/** The wall may jump; what is monotonic goes on. */
const jumpyClock = (): Clock & { jump(ms: number): void } => {
  let offsetMs = 0
  const base = Date.parse('2026-06-15T12:00:30Z') - Date.now()
  return {
    now: () => new Date(Date.now() + base + offsetMs),
    monotonicMs: () => performance.now(),
    setTimer: (callback, delayMs) => {
      const timer = setTimeout(callback, delayMs)
      return { cancel: () => clearTimeout(timer) }
    },
    jump: (ms) => void (offsetMs += ms),
  }
}

const hourMs = 3_600_000

test(
  'Redis away: requests pass and are counted here, or get 500, as the file says; then it is back',
  { skip: withoutRedis },
  async () => {
    const redis = await startRedis()
    try {
      await using origin = await startOrigin((_request, response) => response.end('ok'))
      const limited = (fault_tolerant: boolean) =>
        openGateway({
          config: configOf(origin.port, {
            plugins: [
              {
                name: 'rate-limiting',
                config: {
                  hour: 5,
                  policy: 'redis',
                  fault_tolerant,
                  redis: { host: '127.0.0.1', port: redis.port, timeout: 200 },
                },
              },
            ],
          }),
        })
      await using tolerant = await limited(true)
      await using strict = await limited(false)
      assert.equal((await tolerant.fetch('/')).status, 200)
      assert.equal((await strict.fetch('/')).status, 200)
      await redis.stop()
      const statuses: number[] = []
      for (let count = 0; count < 12; count += 1) statuses.push((await tolerant.fetch('/')).status)
      assert.equal(statuses[0], 200)
      assert.deepEqual(
        statuses.filter((status) => status !== 200 && status !== 429),
        [],
      )
      assert.equal((await strict.fetch('/')).status, 500)
      await redis.start()
      let last = 0
      for (let tries = 0; tries < 200 && last !== 200 && last !== 429; tries += 1) {
        last = (await strict.fetch('/')).status
        await new Promise((resolve) => setTimeout(resolve, 25))
      }
      assert.notEqual(last, 500)
    } finally {
      await redis.remove()
    }
  },
)

for (const [why, jumpMs] of [
  ['an hour ahead', hourMs],
  ['an hour back', -hourMs],
  ['a year back', -365 * 24 * hourMs],
] as const) {
  test(`the wall clock jumps ${why}: limits hold in the window that it says, and open with the next`, async () => {
    await using origin = await startOrigin((_request, response) => response.end('ok'))
    const plugins = [{ name: 'rate-limiting', config: { minute: 2 } }]
    const clock = jumpyClock()
    await using gateway = await openGateway({ config: configOf(origin.port, { plugins }), clock })
    const ask = async () => (await gateway.fetch('/')).status
    assert.deepEqual([await ask(), await ask(), await ask()], [200, 200, 429])
    clock.jump(jumpMs)
    assert.deepEqual([await ask(), await ask(), await ask()], [200, 200, 429])
    clock.jump(60_000)
    assert.equal(await ask(), 200)
  })

  test(`the wall clock jumps ${why}: what is cached is neither endless nor served past its time`, async () => {
    let made = 0
    await using origin = await startOrigin((_request, response) => {
      made += 1
      response.setHeader('cache-control', 'max-age=60')
      response.end(String(made))
    })
    const plugins = [{ name: 'http-cache', config: {} }]
    const clock = jumpyClock()
    await using gateway = await openGateway({ config: configOf(origin.port, { plugins }), clock })
    const ask = async () => (await gateway.fetch('/')).text()
    assert.equal(await ask(), '1')
    await until(() => made === 1, 'one answer')
    assert.equal(await ask(), '1')
    clock.jump(jumpMs)
    const after = await ask()
    // Ahead it is over. Back it may be made anew or be as fresh as it was: never older than its minute.
    if (jumpMs > 0) assert.equal(after, '2')
    const age = Number((await gateway.fetch('/')).headers.get('age') ?? '0')
    assert.ok(age >= 0 && age <= 60, String(age))
  })

  test(`the wall clock jumps ${why}: deadlines and requests under way do not notice`, async () => {
    const clock = jumpyClock()
    await using origin = await startOrigin((_request, response) => {
      clock.jump(jumpMs)
      setTimeout(() => response.end('ok'), 150)
    })
    await using gateway = await openGateway({ config: configOf(origin.port), clock })
    assert.deepEqual(
      await Promise.all([gateway.fetch('/'), gateway.fetch('/')]).then((all) =>
        all.map(({ status }) => status),
      ),
      [200, 200],
    )
  })
}
