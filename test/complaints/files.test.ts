import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { after, before, suite, test } from 'node:test'
import { createKeelson, waitFor, type Keelson } from '../harness.ts'
import { createStacks, fixture, type TestStack, type TestStacks } from './stacks.ts'

/** What people complain about most in supervisors: what a file means, and what is found in time. */

const job = (command: string): string =>
  `{ command: ["sh", "-c", "${command}"], restart: "no", x-keelson: { runtime: process } }`

suite('files', { concurrency: 8 }, () => {
  let keelson: Keelson
  let stacks: TestStacks & { dispose(): Promise<void> }

  before(async () => {
    keelson = await createKeelson()
    stacks = await createStacks(keelson)
    const first = await stacks.write('first', 'services: { idle: { <<: *server } }\n')
    await first.up()
  })
  after(async () => {
    await keelson.stop()
    await stacks.dispose()
  })

  test('up --wait takes a one-shot service that succeeds as done (docker/compose#10596)', async () => {
    const stack = await stacks.write(
      'once',
      `services:
  migrate: ${job('echo migrated')}
  seed: ${job('sleep 0.5; echo seeded')}
  web:
    <<: *server
    depends_on:
      migrate: { condition: service_completed_successfully }
      seed: { condition: service_completed_successfully }
`,
    )
    const { stdout, stderr } = await stack.up()
    assert.match(stdout + stderr, /once is up: 3 services, 2 of them done/)
    const states = (await stack.ps()).map(({ service, state }) => `${service} ${state}`)
    assert.deepEqual(states.toSorted(), ['migrate completed', 'seed completed', 'web running'])
    assert.equal((await stack.first('seed')).exitCode, 0)
    await stack.up()
    assert.deepEqual((await stack.plan()).actions, [], 'up again does not run them again')
  })

  test('up --wait of one-shot services only ends with 0 (docker/compose#9273)', async () => {
    const stack = await stacks.write('only-once', `services: { migrate: ${job('echo done')} }\n`)
    await stack.up()
    const isCompleted = async () => (await stack.first('migrate')).phase === 'completed'
    await waitFor('the job is completed', isCompleted)
  })

  test('up --wait with a one-shot service that fails ends at once and tells why (docker/compose#9273)', async () => {
    const stack = await stacks.write(
      'fails',
      `services:
  migrate: ${job('echo no such table; exit 7')}
  web: { <<: *server, depends_on: { migrate: { condition: service_completed_successfully } } }
`,
    )
    const startedMs = Date.now()
    const { code, stderr } = await stack.tryUp()
    assert.equal(code, 6, stderr)
    assert.match(stderr, /migrate .*failed.*7/)
    assert.match(stderr, /\| no such table/)
    assert.match(stderr, /keelson why fails\/migrate/)
    assert.ok(Date.now() - startedMs < 20_000, 'it does not wait for the time to be over')
    assert.equal((await stack.first('web')).startedAt, null, 'what waits for it is not started')
  })

  test('.env, env_file, $ and the shell have the precedence of the specification (docker/compose#9442, #11058, #12793)', async () => {
    const stack = await stacks.write(
      'variables',
      `services:
  show:
    command: ["node", "${fixture('variables.mjs')}"]
    env_file:
      - first.env
      - second.env
      - { path: absent.env, required: false }
      - { path: raw.env, format: raw }
    environment:
      FROM_DOTENV: "\${FROM_DOTENV}"
      SHELL_WINS: "\${SHELL_WINS}"
      DEFAULTED: "\${NOT_ANYWHERE:-by default}"
      EMPTY_COUNTS: "\${IS_EMPTY-not taken}"
      EMPTY_DEFAULTED: "\${IS_EMPTY:-taken}"
      LITERAL_DOLLAR: "$$HOME and $\${BRACES}"
      PASSED_ON:
      NOT_SET_ANYWHERE:
      OVER_ENV_FILE: environment
    x-keelson: { runtime: process }
`,
      {
        '.env': [
          'FROM_DOTENV=dotenv',
          'SHELL_WINS=dotenv',
          'IS_EMPTY=',
          "PASSWORD='pa$$word${NOT}'",
          'PASSED_ON=from dotenv',
          'ONLY_IN_DOTENV=never in a service by itself',
        ].join('\n'),
        'first.env': [
          'A=first',
          'B=first',
          "SINGLE='as $IT is'",
          'DOUBLE="with ${FROM_DOTENV} and \\n a line"',
          'COMMENTED=value # not this',
          'HASH=a#b',
          'OVER_ENV_FILE=env_file',
          'SECRET=${PASSWORD}',
        ].join('\n'),
        'second.env': 'export B=second\nSHELL_SEEN=${SHELL_WINS}\n',
        'raw.env': "RAW='$NOT_A_VARIABLE' # kept\n",
      },
    )
    await stack.up({ SHELL_WINS: 'shell' })
    const seen = await waitFor('it has written its environment', async () => {
      const { stdout } = await stack.run(['logs', '--no-prefix', 'show'])
      const [, json] = /^environment (\{.*\})$/m.exec(stdout) ?? []
      return json === undefined ? undefined : (JSON.parse(json) as Record<string, string>)
    })
    const expected = {
      ...{ FROM_DOTENV: 'dotenv', SHELL_WINS: 'shell', DEFAULTED: 'by default' },
      ...{ EMPTY_COUNTS: '', EMPTY_DEFAULTED: 'taken', PASSED_ON: 'from dotenv' },
      ...{ LITERAL_DOLLAR: '$HOME and ${BRACES}', SECRET: 'pa$$word${NOT}' },
      ...{ A: 'first', B: 'second', SINGLE: 'as $IT is', OVER_ENV_FILE: 'environment' },
      ...{ DOUBLE: 'with dotenv and \n a line', COMMENTED: 'value', HASH: 'a#b' },
      ...{ SHELL_SEEN: 'shell', RAW: "'$NOT_A_VARIABLE' # kept" },
    }
    const found = Object.fromEntries(Object.keys(expected).map((name) => [name, seen[name]]))
    assert.deepEqual(found, expected)
    for (const name of ['NOT_SET_ANYWHERE', 'ONLY_IN_DOTENV', 'IS_EMPTY', 'PASSWORD'])
      assert.equal(seen[name], undefined, `${name} is not the service's`)
  })

  suite('profiles against depends_on (docker/compose#10751, #12900)', { concurrency: 1 }, () => {
    let stack: TestStack
    // Once each: for a moment of an update there are two of one.
    const running = async (): Promise<string[]> => [
      ...new Set((await stack.ps()).map(({ service }) => service).toSorted()),
    ]

    before(async () => {
      stack = await stacks.write(
        'profiles',
        `services:
  web: { <<: *server }
  debugger: { <<: *server, profiles: [debug], depends_on: [web, tracer] }
  tracer: { <<: *server, profiles: [debug, trace] }
  optional: { <<: *server, depends_on: { tracer: { condition: service_started, required: false } } }
`,
      )
    })

    test('without a profile its services are left out, and a dependency that may be absent is no fault', async () => {
      await stack.up()
      assert.deepEqual(await running(), ['optional', 'web'])
    })
    test('a service that is named brings what it depends on of its own profile', async () => {
      await stack.run(['up', '--wait', 'debugger'])
      assert.deepEqual(await running(), ['debugger', 'optional', 'tracer', 'web'])
    })
    test('a dependency whose profile is off is refused with its place and the profile', async () => {
      const broken = await stacks.write(
        'profiles-off',
        `services:
  web: { <<: *server, depends_on: [tracer] }
  tracer: { <<: *server, profiles: [trace] }
`,
      )
      const { code, stderr } = await broken.tryUp()
      assert.equal(code, 2, stderr)
      assert.match(stderr, /compose\.yaml:\d+:\d+.*tracer/)
      assert.match(stderr, /Try: .*trace/)
      await broken.run(['--profile', 'trace', 'up', '--wait'])
      assert.deepEqual((await broken.ps()).map(({ service }) => service).toSorted(), [
        'tracer',
        'web',
      ])
    })
  })

  test('a port that is taken is found before anything starts, and by whom (docker/compose#6708, #3461)', async () => {
    const stranger = createServer().listen(0, '127.0.0.1')
    try {
      await once(stranger, 'listening')
      const address = stranger.address()
      assert.ok(typeof address === 'object' && address !== null)
      const stack = await stacks.write(
        'taken',
        `services:
  first: { <<: *server }
  second:
    <<: *server
    depends_on: [first]
    x-keelson: { <<: *asked, port: ${address.port} }
`,
      )
      const { code, stderr } = await stack.tryUp()
      assert.equal(code, 2, stderr)
      assert.match(stderr, new RegExp(`compose\\.yaml:\\d+:\\d+.*${address.port}`))
      assert.match(stderr, new RegExp(`\\b${process.pid}\\b`), 'it names the process that holds it')
      assert.match(stderr, /Try: \S/)
      const { items } = await keelson.call('listStacks', {})
      assert.ok(!items.some(({ name }) => name === 'taken'), 'nothing of the stack is there')
    } finally {
      stranger.close()
    }
  })

  test('a port of another stack, or twice in one, names who has it (docker/compose#3461)', async () => {
    const probe = createServer().listen(0, '127.0.0.1')
    await once(probe, 'listening')
    const address = probe.address()
    assert.ok(typeof address === 'object' && address !== null)
    probe.close()
    await once(probe, 'close')
    const at = `x-keelson: { <<: *asked, port: ${address.port} }`
    const holder = await stacks.write('holder', `services: { api: { <<: *server, ${at} } }\n`)
    await holder.up()
    const other = await stacks.write('other', `services: { web: { <<: *server, ${at} } }\n`)
    const { code, stderr } = await other.tryUp()
    assert.equal(code, 2, stderr)
    assert.match(stderr, new RegExp(`port ${address.port} is in use by api of the stack holder`))
    const twice = await stacks.write(
      'twice',
      `services: { one: { <<: *server, ${at} }, two: { <<: *server, ${at} } }\n`,
    )
    const refused = await twice.tryUp()
    assert.equal(refused.code, 2, refused.stderr)
    assert.match(refused.stderr, /\bone\b/)
    assert.match(refused.stderr, /\btwo\b/)
    assert.equal((await holder.service('api')).state, 'healthy')
  })
})
