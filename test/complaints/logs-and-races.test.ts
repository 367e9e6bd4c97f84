import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { suite, test } from 'node:test'
import { createRandom } from '../chaos/random.ts'
import { waitFor } from '../harness.ts'
import { fixture, type TestStack } from './stacks.ts'
import { image, noEngine, useStacks } from './suite.ts'

/** What people complain about most in supervisors: logs that are lost, and races. */

suite('logs and races', { concurrency: 8 }, () => {
  const { keelson, stacks } = useStacks()

  /** `logs -f`, as a terminal would have it running beside everything else. */
  const follow = (stack: TestStack, service: string) => {
    const args = ['logs', '-f', '--tail', 'all', '--no-prefix', service]
    const { launcher, env } = keelson()
    const child = spawn(launcher, args, {
      cwd: stack.folder,
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk))
    return {
      /** Of each life of an instance: the numbers of its lines in the order they came, its last. */
      lives: () => {
        const lives = new Map<string, { lines: number[]; last: number | undefined }>()
        for (const [, what, who = '', number] of output.matchAll(/^(line|last) (\S+) (\d+)$/gm)) {
          const life = lives.get(who) ?? { lines: [], last: undefined }
          lives.set(who, life)
          if (what === 'last') life.last = Number(number)
          else life.lines.push(Number(number))
        }
        return lives
      },
      stop: async (): Promise<void> => {
        const ended = once(child, 'exit')
        child.kill('SIGINT')
        await ended
      },
    }
  }

  const writers = [
    {
      runtime: 'processes',
      skip: false,
      writer: `
    command: ["node", "${fixture('lines.mjs')}"]
    x-keelson: { runtime: process }`,
    },
    {
      runtime: 'containers',
      skip: noEngine,
      writer: `
    image: ${image}
    command:
      - sh
      - -c
      - |
        who=$$(cat /proc/sys/kernel/random/uuid); n=0
        trap 'echo last $$who $$n; exit 0' TERM
        while :; do n=$$((n+1)); echo line $$who $$n; usleep 15000; done`,
    },
  ]
  for (const { runtime, skip, writer } of writers) {
    test(
      `following the logs of ${runtime} over restart and scale loses and doubles no line (docker/compose#1115, #8925, #11773)`,
      { skip },
      async () => {
        const stack = await stacks().write(`lines-${runtime}`, `services:\n  writer:${writer}\n`)
        await stack.up()
        const log = follow(stack, 'writer')
        try {
          const writing = (count: number) =>
            waitFor(`${count} write`, () => {
              const seen = [...log.lives().values()].map(({ lines, last }) => [lines.length, last])
              const open = seen.filter(([lines = 0, last]) => last === undefined && lines > 20)
              assert.equal(open.length, count, `lines and last ones: ${JSON.stringify(seen)}`)
              return true
            })
          await writing(1)
          await stack.run(['restart', 'writer'])
          await writing(1)
          await stack.run(['scale', 'writer=3'])
          await writing(3)
          await stack.run(['restart', 'writer'])
          await writing(3)
          await stack.run(['scale', 'writer=1'])
          await writing(1)
          await stack.run(['stop', 'writer'])
          await writing(0)
          const lives = [...log.lives().values()]
          assert.equal(lives.length, 1 + 1 + 2 + 3, 'one for each start')
          for (const { lines, last } of lives)
            assert.deepEqual(
              lines,
              Array.from({ length: last ?? 0 }, (_, index) => index + 1),
            )
        } finally {
          await log.stop()
        }
      },
    )
  }

  const seed = Number(process.env['KEELSON_CHAOS_SEED'] ?? Date.now() % 1_000_000)
  const rounds = 16

  test('probes, restarts and dependencies do not race (process-compose#530, #280, #403)', async (t) => {
    t.diagnostic(`seed ${seed}`)
    const random = createRandom(seed)
    const stack = await stacks().write(
      'races',
      `services:
  base: { <<: *server, environment: &starts { STARTS_FILE: "\${STARTS_FILE}" } }
  middle:
    <<: *server
    environment: *starts
    deploy: { replicas: 2 }
    depends_on: { base: { condition: service_healthy } }
  top:
    <<: *server
    environment: *starts
    depends_on: { middle: { condition: service_healthy, restart: true } }
`,
    )
    const startsFile = path.join(stack.folder, 'starts')
    await stack.up({ STARTS_FILE: startsFile })
    const services = ['base', 'middle', 'top'] as const
    const params = (service: string) => ({ params: { name: `races/${service}` } })
    const signal = async (name: NodeJS.Signals): Promise<void> => {
      const alive = (await stack.ps()).flatMap(({ pid }) => (pid === null ? [] : [pid]))
      if (alive.length === 0) return
      try {
        process.kill(random.pick(alive), name)
      } catch {
        // ended meanwhile by itself
      }
    }
    const replicas = () => 1 + random.below(3)
    const happenings: Record<string, () => Promise<unknown>> = {
      kill: () => signal('SIGKILL'),
      sicken: () => signal('SIGUSR2'),
      restart: () => keelson().call('restartService', params(random.pick(services))),
      scale: () =>
        keelson().call('scaleService', { ...params('middle'), body: { replicas: replicas() } }),
      stop: () => keelson().call('stopService', { ...params(random.pick(services)), query: {} }),
      start: () => keelson().call('startService', params(random.pick(services))),
    }
    const done: string[] = []
    for (let round = 0; round < rounds; round += 1) {
      const [first, second] = [
        random.pick(Object.keys(happenings)),
        random.pick(Object.keys(happenings)),
      ]
      done.push(`${first}+${second}`)
      await Promise.all([happenings[first]?.(), happenings[second]?.()])
    }
    t.diagnostic(done.join(' '))
    await keelson().call('scaleService', { ...params('middle'), body: { replicas: 2 } })
    await keelson().call('startService', params('top'))

    const wanted = ['base', 'middle', 'middle', 'top'].map((one) => `${one} running healthy`)
    await waitFor(
      'what is wanted runs, and nothing else, and all of it is healthy',
      async () => {
        const all = await stack.ps()
        const seen = all.map(({ service, state, health }) => `${service} ${state} ${health}`)
        assert.deepEqual(seen.toSorted(), wanted)
        const { rollouts } = await keelson().call('getStackState', { params: { stack: 'races' } })
        assert.deepEqual(
          rollouts.filter(({ endedAt }) => endedAt === null),
          [],
        )
        return true
      },
      { deadlineMs: 40_000 },
    )
    // A restart that is still to come for the sake of a dependency may take one away for a moment.
    await waitFor('each of them is there once', async () => {
      const known = (await stack.ps()).map(({ pid }) => pid)
      const alive = (await keelson().processes()).filter(
        ({ command, environment }) =>
          /^\S*node \S*server\.mjs/.test(command) && environment.includes(startsFile),
      )
      assert.deepEqual(new Set(alive.map(({ pid }) => pid)), new Set(known))
      return true
    })
    const starts = (await readFile(startsFile, 'utf8')).trim().split('\n')
    assert.deepEqual(
      starts.filter((line) => line.includes('"double"')),
      [],
      'at no moment was one there twice',
    )
    assert.deepEqual((await stack.plan({ STARTS_FILE: startsFile })).actions, [])
  })
})
