/**
 * A real PostgreSQL for tests, in a folder and on a port of its own.
 *
 * It must not outlive its test process, however that ends. A custodian, a small shell, waits for
 * the end of its standard input, which the kernel closes even after kill -9; then it stops the
 * server and deletes the folder.
 */
import assert from 'node:assert'
import { execFile, spawn } from 'node:child_process'
import { chown, mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { openSession } from '../db.ts'
import { chooseOsUser } from '../postgres/os-user.ts'
import { prepareRuntime, type Runtime } from '../postgres/runtime.ts'
import { quietLog } from './log.ts'
import { until } from './until.ts'

export type TestPostgres = {
  /** Of the database `postgres`. */
  readonly connectionString: string
  /** Of another database on the same server. */
  urlOf(database: string): string
  /** kill -9 of all its processes, which are gone when this resolves. Not a loss of power. */
  kill(): Promise<void>
  /** Starts it again after `kill`, on the same folder and port. */
  restart(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

const CUSTODIAN = `
  cat >/dev/null
  pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null)
  if [ -n "$pid" ]; then
    kill -QUIT "$pid" 2>/dev/null
    for _ in $(seq 50); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
  fi
  rm -rf "$1"`

const run = promisify(execFile)

export type TestPostgresOptions = {
  /** Keeps fsync on, for tests that crash PostgreSQL; it is off otherwise. */
  durable?: boolean
  /** Further settings of postgresql.conf. */
  settings?: Readonly<Record<string, string>>
}

/** One of its own, for tests that kill or configure it; others use `createTestDb` alone. */
export const startTestPostgres = async (
  options: TestPostgresOptions = {},
): Promise<TestPostgres> => {
  const folder = await mkdtemp(join(tmpdir(), 'keelson-test-pg-'))
  const custodian = spawn('sh', ['-c', CUSTODIAN, 'custodian', folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  custodian.unref()
  const user = await chooseOsUser(undefined, undefined, quietLog)
  if (user !== undefined) await chown(folder, user.uid, user.gid)
  const runtime = await prepareRuntime({ spareDir: join(folder, 'spare'), user })
  const identity = user === undefined ? {} : { uid: user.uid, gid: user.gid }
  await initialise(runtime, folder, identity)
  const port = await findFreePort()
  const urlOf = (database: string) => `postgresql://postgres@127.0.0.1:${port}/${database}`

  const start = async () => {
    const child = spawn(runtime.postgres, argumentsOf(folder, port, options), {
      cwd: folder,
      env: runtime.env,
      stdio: 'ignore',
      detached: true,
      ...identity,
    })
    child.unref()
    await until('PostgreSQL accepts connections', () => {
      assert(child.exitCode === null, 'PostgreSQL of the test has ended at its start')
      return accepts(urlOf('postgres'))
    })
  }
  await start()

  return {
    connectionString: urlOf('postgres'),
    urlOf,
    restart: start,
    kill: () => killAll(folder),
    [Symbol.asyncDispose]: async () => {
      const gone = new Promise((resolve) => custodian.once('exit', resolve))
      custodian.ref()
      custodian.stdin.end()
      await gone
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Set by `npm test` to the database `postgres` of a server that all its test files share. */
const urlOfTheRun = process.env['TEST_RUN_POSTGRES']

export type SharedPostgres = Pick<TestPostgres, 'connectionString' | 'urlOf'>
let shared: Promise<SharedPostgres> | undefined

/** That of the test run, or one for this test process, started by the first test that needs it. */
export const sharedPostgres = (): Promise<SharedPostgres> =>
  (shared ??=
    urlOfTheRun === undefined ? startTestPostgres() : Promise.resolve(startedAt(urlOfTheRun)))

const startedAt = (connectionString: string): SharedPostgres => ({
  connectionString,
  urlOf: (database) => Object.assign(new URL(connectionString), { pathname: `/${database}` }).href,
})

const initialise = async (runtime: Runtime, folder: string, identity: object): Promise<void> => {
  const args = ['--pgdata', join(folder, 'data'), '--username=postgres', '--auth=trust']
  args.push('--encoding=UTF8', '--locale=C', '--no-sync', '--no-instructions')
  await run(runtime.initdb, args, { cwd: folder, env: runtime.env, ...identity })
}

const argumentsOf = (folder: string, port: number, options: TestPostgresOptions): string[] => {
  const settings: Record<string, string> = {
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    shared_buffers: '32MB',
    autovacuum_naptime: '10s',
    log_min_messages: 'panic',
    ...(options.durable !== true && {
      fsync: 'off',
      synchronous_commit: 'off',
      full_page_writes: 'off',
    }),
    ...options.settings,
  }
  const set = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  return ['-D', join(folder, 'data'), ...set]
}

const accepts = async (connectionString: string): Promise<boolean> => {
  try {
    const session = await openSession({ connectionString, log: quietLog })
    await session.close()
    return true
  } catch {
    return false
  }
}

const findFreePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })

/** The postmaster first, so that it does not clean up after the others. */
const killAll = async (folder: string): Promise<void> => {
  const pidFile = await readFile(join(folder, 'data', 'postmaster.pid'), 'utf8')
  const postmaster = Number(pidFile.split('\n', 1)[0])
  const children = await childrenOf(postmaster)
  for (const pid of [postmaster, ...children]) signal(pid, 'SIGKILL')
  await until('PostgreSQL is gone', () => [postmaster, ...children].every((pid) => !lives(pid)))
}

const childrenOf = async (pid: number): Promise<number[]> => {
  const { stdout } = await run('ps', ['-A', '-o', 'ppid=,pid='])
  return stdout
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([parent, child]) => (parent === pid && child !== undefined ? [child] : []))
}

const signal = (pid: number, name: NodeJS.Signals | 0): boolean => {
  try {
    return process.kill(pid, name)
  } catch {
    return false
  }
}

const lives = (pid: number): boolean => signal(pid, 0)
