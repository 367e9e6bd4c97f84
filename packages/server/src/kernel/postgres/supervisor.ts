import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock, type Clock } from '../clock.ts'
import { AppError, messageOf } from '../errors.ts'
import {
  ensureCluster,
  findPassword,
  hasCluster,
  newPassword,
  resetPassword,
  savePassword,
  superuser,
} from './cluster.ts'
import { explainFailure, howItEnded } from './failure.ts'
import { lockDataFolder, type FolderLock } from './folder-lock.ts'
import { prepareLayout, type Layout } from './layout.ts'
import { boundLogFile } from './log-file.ts'
import type { Log } from '../log.ts'
import { choosePort } from './port.ts'
import {
  becomesReady,
  findPidFile,
  launchPostmaster,
  stopPostmaster,
  watchPostmaster,
  type Postmaster,
  type PostmasterExit,
} from './postmaster.ts'
import { prepareRuntime, type Runtime } from './runtime.ts'
import type { Secret } from '../log.ts'
import { openSession, ownDatabase, type Session } from './session.ts'

export type PostgresOptions = {
  /** The data folder of Keelson; the cluster is `postgres` in it. */
  dataDir: string
  log: Log
  clock?: Clock
  /** TCP port on 127.0.0.1. 0 or absent: a free one, the same after every restart. */
  port?: number | undefined
  /** Called when the server ended without being asked to; it is restarted in any case. */
  onExit?: (exit: PostmasterExit & { pid: number }) => void
  /** A PostgreSQL elsewhere (a folder with bin, lib and share) instead of the npm package's. */
  nativeDir?: string | undefined
}

export type PostgresState = {
  readonly name: 'running' | 'recovering' | 'stopped'
  /** One sentence for the service list. */
  readonly reason: string
  readonly since: Date
}

export type PostgresConnection = {
  /** Over the unix socket, as superuser. Holds the password: for `pg`, never for a log. */
  readonly connectionString: string
  readonly host: string
  readonly port: number
  readonly socketDir: string
  readonly user: string
  readonly database: string
  readonly password: Secret
}

export type EmbeddedPostgres = {
  readonly connection: PostgresConnection
  /** Of the main process; another one after a restart. */
  readonly pid: number
  readonly version: string
  /** It was already running, started by a Keelson that is gone. */
  readonly adopted: boolean
  readonly state: PostgresState
  /** Calls back at every change of state; returns how to end that. */
  onStateChange(listener: (state: PostgresState) => void): () => void
  /** Fast shutdown, after 30 s an immediate one. Resolves when the server is gone. */
  stop(): Promise<void>
}

/** Crash recovery replays at most max_wal_size (256 MB), which is seconds even on a slow disk. */
const READY_TIMEOUT_MS = 120_000
const STOP_TIMEOUTS_MS = { fast: 30_000, immediate: 5000 }
/** Processes of a killed server end within milliseconds, unless they hang in the disk. */
const BUSY_LIMIT_MS = 15_000
const BACKOFF_MS = { first: 50, limit: 10_000 }
/** A server that ran this long had no trouble starting: the next restart is at once again. */
const STEADY_AFTER_MS = 60_000
const PORT_ATTEMPTS = 5

/** What stays the same for the life of a supervisor. */
type Ground = {
  readonly layout: Layout
  readonly runtime: Runtime
  readonly password: Secret
  readonly log: Log
  readonly wantedPort: number | undefined
  /** Aborted by `stop`. */
  readonly stopping: AbortController
}

type Live = { postmaster: Postmaster; session: Session }

/**
 * Starts PostgreSQL for this data folder, or adopts the one that runs, and keeps it running.
 * At most one supervisor per folder (`data_folder_locked`). Throws AppErrors with the codes
 * `postgres_*`; see the functions it calls for their details.
 */
export const startPostgres = async (options: PostgresOptions): Promise<EmbeddedPostgres> => {
  const lock = await lockDataFolder(options.dataDir, 'postgres')
  try {
    const ground = await prepare(lock.folder, options)
    return supervise(ground, await begin(ground), lock, options)
  } catch (cause) {
    lock.release()
    throw cause
  }
}

const prepare = async (folder: string, options: PostgresOptions): Promise<Ground> => {
  const { log } = options
  const layout = await prepareLayout(folder, log)
  const runtime = await prepareRuntime({
    nativeDir: options.nativeDir,
    spareDir: layout.home,
    user: layout.user,
  })
  const exists = await hasCluster(layout, runtime)
  let password = await findPassword(layout)
  if (password === undefined) {
    password = newPassword()
    // Killed between these two lines, the next start finds no password and resets it again.
    if (exists) await replacePassword(layout, runtime, password, log)
    await savePassword(layout, password)
  }
  await ensureCluster(layout, runtime, password, log)
  const stopping = new AbortController()
  return { layout, runtime, password, log, wantedPort: options.port, stopping }
}

const replacePassword = async (
  layout: Layout,
  runtime: Runtime,
  password: Secret,
  log: Log,
): Promise<void> => {
  log.warn({ file: layout.passwordFile }, 'the password of postgres was lost: setting a new one')
  await endRunningServer(layout)
  await resetPassword(layout, runtime, password)
}

const endRunningServer = async (layout: Layout): Promise<void> => {
  const pidFile = await findPidFile(layout.clusterDir)
  const running = pidFile === undefined ? undefined : await watchPostmaster(pidFile, layout)
  if (running === undefined) return
  await stopPostmaster(running, STOP_TIMEOUTS_MS)
  running.release()
}

const begin = async (ground: Ground): Promise<Live> => {
  const startedAtMs = performance.now()
  for (let attempt = 1; ; attempt++) {
    // Within the loop: the server that keeps ours from starting may be one that a killed Keelson
    // had launched just before, and that had no pid file yet when we first looked.
    const adopted = await adopt(ground)
    if (adopted !== undefined) return adopted
    const result = await launch(ground)
    if (!('error' in result)) return result
    const { kind, error } = result
    const onAnotherPort = kind === 'port' && !ground.wantedPort && attempt < PORT_ATTEMPTS
    const later = kind === 'busy' && performance.now() - startedAtMs < BUSY_LIMIT_MS
    if (!onAnotherPort && !later) throw error
    if (later) await sleep(BACKOFF_MS.first)
  }
}

/**
 * Takes over a server that runs on our cluster. One that cannot be reached (its socket was
 * deleted, its password is another, it hangs) is ended, and a new one takes its place.
 */
const adopt = async (ground: Ground): Promise<Live | undefined> => {
  const { layout, password, log } = ground
  const pidFile = await findPidFile(layout.clusterDir)
  const running = pidFile === undefined ? undefined : await watchPostmaster(pidFile, layout)
  if (running === undefined) return undefined
  try {
    await becomesReady(running, layout.clusterDir, READY_TIMEOUT_MS, ground.stopping.signal)
    const session = await openSession(layout, running, password)
    log.info({ pid: running.pid, port: running.port }, 'postgres adopted')
    if (ground.wantedPort && ground.wantedPort !== running.port) {
      const facts = { port: running.port, wanted: ground.wantedPort }
      log.warn(facts, 'the running postgres keeps its port until it is restarted')
    }
    return { postmaster: running, session }
  } catch (error) {
    log.warn({ err: error, pid: running.pid }, 'the running postgres is unusable: restarting it')
    await stopPostmaster(running, STOP_TIMEOUTS_MS)
    running.release()
    return undefined
  }
}

const launch = async (
  ground: Ground,
  fixedPort?: number,
): Promise<Live | Awaited<ReturnType<typeof explainFailure>>> => {
  const { layout, runtime, password, log, wantedPort, stopping } = ground
  const startedAtMs = performance.now()
  const port = fixedPort ?? (await choosePort(wantedPort, layout.portFile, log))
  const postmaster = await launchPostmaster(layout, runtime, port)
  let cause: unknown
  if (await becomesReady(postmaster, layout.clusterDir, READY_TIMEOUT_MS, stopping.signal)) {
    try {
      const session = await openSession(layout, postmaster, password)
      const tookMs = Math.round(performance.now() - startedAtMs)
      log.info({ pid: postmaster.pid, port, tookMs }, 'postgres started')
      return { postmaster, session }
    } catch (error) {
      cause = error
    }
  }
  const exit = postmaster.hasExited() ? await postmaster.exited : undefined
  const failure = await explainFailure(layout, postmaster, exit)
  if (exit !== undefined) return failure
  await stopPostmaster(postmaster, { fast: 1000, immediate: STOP_TIMEOUTS_MS.immediate })
  if (cause === undefined) return failure
  const message = `The embedded PostgreSQL runs but refuses us: ${messageOf(cause)}`
  const details = { message, reason: messageOf(cause), logFile: layout.logFile }
  return { kind: 'other', error: new AppError('postgres_unavailable', details, { cause }) }
}

const supervise = (
  ground: Ground,
  first: Live,
  lock: FolderLock,
  { clock = systemClock, onExit }: PostgresOptions,
): EmbeddedPostgres => {
  const { layout, log, stopping } = ground
  const listeners = new Set<(state: PostgresState) => void>()
  const logBound = boundLogFile(layout.logFile, log)
  let live = first
  let state: PostgresState = {
    name: 'running',
    reason: first.postmaster.adopted ? 'adopted from an earlier Keelson' : 'started',
    since: clock.now(),
  }

  const enter = (name: PostgresState['name'], reason: string): void => {
    if (state.name === name && state.reason === reason) return
    state = { name, reason, since: state.name === name ? state.since : clock.now() }
    for (const listener of listeners) listener(state)
  }

  const keepRunning = async (): Promise<void> => {
    let failures = 0
    while (!stopping.signal.aborted) {
      const liveSinceMs = performance.now()
      const { crashed } = await nextLoss(live)
      if (stopping.signal.aborted) return
      if (performance.now() - liveSinceMs > STEADY_AFTER_MS) failures = 0
      if (crashed) enter('recovering', 'a server process was killed or crashed')
      const session = await reconnect(ground, live.postmaster, enter)
      if (session !== undefined) {
        live = { postmaster: live.postmaster, session }
        if (state.name === 'recovering') enter('running', 'recovered from a crash')
        continue
      }
      if (stopping.signal.aborted) return
      failures = await restart(failures)
    }
  }

  /** Until it runs again or is to stop: every 10 s at the slowest, without an end. */
  const restart = async (failuresBefore: number): Promise<number> => {
    const { pid, port, exited } = live.postmaster
    const exit = await exited
    const how = howItEnded(exit)
    log.error({ pid, ...exit }, 'postgres ended unexpectedly: restarting it')
    enter('recovering', how)
    onExit?.({ pid, ...exit })
    for (let failures = failuresBefore; ; failures++) {
      const delayMs = Math.min(BACKOFF_MS.first * 2 ** failures, BACKOFF_MS.limit)
      await sleep(failures === 0 ? 0 : delayMs, undefined, { signal: stopping.signal }).catch(
        () => undefined,
      )
      if (stopping.signal.aborted) return failures
      // The services know the port: it stays, and whoever took it meanwhile is named.
      const result = await launch(ground, port).catch((error: unknown) => ({ error }))
      if (!('error' in result)) {
        live = result
        enter('running', `restarted: ${how}`)
        return failures + 1
      }
      const reason = messageOf(result.error)
      log.error({ err: result.error, failures }, 'postgres does not start')
      enter('recovering', reason)
    }
  }

  const running = keepRunning().catch((error: unknown) => {
    log.error({ err: error }, 'the supervisor of postgres failed')
    throw error
  })

  const stopOnce = async (): Promise<void> => {
    stopping.abort()
    await live.session.close().catch(() => undefined)
    await running
    await live.session.close().catch(() => undefined)
    const gone = await stopPostmaster(live.postmaster, STOP_TIMEOUTS_MS)
    live.postmaster.release()
    logBound.stop()
    lock.release()
    const { pid } = live.postmaster
    if (!gone) log.error({ pid }, 'postgres does not end: it is left behind')
    else log.info({ pid }, 'postgres stopped')
    enter('stopped', gone ? 'stopped' : 'it does not end and was left behind')
  }
  let stopped: Promise<void> | undefined

  return {
    connection: connectionOf(ground, first.postmaster),
    get pid() {
      return live.postmaster.pid
    },
    get version() {
      return live.session.version
    },
    adopted: first.postmaster.adopted,
    get state() {
      return state
    },
    onStateChange: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    stop: () => (stopped ??= stopOnce()),
  }
}

/** Resolves when the server is gone or our session is. */
const nextLoss = async ({ postmaster, session }: Live): Promise<{ crashed: boolean }> =>
  Promise.race([postmaster.exited.then(() => ({ crashed: false })), session.ended])

/**
 * A new session with the same server, which may be busy recovering from the crash of one of its
 * processes; undefined when it is gone.
 */
const reconnect = async (
  { layout, password, stopping }: Ground,
  postmaster: Postmaster,
  enter: (name: 'recovering', reason: string) => void,
): Promise<Session | undefined> => {
  for (let attempt = 0; ; attempt++) {
    if (postmaster.hasExited() || stopping.signal.aborted) return undefined
    try {
      return await openSession(layout, postmaster, password)
    } catch (error) {
      // An administrator may have ended the session only: then the first attempt succeeds.
      if (!stopping.signal.aborted) enter('recovering', messageOf(error))
    }
    const delayMs = Math.min(20 * 2 ** attempt, 1000)
    await Promise.race([postmaster.exited, sleep(delayMs)])
  }
}

const connectionOf = (
  { password }: Ground,
  { port, socketDir }: Postmaster,
): PostgresConnection => {
  const socket = encodeURIComponent(socketDir)
  const login = `${superuser}:${password.reveal()}`
  return Object.freeze({
    connectionString: `postgres://${login}@localhost:${port}/${ownDatabase}?host=${socket}`,
    ...{ host: '127.0.0.1', port, socketDir, user: superuser, database: ownDatabase, password },
  })
}

/** The address for a service of a stack: TCP, because not every client speaks unix sockets. */
export const tcpUrl = (
  { connection }: EmbeddedPostgres,
  { database, user, password }: { database: string; user: string; password: string },
): string => {
  const part = encodeURIComponent
  const login = `${part(user)}:${part(password)}`
  return `postgres://${login}@${connection.host}:${connection.port}/${part(database)}`
}
