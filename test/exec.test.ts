import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import test from 'node:test'
import { createKeelson, root, waitFor } from './harness.ts'
import { listProcesses } from './process-list.ts'

const folder = path.join(root, 'test/fixtures/commands')

type Case = { name: string; args: string[]; code: number; stdout?: RegExp; stderr?: RegExp }

const cases: Case[] = [
  {
    name: 'exec has the environment of the instance, and its exit code is passed on',
    args: ['exec', '-T', 'web', 'sh', '-c', 'echo $GREETING $KEELSON_INSTANCE; exit 7'],
    code: 7,
    stdout: /^hello commands-web-1\n$/,
  },
  {
    name: 'exec has the secrets of the instance, and variables of its own',
    args: ['exec', '-T', '-e', 'A=b', 'web', 'sh', '-c', 'cat $KEELSON_FILES/token; echo $A'],
    code: 0,
    stdout: /^s3creetb\n$/,
  },
  {
    name: 'standard error is apart from the output',
    args: ['exec', '-T', 'web', 'sh', '-c', 'echo out; echo err >&2'],
    code: 0,
    stdout: /^out\n$/,
    stderr: /^err\n$/,
  },
  {
    name: 'run is an instance of its own',
    args: ['run', '-T', 'web', 'sh', '-c', 'echo $GREETING $KEELSON_INSTANCE; exit 9'],
    code: 9,
    stdout: /^hello commands-web-run-[\da-f]{8}\n$/,
  },
  {
    name: 'run without a command takes that of the service',
    args: ['run', '-T', '--no-deps', 'job'],
    code: 0,
    stdout: /^done\n$/,
  },
  { name: 'a service that is not there', args: ['exec', 'nope', 'ls'], code: 3 },
  { name: 'an instance that is not there', args: ['exec', '--index', '9', 'web', 'ls'], code: 3 },
  { name: 'a job that has ended', args: ['exec', 'job', 'ls'], code: 5 },
  { name: 'a program that is not there', args: ['exec', 'web', '/no/such'], code: 2 },
]

test('commands of people in processes', async (t) => {
  const keelson = await createKeelson({ env: { TOKEN: 's3creet' } })
  try {
    await keelson.run(['up', '--wait'], { cwd: folder })
    for (const { name, args, code, stdout, stderr } of cases) {
      await t.test(name, async () => {
        const ended = await keelson.cli(args, { cwd: folder })
        assert.equal(ended.code, code, ended.stderr)
        if (stdout !== undefined) assert.match(ended.stdout, stdout)
        if (stderr !== undefined) assert.match(ended.stderr, stderr)
      })
    }
    await t.test('Ctrl-C ends the command and all it has started', async () => {
      const args = ['exec', '-T', 'web', 'sh', '-c', 'sleep 99421 & sleep 99421']
      const { launcher, env } = keelson
      const child = spawn(launcher, args, { cwd: folder, env, stdio: 'ignore' })
      const sleeps = async () =>
        (await listProcesses()).filter(({ command }) => command.endsWith('sleep 99421'))
      await waitFor('it runs', async () => (await sleeps()).length >= 2)
      child.kill('SIGINT')
      assert.deepEqual(await once(child, 'exit'), [130, null])
      await waitFor('nothing of it is left', async () => (await sleeps()).length === 0)
    })
    await t.test('nothing of them stays: what was there before is all there is', async () => {
      const instances = await keelson.call('listInstances', { query: { stack: 'commands' } })
      assert.deepEqual(instances.map(({ instance }) => instance).sort(), [
        'commands-job-1',
        'commands-web-1',
      ])
    })
    await keelson.run(['down', '--all'])
    await keelson.assertNothingLeft()
  } finally {
    await keelson.dispose()
  }
})
