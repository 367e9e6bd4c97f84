import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Instance } from '@keelson/contract'
import { startLoad } from '../../bench/stack/load.ts'
import { waitFor } from '../harness.ts'
import { lifeOf, type TestStack } from './stacks.ts'
import { engine, image, noEngine, useStacks } from './suite.ts'

/** What people complain about most in supervisors: updates, and what is replaced for nothing. */

suite('updates', { concurrency: 8 }, () => {
  const { keelson, stacks } = useStacks()

  const perSecond = 200
  const rolling = `deploy:
      replicas: 2
      update_config: { parallelism: 1, order: start-first, monitor: 500ms, failure_action: rollback }`
  const timing = 'interval: 200ms, timeout: 2s, retries: 3, start_period: 3s'
  const webs = [
    {
      runtime: 'process',
      skip: false,
      web: (version: string) => `
    <<: *server
    environment: { VERSION: "${version}"${version === 'sick' ? ', SICK: "1"' : ''} }
    x-keelson: { <<: *asked, route: /under-load-process, probe: { http: /health, ${timing} } }
    ${rolling}`,
    },
    {
      runtime: 'container',
      skip: noEngine,
      web: (version: string) => `
    image: ${image}
    command: ["sh", "-c", "mkdir -p /www; echo $$VERSION > /www/${version === 'sick' ? 'none' : 'index.html'}; exec httpd -f -p 8080 -h /www"]
    init: true
    expose: ["8080"]
    environment: { VERSION: "${version}" }
    x-keelson:
      port: 8080
      route: { path: /under-load-container, strip_path: true }
      probe: { http: /index.html, ${timing} }
    ${rolling}`,
    },
  ]
  for (const { runtime, skip, web } of webs) {
    test(
      `an update of a ${runtime} service under load fails no request, nor does one that is rolled back (docker/compose#1786)`,
      { skip },
      async () => {
        const name = `under-load-${runtime}`
        const at = (version: string) => `services:\n  web:${web(version)}\n`
        const stack = await stacks().write(name, at('one'))
        const address = `${keelson().gateway}/${name}/`
        const version = async () => (await (await fetch(address)).text()).trim()
        await stack.up()
        assert.equal(await version(), 'one')
        const stop = startLoad(address, perSecond)
        try {
          await stack.change(at('two'))
          await stack.up()
          assert.equal(await version(), 'two')
          const serving = await waitFor('the old ones have left', async () => {
            const lives = [...(await livesOf(stack, 'web')).values()]
            return lives.length === 2 && lives
          })

          await stack.change(at('sick'))
          const { code, stderr } = await stack.tryUp()
          assert.equal(code, 6, stderr)
          assert.match(
            stderr,
            /update of .*web.* was rolled back: .*(the queue is stuck|answered 404)/,
          )
          assert.equal(await version(), 'two')
          const left = [...(await livesOf(stack, 'web')).values()]
          for (const life of serving) assert.ok(left.includes(life), `${life} was to go on serving`)
        } finally {
          const { requests, failures } = await stop()
          assert.deepEqual([...failures], [], `of ${requests} requests`)
          assert.ok(requests > 5 * perSecond, `${requests} requests`)
        }
      },
    )
  }

  const livesOf = async (stack: TestStack, service: string): Promise<Map<string, string>> => {
    const { instances } = await stack.service(service)
    const running = instances.filter(({ phase }: Instance) => phase === 'running')
    return new Map(running.map((one) => [one.name, lifeOf(one)]))
  }

  /** Applies it, and holds that none of those that ran is another one now. */
  const keeps = async (stack: TestStack, service: string): Promise<void> => {
    const before = await livesOf(stack, service)
    await stack.up()
    const now = await livesOf(stack, service)
    for (const [name, life] of before) assert.equal(now.get(name), life, `${name} was replaced`)
  }

  /** The plan replaces the service, and names the cause. */
  const names = async (stack: TestStack, service: string, cause: RegExp): Promise<void> => {
    const { actions } = await stack.plan()
    const replaced = actions.filter(({ kind }) => kind === 'replace_instance')
    assert.deepEqual(
      replaced.map(({ service }) => service),
      [service],
    )
    assert.match(JSON.stringify([replaced[0]?.cause, replaced[0]?.changes]), cause)
  }

  /** Applies it, and holds that all that ran are others now. */
  const replaces = async (stack: TestStack, service: string): Promise<void> => {
    const before = await livesOf(stack, service)
    await stack.up()
    const now = [...(await livesOf(stack, service)).values()]
    assert.ok(now.length > 0)
    assert.deepEqual(
      now.filter((life) => [...before.values()].includes(life)),
      [],
    )
  }

  test('a process is replaced for a reason and never without one (docker/compose#9600, #9897)', async () => {
    const stack = await stacks().write(
      'reasons-process',
      `services:
  app:
    <<: *server
    env_file: app.env
    configs: [settings]
    environment: { A: "1", B: "two words" }
    deploy: { update_config: { monitor: 500ms } }
    depends_on: [base]
  base: { <<: *server }
configs: { settings: { file: ./settings.conf } }
`,
      { 'app.env': 'FROM_FILE=1\n', 'settings.conf': 'a=1\n' },
    )
    await stack.up()

    await stack.change(`
# Other order, other spelling, the same meaning.
configs:
  settings:
    file: settings.conf
services:
  base: { <<: *server, labels: [] }
  app:
    depends_on: { base: { condition: service_started } }
    environment:
      - B=two words
      - 'A=1'   # a comment
    deploy: { update_config: { monitor: 0.5s }, replicas: 1 }
    configs:
      - source: settings
    env_file: [{ path: ./app.env }]
    <<: *server
`)
    assert.deepEqual((await stack.plan()).actions, [])
    await keeps(stack, 'app')

    const changed = `services:
  app:
    <<: *server
    env_file: app.env
    configs: [settings]
    environment: { A: "1", B: "two words" }
    depends_on: { base: { condition: service_healthy } }
    deploy: { replicas: 2, update_config: { monitor: 500ms } }
    stop_grace_period: 7s
    x-keelson: { <<: *asked, probe: { http: /health, interval: 300ms, timeout: 1s, retries: 5 } }
  base: { <<: *server }
configs: { settings: { file: ./settings.conf } }
`
    await stack.change(changed)
    const { actions } = await stack.plan()
    assert.deepEqual(
      new Set(actions.map(({ kind }) => kind)),
      new Set(['start_instance', 'update_instance']),
      JSON.stringify(actions),
    )
    await keeps(stack, 'app')

    await stack.change(changed.replace('replicas: 2', 'replicas: 1'))
    await stack.up()
    await stack.write('app.env', 'FROM_FILE=2\n')
    await names(stack, 'app', /environment\.FROM_FILE/)
    await stack.write('app.env', 'FROM_FILE=1\n')
    await stack.write('settings.conf', 'a=2\n')
    await names(stack, 'app', /settings\.conf/)
    await replaces(stack, 'app')
  })

  test(
    'a container is replaced for a reason and never without one (docker/compose#9600, #10307)',
    { skip: noEngine },
    async () => {
      const own = 'keelson/reasons:local'
      await engine().makeImage(own)
      const healthcheck = (interval: string) =>
        `healthcheck: { test: ["CMD", "true"], interval: ${interval}, retries: 2 }`
      const at = (more: string) => `services:
  box:
    image: ${own}
    command: ["tail", "-f", "/dev/null"]
    init: true
    env_file: box.env
    environment: { A: "1", B: "2" }
    volumes: ["./box.conf:/etc/box.conf:ro"]
    ${more}
`
      const stack = await stacks().write('reasons-container', at(healthcheck('300ms')), {
        'box.env': 'FROM_FILE=1\n',
        'box.conf': 'a=1\n',
      })
      await stack.up()

      await stack.change(`
# Other order, other spelling, the same meaning.
services:
  box:
    healthcheck:
      retries: 2
      interval: 0.3s
      test: [CMD, 'true']
    volumes:
      - type: bind
        target: /etc/box.conf
        source: ./box.conf
        read_only: true
        bind: { create_host_path: true }
    environment: [B=2, A=1]
    env_file: [./box.env]
    init: true
    command: tail -f /dev/null
    image: ${own}
`)
      assert.deepEqual((await stack.plan()).actions, [])
      await keeps(stack, 'box')

      await stack.change(at(`${healthcheck('400ms')}\n    deploy: { replicas: 2 }`))
      const { actions } = await stack.plan()
      assert.deepEqual(
        new Set(actions.map(({ kind }) => kind)),
        new Set(['start_instance', 'update_instance']),
        JSON.stringify(actions),
      )
      await keeps(stack, 'box')

      await stack.change(at(healthcheck('400ms')))
      await stack.up()
      await stack.write('box.conf', 'a=2\n')
      await names(stack, 'box', /box\.conf/)
      await stack.write('box.conf', 'a=1\n')
      await stack.write('box.env', 'FROM_FILE=2\n')
      await names(stack, 'box', /environment\.FROM_FILE/)
      await stack.write('box.env', 'FROM_FILE=1\n')
      await engine().makeImage(own) // the same name, made again: another image
      await names(stack, 'box', /image/)
      await replaces(stack, 'box')
    },
  )
})
