import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, open, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Problem } from '@keelson/contract'
import { bearer, createClient, type Client, type Credentials } from '@keelson/sdk'
import type { Context } from './context.ts'
import { environmentOfPlatform } from './environment.ts'
import { exitCodes } from './exit-code.ts'
import { CommandError, failureOfProblem, tableError, usageError } from './failure.ts'
import { ownFetch, ownHeaders } from './own-fetch.ts'
import { byPortOwner } from './port-owner.ts'
import { platformEntry, watchdogEntry } from './paths.ts'
import { pluginFolderOf, pluginFolderVariable } from './own-plugins.ts'
import { platformEnvironment, platformNodeArguments } from './platform-node.ts'
import { findPlatform, hasCode, isAlive, type PlatformState } from './platform-file.ts'
import { findSignIn, type SignIn } from './signed-in/sign-in.ts'

/** A platform that answers, and the way to talk to it. */
export type Platform = {
  url: string
  /** null: of a platform elsewhere. */
  gatewayUrl: string | null
  pid: number | null
  call: Client
  /** Where people reach the page, if it is another address than `url`. */
  publicUrl?: string | undefined
  /** For what is no typed call: the live stream. */
  headers: () => Promise<Readonly<Record<string, string>>>
}

/** A platform on this machine. */
export type LocalPlatform = Platform & {
  gatewayUrl: string
  pid: number
}

/** Of what the platform's page does and no command can. */
export const pageOf = ({ publicUrl, url }: Platform): string => publicUrl ?? url

// A first start makes a database cluster (3 s on 2 cores); a start after a crash may replay its
// log and adopt hundreds of instances.
const startTimeoutMs = 90_000
const stopTimeoutMs = 60_000
const pollMs = 50
/** Together the 20 s that the slower of a stop and a first start takes on 2 cores. */
const lockedStartsMax = 10
const lockedWaitMs = 2000
/** At this size the log of earlier starts is set aside; one older log is kept. */
const logLimitBytes = 16 * 1024 * 1024
/** As much of the end of the log as is searched for the reason of a failed start. */
const reasonLimitBytes = 64 * 1024

// An apply may pull images, and a removal waits for grace periods: both answer when they are done.
const answerLimitMs = 30_000
const longAnswerLimitMs = 900_000

/** A platform that is frozen accepts requests and never answers: that has to be said. */
const withDeadline: typeof fetch = async (input, init) => {
  const isLong = init?.method === 'PUT' || init?.method === 'DELETE'
  const limitMs = isLong ? longAnswerLimitMs : answerLimitMs
  const deadline = AbortSignal.timeout(limitMs)
  const signal = init?.signal ? AbortSignal.any([init.signal, deadline]) : deadline
  try {
    return await ownFetch(input, { ...init, signal })
  } catch (error) {
    if (!deadline.aborted) throw error
    throw tableError('platform_unreachable', `Keelson has not answered for ${limitMs / 1000} s`)
  }
}

const connect = (
  found: PlatformState & { kind: 'running' | 'unready' },
  signIn: SignIn | undefined,
): LocalPlatform => {
  const { url, publicUrl, gatewayUrl, pid } = found.file
  const credentials = signIn?.credentialsAt(url) ?? bearer(found.token)
  return { ...talkTo(url, credentials), publicUrl, gatewayUrl, pid }
}

const talkTo = (url: string, credentials: Credentials) => ({
  url,
  call: createClient({ baseUrl: url, credentials, fetch: withDeadline }),
  headers: async () => {
    const authorization = await credentials.authorization()
    return authorization === undefined ? ownHeaders : { ...ownHeaders, authorization }
  },
})

/** The platform that somebody signed in to, if it is elsewhere. */
const findElsewhere = (signIn: SignIn | undefined): Platform | undefined =>
  signIn == null || signIn.url === null
    ? undefined
    : { ...talkTo(signIn.url, signIn.credentialsAt(signIn.url)), gatewayUrl: null, pid: null }

/** The platform of this data folder if it runs; it may not be ready, its answers tell. */
export const findRunning = async (context: Context): Promise<Platform | undefined> => {
  const signIn = await findSignIn(context)
  const elsewhere = findElsewhere(signIn)
  if (elsewhere !== undefined) return elsewhere
  const found = await findPlatform(context.dataFolder)
  return found.kind === 'running' || found.kind === 'unready' ? connect(found, signIn) : undefined
}

/** The platform of this data folder once it answers that it is ready, or what there is of it. */
export const findReady = async (
  context: Context,
): Promise<Platform | Exclude<PlatformState['kind'], 'running'>> => {
  const signIn = await findSignIn(context)
  const elsewhere = findElsewhere(signIn)
  if (elsewhere !== undefined) return elsewhere
  const found = await findPlatform(context.dataFolder)
  return found.kind === 'running' ? connect(found, signIn) : found.kind
}

/**
 * What `followLive` connects to: first the platform that was just found, and after that only what
 * the data folder leads to, lives, and says that it is ready.
 */
export const liveTargetOf = (context: Context, found: Platform) => {
  let first: Platform | undefined = found
  return async (): Promise<Platform | undefined> => {
    const given = first
    first = undefined
    if (given !== undefined && (given.pid === null || isAlive(given.pid))) return given
    const now = await findReady(context)
    return typeof now === 'object' ? now : undefined
  }
}

/** The running platform, or the error that there is none. */
export const getRunning = async (context: Context): Promise<Platform> => {
  const signIn = await findSignIn(context)
  const elsewhere = findElsewhere(signIn)
  if (elsewhere !== undefined) return elsewhere
  const found = await findPlatform(context.dataFolder)
  if (found.kind === 'running' || found.kind === 'unready') return connect(found, signIn)
  const place = `(data folder ${context.dataFolder})`
  throw tableError(
    'platform_unreachable',
    found.kind === 'crashed'
      ? `Keelson ended without stopping as it should ${place}; keelson up takes over what still runs`
      : `Keelson is not running ${place}`,
  )
}

/** Throws CommandError (exit code 2) when somebody signed in to a platform elsewhere. */
const findSignInHere = async (context: Context): Promise<SignIn | undefined> => {
  const signIn = await findSignIn(context)
  if (signIn == null || signIn.url === null) return signIn
  throw usageError(
    `This works on the machine where Keelson runs, and you are signed in at ${signIn.url}`,
    'keelson logout goes back to the platform of this machine',
  )
}

/** The platform of this data folder, for what is about this machine. Undefined: it does not run. */
export const findRunningHere = async (context: Context): Promise<LocalPlatform | undefined> => {
  const signIn = await findSignInHere(context)
  const found = await findPlatform(context.dataFolder)
  return found.kind === 'running' || found.kind === 'unready' ? connect(found, signIn) : undefined
}

/**
 * The platform of this data folder, started when it does not run: detached, so that it outlives
 * this command and never sees the terminal's Ctrl-C. Throws what kept it from starting.
 */
export const ensureRunning = async (
  context: Context,
  waiting: (what: string) => void,
): Promise<{ platform: LocalPlatform; started: boolean }> => {
  const signIn = await findSignInHere(context)
  const before = await findPlatform(context.dataFolder)
  if (before.kind === 'running') return { platform: connect(before, signIn), started: false }
  if (before.kind === 'unready') {
    waiting('Waiting for Keelson to be ready')
    return { platform: await untilReady(context, before.file.pid), started: false }
  }
  waiting(before.kind === 'crashed' ? 'Starting Keelson after a crash' : 'Starting Keelson')
  return start(context, waiting)
}

const start = async (context: Context, waiting: (what: string) => void) => {
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await startOnce(context)
    if ('platform' in outcome) return { platform: outcome.platform, started: true }
    // Two commands at once, or the one before is still stopping: the lock says that somebody has
    // the folder, not whether it will be running or gone in a moment.
    const isLocked = outcome.problem?.code === 'data_folder_locked'
    if (!isLocked || attempt === lockedStartsMax) throw await startError(outcome)
    waiting('Another Keelson has the data folder; waiting for it')
    const platform = await findOther(context)
    if (platform !== undefined) return { platform, started: false }
  }
}

const startOnce = async (context: Context) => {
  const log = await openLog(context.dataFolder)
  const { size: logFrom } = await log.handle.stat()
  const child = spawn(
    '/bin/sh',
    [watchdogEntry(), process.execPath, ...platformNodeArguments, platformEntry(), '--watched'],
    {
      cwd: context.dataFolder, // a folder that stays, so that no other one is kept from unmounting
      detached: true,
      stdio: ['ignore', log.handle.fd, log.handle.fd],
      env: {
        ...platformEnvironment,
        ...environmentOfPlatform(context.env),
        KEELSON_DATA_DIR: context.dataFolder,
        [pluginFolderVariable]: pluginFolderOf(context), // it runs in another folder
      },
    },
  )
  await once(child, 'spawn')
  await log.handle.close()
  const exited = new AbortController()
  child.once('exit', () => exited.abort())
  child.unref()
  try {
    return { platform: await untilReady(context, child.pid ?? 0, exited.signal) }
  } catch (error) {
    if (!exited.signal.aborted) throw error
    return findLastWords(log.path, logFrom)
  }
}

const openLog = async (dataFolder: string) => {
  const folder = join(dataFolder, 'logs')
  const path = join(folder, 'platform.log')
  try {
    await mkdir(dataFolder, { recursive: true, mode: 0o700 })
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const size = (await stat(path).catch(() => undefined))?.size ?? 0
    if (size > logLimitBytes) await rename(path, `${path}.1`)
    return { path, handle: await open(path, 'a', 0o600) }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const hint =
      'Make the folder yours, free some space, or set KEELSON_DATA_DIR to another folder.'
    const message = `The data folder ${dataFolder} cannot be written: ${reason}`
    const code = hasCode(error, 'ENOSPC') ? 'disk_full' : 'data_folder'
    throw new CommandError(code, exitCodes.failure, [{ message, hint }], { cause: error })
  }
}

/** Polls until the platform of that process answers that it is ready. */
const untilReady = async (
  context: Context,
  pid: number,
  ended?: AbortSignal,
): Promise<LocalPlatform> => {
  const deadline = Date.now() + startTimeoutMs
  while (Date.now() < deadline) {
    const found = await findPlatform(context.dataFolder)
    if (found.kind === 'running') return connect(found, await findSignInHere(context))
    if (ended?.aborted === true || !isAlive(pid)) {
      throw tableError('platform_unreachable', 'Keelson ended before it was ready')
    }
    await sleep(pollMs)
  }
  const log = join(context.dataFolder, 'logs', 'platform.log')
  const message = `Keelson (pid ${pid}) is not ready after ${startTimeoutMs / 1000} s`
  throw new CommandError('platform_unreachable', exitCodes.unhealthy, [
    { message, hint: `Read ${log}; keelson doctor looks for the usual causes.` },
  ])
}

/** The platform that another command has begun to start, if it is ready soon. */
const findOther = async (context: Context): Promise<LocalPlatform | undefined> => {
  const deadline = Date.now() + lockedWaitMs
  while (Date.now() < deadline) {
    const found = await findPlatform(context.dataFolder)
    if (found.kind === 'running') return connect(found, await findSignInHere(context))
    await sleep(pollMs)
  }
  return undefined
}

/** The platform's last words: one JSON line with its fatal problem, or at least an error's name. */
const findLastWords = async (path: string, from: number): Promise<LastWords> => {
  const handle = await open(path, 'r')
  try {
    const { size } = await handle.stat()
    const begin = Math.max(from, size - reasonLimitBytes)
    const { buffer, bytesRead } = await handle.read({
      buffer: Buffer.alloc(Math.max(1, size - begin)),
      position: begin,
    })
    const lines = buffer.subarray(0, bytesRead).toString('utf8').trimEnd().split('\n').reverse()
    return {
      problem: lines.map(findProblem).find((problem) => problem !== undefined),
      error: lines.find((line) => /^\w*Error\b.*: /.test(line)),
      log: path,
    }
  } finally {
    await handle.close()
  }
}

type LastWords = { problem: Problem | undefined; error: string | undefined; log: string }

const findProblem = (line: string): Problem | undefined => {
  if (!line.startsWith('{')) return undefined
  try {
    const value: unknown = JSON.parse(line)
    if (typeof value !== 'object' || value === null) return undefined
    const isProblem = ['code', 'title', 'detail', 'hint'].every(
      (key) => typeof (value as Record<string, unknown>)[key] === 'string',
    )
    return isProblem ? ({ status: 500, type: 'about:blank', ...value } as Problem) : undefined
  } catch {
    return undefined // another program's line
  }
}

const startError = async ({ problem, error, log }: LastWords): Promise<CommandError> => {
  if (problem === undefined) {
    const message = `Keelson ended before it was ready${error === undefined ? ', without saying why' : `: ${error}`}`
    return new CommandError('platform_unreachable', exitCodes.failure, [
      { message, hint: `Read ${log}` },
    ])
  }
  const { code, exitCode, faults } = failureOfProblem(problem)
  const who = code === 'port_taken' ? await describeHolder(problem.detail) : ''
  const named = faults.map((fault) => ({
    ...fault,
    message: `Keelson could not start: ${fault.message}${who}`,
    // The hint of the table speaks of a request; here the stack trace lies right above that line.
    ...(code === 'internal' ? { hint: `Read the end of ${log} and report it.` } : {}),
  }))
  return new CommandError(code, exitCode, named)
}

/** ` by python3 (pid 4121)`, when the message names a port and the system shows who has it. */
const describeHolder = async (message: string): Promise<string> => {
  const port = /\bport (\d{1,5})\b/i.exec(message)?.[1]
  if (port === undefined || / by /.test(message)) return ''
  return byPortOwner(Number(port))
}

/** Stops the platform and everything it runs; resolves when its process is gone. */
export const stopPlatform = async (platform: LocalPlatform): Promise<void> => {
  await platform.call('stopSystem', {})
  const deadline = Date.now() + stopTimeoutMs
  while (isAlive(platform.pid)) {
    if (Date.now() > deadline) {
      const message = `Keelson (pid ${platform.pid}) has not ended ${stopTimeoutMs / 1000} s after it was asked to`
      throw new CommandError('platform_stuck', exitCodes.unhealthy, [
        {
          message,
          hint: `Look at what it waits for: keelson logs; the last resort: kill ${platform.pid}`,
        },
      ])
    }
    await sleep(pollMs)
  }
}
