import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, constants, mkdtemp, readFile, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ServiceSummary, State } from '@keelson/contract'
import { createClient, type Client } from '@keelson/sdk'
import { listProcesses, withDescendants, type ProcessEntry } from './process-list.ts'

/** A whole Keelson for tests: the real command, on a data folder and ports of its own. */

export const root = path.resolve(import.meta.dirname, '..')
const launcher = path.join(root, 'packages/cli/bin/keelson')

export type CommandResult = { code: number | null; stdout: string; stderr: string }
type RunOptions = { cwd?: string; env?: Record<string, string>; timeoutMs?: number }

/** What a command of this Keelson gets as its environment: nothing of the caller's settings. */
const inherited = ['PATH', 'HOME', 'LANG', 'TMPDIR', 'TEST_RUN_MARK', 'NODE_EXTRA_CA_CERTS']

/**
 * Polls until the condition gives something other than undefined, null or false, and returns it.
 * A condition that throws counts as not met; its last error is the cause when time is up.
 */
export const waitFor = async <T>(
  what: string,
  condition: () => Promise<T | undefined | null | false> | T | undefined | null | false,
  { deadlineMs = 30_000, pollMs = 100 } = {},
): Promise<T> => {
  const deadline = Date.now() + deadlineMs
  let cause: unknown
  for (;;) {
    try {
      const result = await condition()
      if (result !== undefined && result !== null && result !== false) return result
      cause = undefined
    } catch (error) {
      cause = error
    }
    if (Date.now() > deadline) {
      throw new Error(`After ${deadlineMs} ms still not so: ${what}`, { cause })
    }
    await sleep(pollMs)
  }
}

/** A loopback port that nobody listened on a moment ago. */
const findFreePort = async (): Promise<number> => {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  server.close()
  await once(server, 'close')
  return address.port
}

/** Whom `setUp` makes. */
export const administrator = { name: 'ana', password: 'gravel lantern oboe' }

/** Fills in the form of a set-up link, a fresh one unless given; the answer signs in. */
export const setUp = async (
  keelson: Pick<Keelson, 'url' | 'call'>,
  link?: string,
): Promise<Response> => {
  const url = link ?? (await keelson.call('createSetupLink')).url
  const token = new URL(url).hash.slice(1)
  return fetch(`${keelson.url}/api/v1/links/use`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: keelson.url },
    body: JSON.stringify({ token, ...administrator }),
  })
}

const isListening = async (port: number): Promise<boolean> => {
  const socket = connect({ host: '127.0.0.1', port })
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/** First of these programs that this machine has, with its path. */
export const findProgram = async (...names: string[]): Promise<string | undefined> => {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin']
  for (const name of names) {
    for (const folder of folders) {
      const file = path.join(folder, name)
      const found = await access(file, constants.X_OK).then(
        () => true,
        () => false,
      )
      if (found) return file
    }
  }
  return undefined
}

/** Reason to skip a test, or false when all of these programs are installed. */
export const missingPrograms = async (...names: string[]): Promise<string | false> => {
  const found = await Promise.all(names.map((name) => findProgram(name)))
  const missing = names.filter((_, index) => found[index] === undefined)
  return missing.length === 0 ? false : `not installed: ${missing.join(', ')}`
}

/** Runs a program to its end. One that is not done in time is killed; its code is null then. */
export const runProgram = async (
  command: string,
  args: readonly string[],
  { cwd = root, env = {}, timeoutMs = 120_000 }: RunOptions = {},
): Promise<CommandResult> => {
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs)
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk))
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk))
  const closed = once(child, 'close')
  await once(child, 'exit')
  clearTimeout(timer)
  // What it started may hold the pipes for ever; what it said itself is there long before.
  await Promise.race([closed, sleep(2000)])
  child.stdout.destroy()
  child.stderr.destroy()
  return { code: child.exitCode, stdout, stderr }
}

export type Keelson = Awaited<ReturnType<typeof createKeelson>>

/** A Keelson that is not started yet. Call `stop` (or `dispose`) whatever happens. */
export const createKeelson = async (options: { env?: Record<string, string> } = {}) => {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'keelson-e2e-'))
  const port = await findFreePort()
  const gatewayPort = await findFreePort()
  const gatewayTlsPort = await findFreePort()
  const env: Record<string, string> = {
    ...Object.fromEntries(
      inherited.flatMap((name) => {
        const value = process.env[name]
        return value === undefined ? [] : [[name, value]]
      }),
    ),
    NO_COLOR: '1',
    KEELSON_DATA_DIR: dataDir,
    KEELSON_PORT: String(port),
    KEELSON_GATEWAY_PORT: String(gatewayPort),
    KEELSON_GATEWAY_TLS_PORT: String(gatewayTlsPort),
    ...options.env,
  }
  const url = `http://127.0.0.1:${port}`
  const gateway = `http://127.0.0.1:${gatewayPort}`
  const seen = new Map<string, ProcessEntry>()

  const cli = (args: readonly string[], { cwd, env: more, timeoutMs }: RunOptions = {}) =>
    runProgram(launcher, args, {
      cwd: cwd ?? dataDir,
      env: { ...env, ...more },
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    })

  /** Runs a command that has to succeed. */
  const run = async (args: readonly string[], runOptions?: RunOptions): Promise<CommandResult> => {
    const result = await cli(args, runOptions)
    const said = `${result.stdout}\n${result.stderr}`.trim()
    assert.equal(result.code, 0, `keelson ${args.join(' ')} ended with ${result.code}:\n${said}`)
    return result
  }

  /** Every process of this Keelson: it names the data folder, or was started by one that does. */
  const processes = async (): Promise<ProcessEntry[]> => {
    const all = await listProcesses()
    const known = new Set(incarnationsOf([...seen.values()]))
    const roots = all.filter(
      (entry) =>
        entry.pid !== process.pid &&
        (entry.command.includes(dataDir) ||
          entry.environment.includes(dataDir) ||
          entry.folder.startsWith(dataDir) ||
          incarnationsOf([entry]).some((incarnation) => known.has(incarnation))),
    )
    const found = withDescendants(roots, all)
    for (const entry of found) seen.set(`${entry.pid}@${entry.startedAt}`, entry)
    return found
  }

  /** What still lives of all that was ever seen of this Keelson. */
  const leftovers = async (): Promise<ProcessEntry[]> => {
    const named = await processes()
    const all = await listProcesses()
    const known = all.filter(({ pid, startedAt }) => seen.has(`${pid}@${startedAt}`))
    return [...new Map([...named, ...known].map((entry) => [entry.pid, entry])).values()]
  }

  const token = async () => (await readFile(path.join(dataDir, 'token'), 'utf8')).trim()

  /** The typed client, as the local administrator. Reads the token anew: a restart may change it. */
  const call: Client = async (name, input) => {
    const client = createClient({
      baseUrl: url,
      headers: { authorization: `Bearer ${await token()}` },
    })
    return client(name, input)
  }

  const service = (name: string): Promise<ServiceSummary> =>
    call('getService', { params: { name } })

  const waitForState = (name: string, state: State, deadlineMs = 30_000) =>
    waitFor(
      `${name} is ${state}`,
      async () => {
        const found = await service(name)
        return found.state === state ? found : undefined
      },
      { deadlineMs },
    )

  /** Fails when a process or a listening port of this Keelson is left. */
  const assertNothingLeft = async (): Promise<void> => {
    const left = await waitFor(
      'no process is left',
      async () => ((await leftovers()).length === 0 ? { none: true } : undefined),
      { deadlineMs: 5000 },
    ).catch(() => undefined)
    const still = left === undefined ? await leftovers() : []
    const list = still.map(({ pid, command }) => `${pid} ${command.slice(0, 200)}`).join('\n')
    assert.equal(list, '', `processes are left:\n${list}`)
    for (const taken of [port, gatewayPort]) {
      assert.equal(await isListening(taken), false, `somebody still listens on ${taken}`)
    }
  }

  /** Ends everything with force and removes the data folder; proves nothing. */
  const dispose = async (): Promise<void> => {
    for (let round = 0; round < 20; round += 1) {
      const left = await leftovers()
      if (left.length === 0) break
      for (const { pid } of left) {
        try {
          process.kill(pid, 'SIGKILL')
        } catch {
          // ended meanwhile
        }
      }
      await sleep(100)
    }
    await rm(dataDir, { recursive: true, force: true, maxRetries: 5 })
  }

  /** `keelson down --all`, and the proof that nothing is left. */
  const stop = async (): Promise<void> => {
    try {
      await processes()
      await run(['down', '--all'])
      await assertNothingLeft()
    } finally {
      await dispose()
    }
  }

  /** The last lines of the platform's own log, for the message of a failed test. */
  const log = async (): Promise<string> => {
    const text = await readFile(path.join(dataDir, 'logs/platform.log'), 'utf8').catch(() => '')
    return text.split('\n').slice(-40).join('\n')
  }

  return {
    ...{ dataDir, port, gatewayPort, url, gateway, env, launcher },
    ...{ cli, run, call, service, waitForState, processes, leftovers, token, log },
    ...{ stop, dispose, assertNothingLeft },
  }
}

/** Each start of an instance has an id of its own in the environment of all it starts. */
const incarnationsOf = (entries: readonly ProcessEntry[]): string[] =>
  entries.flatMap(({ environment }) => {
    const found = /(?:^|\0)KEELSON_INCARNATION=([^\0]+)/.exec(environment)?.[1]
    return found === undefined ? [] : [found]
  })

/** Brings a Keelson up; when that fails, its log is in the error and nothing of it stays. */
export const startKeelson = async (
  args: readonly string[],
  options: { env?: Record<string, string>; cwd?: string } = {},
): Promise<Keelson> => {
  const keelson = await createKeelson(options)
  try {
    await keelson.run(['up', '--wait', '--progress', 'plain', ...args], {
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    })
    return keelson
  } catch (cause) {
    const log = await keelson.log()
    await keelson.dispose()
    throw new Error(`keelson up ${args.join(' ')} failed; its log ends with:\n${log}`, { cause })
  }
}
