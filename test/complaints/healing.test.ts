import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { suite, test } from 'node:test'
import { findProgram, waitFor } from '../harness.ts'
import { lifeOf, type TestStack } from './stacks.ts'
import { engine, image, noEngine, useStacks } from './suite.ts'

/** What people complain about most in supervisors: health, and what follows from it. */

const tail = await findProgram('tail')

type Start = { instance: string; startedMs: number }

/** Kills whatever is the instance, as the kernel would. */
const kill = async (stack: TestStack, service: string): Promise<void> => {
  const { pid, containerId } = await stack.first(service)
  if (containerId !== null) {
    return engine().docker.getContainer(containerId).kill({ signal: 'SIGKILL' })
  }
  assert.ok(pid)
  process.kill(pid, 'SIGKILL')
}

const becomes = (stack: TestStack, service: string, state: string) =>
  waitFor(`${service} is ${state}`, async () => {
    const now = await stack.service(service)
    return now.state === state ? now : undefined
  })

suite('health', { concurrency: 8 }, () => {
  const { keelson, stacks } = useStacks()

  /** It fails its check without ending, and is another one that is well a moment later. */
  const isRestarted = async (
    stack: TestStack,
    service: string,
    makeSick: () => Promise<unknown>,
  ) => {
    const old = await stack.first(service)
    await makeSick()
    await waitFor('another one is healthy', async () => {
      const now = await stack.service(service)
      const [instance] = now.instances
      return now.state === 'healthy' && instance?.restarts === 1 && lifeOf(instance) !== lifeOf(old)
    })
    const { events } = await stack.why(service)
    return events.map(({ text }) => text).join('\n')
  }

  test('an unhealthy process is restarted (docker/compose#6669)', async () => {
    const stack = await stacks().write('sick-process', 'services: { worker: { <<: *server } }\n')
    await stack.up()
    const { pid } = await stack.first('worker')
    assert.ok(pid)
    const told = await isRestarted(stack, 'worker', () =>
      Promise.resolve(process.kill(pid, 'SIGUSR2')),
    )
    assert.match(told, /the queue is stuck/)
    assert.throws(() => process.kill(pid, 0), 'the sick process is gone')
  })

  test(
    'an unhealthy container is restarted (docker/compose#6669)',
    { skip: noEngine },
    async () => {
      const stack = await stacks().write(
        'sick-container',
        `services:
  worker:
    image: ${image}
    command: ["sh", "-c", "touch /tmp/ready; exec tail -f /dev/null"]
    init: true
    healthcheck:
      test: ["CMD-SHELL", "test -f /tmp/ready || { echo the queue is stuck; exit 1; }"]
      interval: 300ms
      retries: 2
`,
      )
      await stack.up()
      const told = await isRestarted(stack, 'worker', () =>
        stack.run(['exec', '-T', 'worker', 'rm', '/tmp/ready']),
      )
      assert.match(told, /the queue is stuck/)
    },
  )

  test('a restart respects order and health (docker/compose#6129, #13780)', async () => {
    const stack = await stacks().write(
      'order',
      `services:
  database:
    <<: *server
    deploy: { replicas: 2 }
    environment: &slow { SLOW_MS: "700", STARTS_FILE: "\${PWD}/starts" }
  api:
    <<: *server
    environment: *slow
    depends_on: { database: { condition: service_healthy, restart: true } }
  page:
    <<: *server
    environment: *slow
    depends_on: { api: { condition: service_healthy, restart: true } }
  report:
    <<: *server
    environment: *slow
    depends_on: { database: { condition: service_healthy } }
`,
    )
    const starts = async (): Promise<Start[]> =>
      (await readFile(path.join(stack.folder, 'starts'), 'utf8'))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Start)
    await stack.up({ PWD: stack.folder })
    const before = await starts()
    assert.equal(before.length, 5)

    await stack.run(['restart', 'database'])
    const all = await waitFor('those that ask for it have followed', async () => {
      const now = await starts()
      return now.length >= before.length + 4 && now
    })
    await becomes(stack, 'page', 'healthy')
    const after = all.slice(before.length)
    assert.deepEqual(
      after.map(({ instance }) => /^order-(\w+)-\d$/.exec(instance)?.[1]),
      ['database', 'database', 'api', 'page'],
    )
    // Each has waited for the one before it to be healthy, which takes 700 ms.
    for (const [index, { startedMs, instance }] of after.entries()) {
      const waitedMs = startedMs - (after[index - 1]?.startedMs ?? 0)
      assert.ok(waitedMs >= 700, `${instance} started ${waitedMs} ms after the one before it`)
    }
    assert.equal((await stack.first('report')).restarts, 0)
    assert.deepEqual((await starts()).length, before.length + 4, 'and nobody else')
  })

  test('a dependency that dies later shows on its dependents (docker/compose#11582)', async () => {
    const cache =
      noEngine === false
        ? `image: ${image}
    command: ["tail", "-f", "/dev/null"]
    init: true
    healthcheck: { test: ["CMD", "true"], interval: 300ms }`
        : '<<: *server'
    const stack = await stacks().write(
      'later',
      `services:
  cache:
    ${cache}
    restart: "no"
  api: { <<: *server, depends_on: { cache: { condition: service_healthy } } }
  page: { <<: *server, depends_on: { api: { condition: service_healthy } } }
`,
    )
    await stack.up()
    const before = [await stack.first('api'), await stack.first('page')].map(lifeOf)
    await kill(stack, 'cache')
    for (const name of ['api', 'page']) {
      const { reason, cause } = await becomes(stack, name, 'degraded')
      assert.match(reason, /affected: cache is unhealthy/)
      assert.equal(cause?.service, 'later/cache')
    }
    const story = (await stack.run(['why', 'page'])).stdout
    assert.match(story, /depends on cache, which is unhealthy \(.+\)/)
    assert.match(story, /later\/api[\s\S]*later\/cache/)

    await stack.run(['start', 'cache'])
    await becomes(stack, 'page', 'healthy')
    const now = [await stack.first('api'), await stack.first('page')]
    assert.deepEqual(now.map(lifeOf), before, 'they were not restarted: no file asks for it')
    assert.deepEqual(
      now.map(({ restarts }) => restarts),
      [0, 0],
    )
  })

  const uncheckable = [
    {
      name: 'container',
      skip: noEngine,
      keys: `image: ${image}
    command: ["tail", "-f", "/dev/null"]
    init: true
    expose: ["8080"]
    healthcheck: { test: "curl -f http://localhost:8080/", interval: 300ms, retries: 2 }
    x-keelson: { route: /no-curl-container }`,
    },
    {
      name: 'process',
      skip: false,
      keys: `command: ["${tail}", "-f", "/dev/null"]
    environment: { PATH: "\${EMPTY}" }
    healthcheck: { test: "curl -f http://localhost:8080/", interval: 300ms, retries: 2 }
    x-keelson: { runtime: process, port: auto, route: /no-curl-process }`,
    },
  ]
  for (const { name, skip, keys } of uncheckable) {
    test(`a failing check of a ${name} tells why (coolify#10329)`, { skip }, async () => {
      const stack = await stacks().write(`no-curl-${name}`, `services:\n  site:\n    ${keys}\n`)
      const { code, stderr } = await stack.cli(['up', '--wait', '--wait-timeout', '4'], {
        EMPTY: stack.folder,
      })
      assert.equal(code, 6, stderr)
      const says = /curl: not found/
      assert.match(stderr, says)
      assert.match(stderr, new RegExp(`keelson why no-curl-${name}/site`))
      await waitFor('status tells', async () => says.test((await stack.cli(['status'])).stdout))
      assert.match((await stack.run(['why', 'site'])).stdout, says)

      const answer = await waitFor('the gateway knows the route', async () => {
        const response = await fetch(`${keelson().gateway}/no-curl-${name}`)
        return response.status === 503 && response.text()
      })
      assert.match(answer, /keelson why/)
      assert.match(answer, new RegExp(`no-curl-${name}/site`))
    })
  }
})
