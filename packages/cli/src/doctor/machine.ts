import { access, constants, stat, statfs } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname } from 'node:path'
import { isByAcme } from './certificate.ts'
import type { Check } from './check.ts'
import type { Context } from '../context.ts'
import { hasCode, type PlatformState } from '../platform-file.ts'
import { byPortOwner } from '../port-owner.ts'

const nodeMajorMin = 24
/** A database cluster takes 40 MB, its log and the services' logs some hundreds. */
const freeBytesMin = 1024 ** 3

export const checkNode = (): Check => {
  const { node } = process.versions
  const isEnough = Number(node.split('.')[0]) >= nodeMajorMin
  const detail = `${node} (${process.execPath})`
  if (isEnough) return { name: 'node', state: 'ok', detail }
  return { name: 'node', state: 'failed', detail, hint: `Install Node ${nodeMajorMin} or newer` }
}

export const checkPlatform = (state: PlatformState): Check => {
  const name = 'platform'
  if (state.kind === 'absent') return { name, state: 'skipped', detail: 'not running' }
  const { pid, url, publicUrl, version } = state.file
  const where = publicUrl === undefined ? url : `${url}, for others ${publicUrl}`
  const who = `Keelson ${version}, pid ${pid}, ${where}`
  if (state.kind === 'running') return { name, state: 'ok', detail: `running: ${who}` }
  if (state.kind === 'unready') {
    const hint = 'Wait a moment; if it stays so, read logs/platform.log in the data folder'
    return { name, state: 'failed', detail: `not ready: ${who}`, hint }
  }
  const hint = 'Start it again, it takes over what still runs: keelson up (or keelson down --all)'
  return { name, state: 'failed', detail: `ended without stopping as it should: ${who}`, hint }
}

export const checkDataFolder = async (folder: string): Promise<Check[]> => {
  const name = 'data folder'
  try {
    const { uid, mode } = await stat(folder)
    return [checkOwner(folder, uid, mode & 0o777), await checkSpace(folder)]
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) {
      const detail = error instanceof Error ? error.message : String(error)
      return [{ name, state: 'failed', detail, hint: 'Set KEELSON_DATA_DIR to another folder' }]
    }
  }
  const parent = await nearestFolder(dirname(folder))
  const isWritable = await access(parent, constants.W_OK).then(
    () => true,
    () => false,
  )
  if (isWritable) {
    const detail = `${folder} will be made by the first keelson up`
    return [{ name, state: 'skipped', detail }, await checkSpace(parent)]
  }
  const detail = `${folder} cannot be made: ${parent} is not writable`
  return [{ name, state: 'failed', detail, hint: 'Set KEELSON_DATA_DIR to another folder' }]
}

const checkOwner = (folder: string, uid: number, mode: number): Check => {
  const name = 'data folder'
  if (uid !== process.getuid?.()) {
    const hint = `Run Keelson as its owner, or: sudo chown -R "$(id -u)" ${folder}`
    return { name, state: 'failed', detail: `${folder} belongs to uid ${uid}`, hint }
  }
  const octal = mode.toString(8).padStart(3, '0')
  // Group and others may pass through (PostgreSQL runs as another user under root), never read.
  if ((mode & 0o066) !== 0) {
    const detail = `${folder} can be read or written by others (mode ${octal})`
    return { name, state: 'failed', detail, hint: `chmod 700 ${folder}` }
  }
  return { name, state: 'ok', detail: `${folder} (yours, mode ${octal})` }
}

const checkSpace = async (folder: string): Promise<Check> => {
  const { bavail, bsize } = await statfs(folder)
  const freeBytes = bavail * bsize
  const detail = `${(freeBytes / 1024 ** 3).toFixed(1)} GiB free`
  if (freeBytes >= freeBytesMin) return { name: 'disk', state: 'ok', detail }
  const hint = `Free some space on the disk that holds ${folder}`
  return { name: 'disk', state: 'failed', detail, hint }
}

const nearestFolder = async (folder: string): Promise<string> => {
  for (let at = folder; ; at = dirname(at)) {
    const isThere = await stat(at).then(
      () => true,
      () => false,
    )
    if (isThere || at === dirname(at)) return at
  }
}

export const checkPorts = async (env: Context['env'], state: PlatformState): Promise<Check[]> => {
  const host = env['KEELSON_HOST'] ?? '127.0.0.1'
  const running = state.kind === 'running' || state.kind === 'unready' ? state.file : undefined
  const hasTls = Boolean(env['KEELSON_TLS_CERT_FILE']) || isByAcme(env)
  const tlsPort = hasTls ? (env['KEELSON_TLS_PORT'] ?? '7443') : undefined
  const ours = new Set([running?.url, running?.gatewayUrl].map((url) => url && new URL(url).port))
  const wanted = [
    { variable: 'KEELSON_PORT', port: env['KEELSON_PORT'] ?? '7070', what: 'page and API' },
    {
      variable: 'KEELSON_GATEWAY_PORT',
      port: env['KEELSON_GATEWAY_PORT'] ?? '8080',
      what: 'gateway',
    },
    ...(tlsPort === undefined
      ? []
      : [{ variable: 'KEELSON_TLS_PORT', port: tlsPort, what: 'page and API by TLS' }]),
  ]
  if (running !== undefined) ours.add(tlsPort) // the start would have failed
  return Promise.all(
    wanted.map(async ({ variable, port, what }): Promise<Check> => {
      const name = `port ${port}`
      if (ours.has(port)) return { name, state: 'ok', detail: `Keelson's (${what})` }
      const fault = await tryListen(host, Number(port))
      if (fault === undefined) return { name, state: 'ok', detail: `free (${what})` }
      const by = fault === 'EADDRINUSE' ? await byPortOwner(Number(port)) : ''
      const detail = fault === 'EADDRINUSE' ? `in use${by}` : `cannot be listened on: ${fault}`
      const hint = `Stop that program, or set ${variable} to a free port`
      return { name, state: 'failed', detail: `${detail} (wanted for ${what})`, hint }
    }),
  )
}

/** The error code that keeps one from listening there; undefined when the port is free. */
const tryListen = (host: string, port: number): Promise<string | undefined> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    try {
      server.listen({ host, port, exclusive: true }, () => {
        server.close(() => resolve(undefined))
      })
    } catch (error) {
      resolve(error instanceof Error ? error.message : String(error)) // not a port at all
    }
  })
