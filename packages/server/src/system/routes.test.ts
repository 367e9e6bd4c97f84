import assert from 'node:assert/strict'
import { test } from 'node:test'
import { localActor } from '../kernel/actor.ts'
import { AppError } from '../kernel/errors.ts'
import type { AuditEntry } from '../kernel/audit/index.ts'
import { systemClock } from '../kernel/clock.ts'
import { createHttp } from '../kernel/http.ts'
import { createMemoryLog, quietLog } from '../kernel/testing/index.ts'
import { systemRoutes } from './routes.ts'

type Deps = Parameters<typeof systemRoutes>[0]

/** Only what these routes look at; the whole of it is walked in platform.test.ts. */
const startRoutes = async (more: Partial<Deps>) => {
  const http = await createHttp({
    clock: systemClock,
    onDenied: async () => undefined,
    log: quietLog,
    newId: () => 'r-1',
    hostNames: ['localhost'],
    authenticate: async () => localActor,
  })
  systemRoutes({ http, version: '1.2.3', readiness: () => new Map(), ...more } as Deps)
  const ask = (method: 'GET' | 'POST', url: string) =>
    http.app.inject({ method, url, headers: { host: 'localhost' } })
  return { http, ask, [Symbol.asyncDispose]: () => http.close() }
}

test('it is not ready before every module is started, and names those that are not', async () => {
  let readiness = new Map([['start', false]])
  await using routes = await startRoutes({ readiness: () => readiness })
  const answers: [number, string][] = []
  const stages: [string, boolean][][] = [
    [['start', false]],
    [
      ['db', true],
      ['events', false],
      ['system', false],
    ],
    [
      ['db', true],
      ['events', true],
      ['system', true],
    ],
  ]
  for (const stage of stages) {
    readiness = new Map(stage)
    const { statusCode, body } = await routes.ask('GET', '/readyz')
    answers.push([statusCode, body])
  }
  assert.deepEqual(answers, [
    [503, 'start\n'],
    [503, 'events\nsystem\n'],
    [200, 'ready\n'],
  ])
})

test('it lives before it is ready', async () => {
  await using routes = await startRoutes({ readiness: () => new Map([['start', false]]) })
  assert.equal((await routes.ask('GET', '/healthz')).statusCode, 200)
})

test('it describes itself in OpenAPI, with its version', async () => {
  await using routes = await startRoutes({})
  const answer = await routes.ask('GET', '/api/v1/openapi.json')
  const document = answer.json<{ openapi: string; info: { version: string } }>()
  assert.equal(document.openapi, '3.1.0')
  assert.equal(document.info.version, '1.2.3')
})

const stops: [string, boolean][] = [
  ['', false],
  ['?keepStacks=false', false],
  ['?keepStacks=true', true],
]
for (const [query, keepStacks] of stops) {
  test(`stop${query} is answered first, and then done`, async () => {
    const stopped: boolean[] = []
    const told: AuditEntry[] = []
    await using routes = await startRoutes({
      audit: { write: async (_actor, entry) => void told.push(entry) },
      stop: (given) => void stopped.push(given.keepStacks),
    })
    const answer = await routes.ask('POST', `/api/v1/system/stop${query}`)
    assert.equal(answer.statusCode, 204)
    assert.deepEqual(stopped, [keepStacks])
    assert.deepEqual(
      told.map(({ action, after }) => [action, after]),
      [['system.stopped', { keepStacks }]],
    )
  })
}

test('it stops without its row in the audit when the database is away, and says so', async () => {
  const stopped: boolean[] = []
  const log = createMemoryLog()
  await using routes = await startRoutes({
    ...{ log, stop: (given) => void stopped.push(given.keepStacks) },
    audit: { write: () => Promise.reject(new AppError('database_unavailable')) },
  })
  assert.equal((await routes.ask('POST', '/api/v1/system/stop')).statusCode, 204)
  assert.deepEqual(stopped, [false])
  assert.match(log.lines[0]?.message ?? '', /not in the audit/)
})
