import { createHash } from 'node:crypto'
import { lstat, readlink, stat } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import type { BuildSpec } from '@keelson/contract'
import { systemClock, type Clock } from '../../kernel/clock.ts'
import { AppError, messageOf } from '../../kernel/errors.ts'
import { hashRegularFile, readRegularFile } from '../../kernel/read-file.ts'
import { parseDockerIgnore, type IgnoreRule } from './docker-ignore.ts'
import { walkFolder } from './folder-walk.ts'
import type { MemoryEntry } from './tar-stream.ts'

/** What a build sends to the engine. */
export type BuildContext = {
  folder: string
  /** Path of the Dockerfile inside what is sent. */
  dockerfile: string
  /** Its text; null when there is none. */
  text: string | null
  ignored: IgnoreRule
  /** Sent besides the files of the folder. */
  more: MemoryEntry[]
}

/** A repository or an archive that the engine fetches itself. */
export const isRemoteContext = ({ context }: BuildSpec): boolean =>
  /^(https?|git|ssh):\/\/|^git@|^github\.com\//.test(context)

/**
 * Reads which files a build sends: `.dockerignore`, a Dockerfile inline or outside of the folder.
 * Throws AppError('stack_invalid') for one that is there and cannot be read: without its rules a
 * build would send keys and passwords.
 */
export const readBuildContext = async (
  build: BuildSpec,
  stackDir: string,
): Promise<BuildContext> => {
  const folder = resolve(stackDir, build.context)
  const given = build.dockerfile ?? 'Dockerfile'
  // `./Dockerfile` is called `Dockerfile` in what is sent, and by the rules of `.dockerignore`.
  const inside = relative(folder, resolve(folder, given))
  const rules = await ignoreRules(folder, inside)
  const isInside = inside !== '..' && !inside.startsWith('../')
  if (build.dockerfileInline === undefined && isInside) {
    const text = await readText(join(folder, inside))
    return { folder, dockerfile: inside, text, ignored: rules.ignored, more: [] }
  }
  const text = build.dockerfileInline ?? (await readText(resolve(folder, given)))
  const id = sha256(text ?? '').slice(0, 12)
  const dockerfile = `.dockerfile.${id}`
  // The engine's builder takes both out again, as for Docker's own command.
  const hidden = `${rules.text ?? '.dockerignore'}\n${dockerfile}\n`
  const more = [
    { path: dockerfile, mode: 0o600, content: Buffer.from(text ?? '') },
    { path: '.dockerignore', mode: 0o600, content: Buffer.from(hidden) },
  ]
  return { folder, dockerfile, text, ignored: rules.ignored, more }
}

/** Nobody writes a Dockerfile or a `.dockerignore` of this size. */
const textLimitBytes = 1024 * 1024

/** Null when there is no such file. */
const readText = async (path: string): Promise<string | null> => {
  try {
    return (await readRegularFile(path, { limitBytes: textLimitBytes }))?.toString('utf8') ?? null
  } catch (error) {
    throw unreadable(messageOf(error), error)
  }
}

const unreadable = (message: string, cause: unknown): AppError => {
  const hint = 'Correct the path or its permissions; a build reads plain files alone.'
  return new AppError('stack_invalid', { message }, { hint, cause })
}

/** A file named after the Dockerfile goes before the common one. Both files are always sent. */
const ignoreRules = async (
  folder: string,
  dockerfile: string,
): Promise<{ text: string | null; ignored: IgnoreRule }> => {
  for (const name of [`${dockerfile}.dockerignore`, '.dockerignore']) {
    const text = await readText(join(folder, name))
    if (text === null) continue
    const rule = rulesIn(join(folder, name), text)
    const ignored = (path: string): boolean => path !== dockerfile && path !== name && rule(path)
    const takesBack = rule.takesBack === true || dockerfile.includes('/')
    return { text, ignored: Object.assign(ignored, { takesBack }) }
  }
  return { text: null, ignored: () => false }
}

const rulesIn = (path: string, text: string): IgnoreRule => {
  try {
    return parseDockerIgnore(text)
  } catch (error) {
    throw unreadable(`${path} holds a pattern that means nothing: ${messageOf(error)}`, error)
  }
}

/** Beyond these a context is most likely the wrong folder, and hashing it would take minutes. */
const filesMax = 100_000
const bytesMax = 4 * 1024 ** 3
/** A digest that names its files one by one must stay something to store and to show. */
const entriesMax = 1000
/** Four gigabytes come from a slow disk within this; beyond it the disk hangs. */
const digestLimitMs = 300_000

type Known = { stamp: string; hash: string }
const known = new Map<string, Known>()
const knownMax = 2 * filesMax

/**
 * Digest of what a build would send: names, modes and contents, without what is ignored. `entries`
 * holds the digest of each file, for contexts of up to 1000. Contents are read again only when size
 * or times of a file have changed. Throws AppError('stack_invalid') for a folder that is not there,
 * is too large, or takes longer to read than five minutes.
 */
export const contextDigest = async (
  build: BuildSpec,
  stackDir: string,
  clock: Clock = systemClock,
): Promise<ContextDigest> => {
  if (isRemoteContext(build)) {
    return { digest: createHash('sha256').update(build.context).digest('hex') }
  }
  const folder = resolve(stackDir, build.context)
  const refuse: Refuse = (reason, hint) => {
    const message = `The build context ${folder} cannot be used: ${reason}`
    return new AppError('stack_invalid', { message }, hint === undefined ? {} : { hint })
  }
  const stop = new AbortController()
  const limit = Promise.withResolvers<never>()
  const timer = clock.setTimer(() => {
    stop.abort()
    const hint = 'Look whether the disk answers, and leave out what is large with a .dockerignore.'
    limit.reject(refuse(`reading it takes longer than ${digestLimitMs / 1000} s`, hint))
  }, digestLimitMs)
  try {
    return await Promise.race([digestOfFolder(build, stackDir, refuse, stop.signal), limit.promise])
  } catch (error) {
    throw error instanceof AppError ? error : refuse(messageOf(error))
  } finally {
    timer.cancel()
  }
}

export type ContextDigest = { digest: string; entries?: Record<string, string> }

type Refuse = (reason: string, hint?: string) => AppError

const digestOfFolder = async (
  build: BuildSpec,
  stackDir: string,
  refuse: Refuse,
  signal: AbortSignal,
): Promise<ContextDigest> => {
  const root = resolve(stackDir, build.context)
  if ((await stat(root).catch(() => null))?.isDirectory() !== true) {
    throw refuse('there is no such folder')
  }
  const { folder, ignored, more } = await readBuildContext(build, stackDir)
  const entries = new Map<string, string>()
  let bytesLeft = bytesMax
  for await (const { path, kind } of walkFolder(folder, ignored)) {
    signal.throwIfAborted()
    const found = await digestOfEntry(join(folder, path), kind, { bytesLeft, signal })
    if (found !== null) bytesLeft -= found.bytes
    if (entries.size >= filesMax || found === null) {
      const much = `it holds more than ${filesMax} files or ${bytesMax / 1024 ** 3} GiB`
      throw refuse(much, 'Leave out what the build does not need with a .dockerignore.')
    }
    entries.set(path, found.digest)
  }
  for (const { path, content } of more) entries.set(path, sha256(content ?? ''))
  const hash = createHash('sha256')
  for (const [path, digest] of entries) hash.update(`${path}\0${digest}\n`)
  const digest = hash.digest('hex')
  return entries.size > entriesMax ? { digest } : { digest, entries: Object.fromEntries(entries) }
}

const sha256 = (content: Buffer | string): string =>
  createHash('sha256').update(content).digest('hex')

/** Null for a file that is larger than what is left: it is not read. */
const digestOfEntry = async (
  path: string,
  kind: 'file' | 'folder' | 'link',
  { bytesLeft, signal }: { bytesLeft: number; signal: AbortSignal },
): Promise<{ digest: string; bytes: number } | null> => {
  const found = await lstat(path).catch(() => null)
  if (found === null) return { digest: '', bytes: 0 } // Removed since it was listed.
  const mode = (found.mode & 0o7777).toString(8)
  if (kind === 'folder') return { digest: `d${mode}`, bytes: 0 }
  if (kind === 'link') return { digest: `l${await readlink(path)}`, bytes: 0 }
  if (found.size > bytesLeft) return null
  const stamp = [found.size, found.mtimeMs, found.ctimeMs, found.ino].join(':')
  const before = known.get(path)
  const options = { limitBytes: bytesLeft, signal, followLinks: false }
  const hash = before?.stamp === stamp ? before.hash : await hashRegularFile(path, options)
  if (before?.stamp !== stamp) {
    if (known.size >= knownMax) known.clear()
    known.set(path, { stamp, hash })
  }
  return { digest: `f${mode}:${hash}`, bytes: found.size }
}
