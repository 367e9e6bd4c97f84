import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { until } from './kernel/testing/index.ts'

/** The program itself, without the command that usually starts it. */

const findFreePort = async (): Promise<string> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return String(port)
}

const lives = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

type Given = { env?: Record<string, string>; args?: readonly string[] }

const startProgram = async (given: Given = {}) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'keelson-main-'))
  const env = {
    PATH: process.env['PATH'] ?? '',
    KEELSON_DATA_DIR: dataDir,
    KEELSON_PORT: await findFreePort(),
    KEELSON_GATEWAY_PORT: await findFreePort(),
    KEELSON_GATEWAY_TLS_PORT: await findFreePort(),
    ...given.env,
  }
  const main = join(import.meta.dirname, 'main.ts')
  const { args = [] } = given
  const flags = ['--disable-warning=ExperimentalWarning', main, ...args]
  const child = spawn(process.execPath, flags, { env, stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = Promise.all([once(child, 'exit'), text(child.stderr)]).then(([[code], stderr]) => ({
    code: code as number | null,
    stderr,
  }))
  const postmaster = async (): Promise<number> =>
    Number((await readFile(join(dataDir, 'postgres/postmaster.pid'), 'utf8')).split('\n', 1)[0])
  return {
    ...{ dataDir, env, child, ended, postmaster },
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL')
      await ended
      const pid = await postmaster().catch(() => undefined)
      if (pid !== undefined && lives(pid)) process.kill(pid, 'SIGQUIT')
      await until('PostgreSQL is gone', () => pid === undefined || !lives(pid))
      await rm(dataDir, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

test('a signal during the start leaves nothing running', async () => {
  await using program = await startProgram()
  await until('the database is up', () => existsSync(join(program.dataDir, 'database.json')))
  const pid = await program.postmaster()
  assert.ok(lives(pid))
  program.child.kill('SIGTERM')
  assert.equal((await program.ended).code, 0)
  assert.equal(lives(pid), false, 'PostgreSQL was left running')
})

const refusals: [string, Record<string, string>, string[], string, RegExp][] = [
  ['an unknown variable', { KEELSON_PROT: '1' }, [], 'env_unknown', /KEELSON_PORT/],
  ['a bad value', { KEELSON_PORT: 'x' }, [], 'env_invalid', /KEELSON_PORT is "x"/],
  ['an unknown target', {}, ['--target=moon'], 'env_invalid', /--target is moon/],
]
for (const [what, env, args, code, message] of refusals) {
  test(`${what} ends the program with 78 and a problem as its last line`, async () => {
    await using program = await startProgram({ env, args })
    const { code: exitCode, stderr } = await program.ended
    assert.equal(exitCode, 78)
    const problem = JSON.parse(stderr.trimEnd().split('\n').at(-1) ?? '') as Record<string, string>
    assert.equal(problem['code'], code)
    assert.match(problem['detail'] ?? '', message)
    assert.doesNotMatch(stderr, /\n {4}at /)
  })
}

test('a second one on the same data folder is refused', async () => {
  await using first = await startProgram()
  const ready = `http://127.0.0.1:${first.env.KEELSON_PORT}/readyz`
  await until('it is ready', () =>
    fetch(ready).then(
      ({ ok }) => ok,
      () => false,
    ),
  )
  const second = await startProgram({ env: { KEELSON_DATA_DIR: first.dataDir } })
  const { code, stderr } = await second.ended
  await rm(second.dataDir, { recursive: true, force: true })
  assert.equal(code, 78)
  assert.match(stderr, /"code":"data_folder_locked"/)
  assert.match(stderr, /Another Keelson \(process \d+\)/)
  first.child.kill('SIGTERM')
  assert.equal((await first.ended).code, 0)
})
