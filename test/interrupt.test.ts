import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import test from 'node:test'
import { createKeelson, root, waitFor, type Keelson } from './harness.ts'
import { listProcesses } from './process-list.ts'

const folder = path.join(root, 'test/fixtures/family')

/** `keelson up` as in a terminal: a process group of its own, which Ctrl-C goes to as a whole. */
const upAttached = (keelson: Keelson, seconds: number) => {
  const child = spawn(keelson.launcher, ['up', '--progress', 'plain'], {
    cwd: folder,
    env: { ...keelson.env, FAMILY_SECONDS: String(seconds) },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (said += chunk))
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (said += chunk))
  const exited = once(child, 'exit')
  return {
    said: () => said,
    press: () => process.kill(-(child.pid ?? 0), 'SIGINT'),
    /** Exit code, once it has ended. */
    ended: async (): Promise<unknown> => ((await exited) as unknown[])[0],
  }
}

/** By their command alone: one of them has neither parent nor environment to know it by. */
const findSleeps = async (seconds: number): Promise<number[]> =>
  (await listProcesses())
    .filter(({ command }) => command.replace('/usr/bin/', '') === `sleep ${seconds}`)
    .map(({ pid }) => pid)

/** Ends what a failed test leaves, without parent or environment as it may be. */
const dispose = async (keelson: Keelson, seconds: number): Promise<void> => {
  await keelson.dispose()
  for (const pid of await findSleeps(seconds)) process.kill(pid, 'SIGKILL')
}

const secondsOfTest = (index: number): number => 100_000_000 + process.pid * 10 + index

const assertGone = async (keelson: Keelson, seconds: number) => {
  await keelson.assertNothingLeft()
  assert.deepEqual(await findSleeps(seconds), [], 'a sleep has got away')
}

const onLinux = process.platform === 'linux' ? false : 'the process list needs Linux (/proc)'

test('Ctrl-C takes down what up has put up, runaways included', { skip: onLinux }, async (t) => {
  const keelson = await createKeelson()
  const seconds = secondsOfTest(0)
  t.after(() => dispose(keelson, seconds))
  const terminal = upAttached(keelson, seconds)
  await waitFor(
    'all of the family run',
    async () => (await findSleeps(seconds)).length === 5,
  ).catch((cause: unknown) => {
    throw new Error(terminal.said(), { cause })
  })
  await waitFor('it says so', () => terminal.said().includes('family is up'))
  await keelson.processes()
  terminal.press()
  const code = await terminal.ended()
  assert.ok(code === 0 || code === 130, `exit code ${String(code)}: ${terminal.said()}`)
  await assertGone(keelson, seconds)
})

// From before the platform runs to the middle of its start.
for (const [index, when] of ['Starting Keelson', 'Set up', 'Applying', '… '].entries()) {
  test(`Ctrl-C at "${when}" leaves nothing behind`, async (t) => {
    const keelson = await createKeelson()
    const seconds = secondsOfTest(1 + index)
    t.after(() => dispose(keelson, seconds))
    const terminal = upAttached(keelson, seconds)
    await waitFor(
      `it says ${when}`,
      () => {
        assert.ok(!terminal.said().includes('✗'), terminal.said())
        return terminal.said().includes(when)
      },
      { pollMs: 5, deadlineMs: 60_000 },
    ).catch((cause: unknown) => {
      throw new Error(terminal.said(), { cause })
    })
    await keelson.processes()
    terminal.press()
    const code = await terminal.ended()
    assert.ok(code === 0 || code === 130, `exit code ${String(code)}: ${terminal.said()}`)
    await assertGone(keelson, seconds)
  })
}
