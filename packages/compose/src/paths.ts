import { homedir } from 'node:os'
import { isAbsolute, join, posix } from 'node:path'
import type { Environment } from './environment.ts'

/** `base` is what relative paths are relative to; relative itself when paths are kept so. */
export type PathContext = { base: string; environment: Environment }

/** `~` is the home of the given environment; what is absolute stays as it is written. */
export function resolvePath(path: string, { base, environment }: PathContext): string {
  if (path === '' || isWindowsPath(path)) return path
  const expanded = path.startsWith('~')
    ? join(environment.get('HOME')?.value || homedir(), path.slice(1))
    : path
  return isAbsolute(expanded) ? expanded : withoutSlash(join(base, expanded))
}

export function isWindowsPath(path: string): boolean {
  return /^[a-zA-Z]:/.test(path) || path.startsWith('\\\\')
}

/** What a builder fetches instead of reading from disk. */
export function isRemoteContext(context: string): boolean {
  return /^(https?:\/\/|git:\/\/|ssh:\/\/|git@|github\.com\/)/.test(context)
}

/** What Docker Compose would fetch in place of a compose file. */
export function isRemoteFile(path: string): boolean {
  return /^(https?:|git:|ssh:|git@|oci:|github\.com\/)/.test(path)
}

/** Go's path.Clean for paths inside of containers: no trailing slash, no `.` and `..`. */
export function cleanPath(path: string): string {
  return withoutSlash(posix.normalize(path))
}

function withoutSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
}
