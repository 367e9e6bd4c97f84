import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What a running platform says about itself in `platform.json` of its data folder. */
export type PlatformFile = {
  pid: number
  startedAt: string
  url: string
  /** Where others reach it, when there is such an address. */
  publicUrl?: string
  gatewayUrl: string
  version: string
  /** Folder of plugins of one's own, when it was started with one. */
  gatewayPlugins?: string
}

/**
 * - `running`: it answers
 * - `unready`: it lives, but does not answer that it is ready (starting, or its database is away)
 * - `crashed`: the file is there and the process is not; what it ran may still be running
 * - `absent`: it was never started, or stopped as it should
 */
export type PlatformState =
  | { kind: 'running' | 'unready'; file: PlatformFile; token: string }
  | { kind: 'crashed'; file: PlatformFile }
  | { kind: 'absent' }

const readyTimeoutMs = 3000

/** Looks once. Never throws for what a crash may leave behind: half a file counts as none. */
export const findPlatform = async (dataFolder: string): Promise<PlatformState> => {
  const file = await readPlatformFile(dataFolder)
  if (file === undefined) return { kind: 'absent' }
  if (!isAlive(file.pid)) return { kind: 'crashed', file }
  const token = await readToken(dataFolder)
  const answer = await askReady(file.url)
  if (answer === 'refused') {
    // The pid may belong to another program by now: ours would listen. Right after its start or
    // before its end it does not, and the folder lock tells the two apart when it is started again.
    return { kind: 'crashed', file }
  }
  return { kind: answer === 'ready' && token !== '' ? 'running' : 'unready', file, token }
}

/** Undefined when there is none, or half of one. */
export const readPlatformFile = async (dataFolder: string): Promise<PlatformFile | undefined> => {
  try {
    const parsed: unknown = JSON.parse(await readFile(join(dataFolder, 'platform.json'), 'utf8'))
    return isPlatformFile(parsed) ? parsed : undefined
  } catch (error) {
    if (error instanceof SyntaxError || hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined
    throw error
  }
}

const isPlatformFile = (value: unknown): value is PlatformFile =>
  typeof value === 'object' &&
  value !== null &&
  'pid' in value &&
  Number.isInteger(value.pid) &&
  'url' in value &&
  typeof value.url === 'string' &&
  'gatewayUrl' in value &&
  typeof value.gatewayUrl === 'string'

const readToken = async (dataFolder: string): Promise<string> => {
  try {
    return (await readFile(join(dataFolder, 'token'), 'utf8')).trim()
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return ''
    throw error
  }
}

const askReady = async (url: string): Promise<'ready' | 'unready' | 'refused'> => {
  try {
    const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(readyTimeoutMs) })
    await answer.body?.cancel()
    return answer.ok ? 'ready' : 'unready'
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined
    return hasCode(cause, 'ECONNREFUSED') ? 'refused' : 'unready'
  }
}

/** Whether a process of this id lives; one that belongs to somebody else lives too. */
export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return hasCode(error, 'EPERM')
  }
}

export const hasCode = (error: unknown, ...codes: string[]): boolean =>
  error instanceof Error && 'code' in error && codes.includes(String(error.code))
