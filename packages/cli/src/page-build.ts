import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { readdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { webFolder, webIndex } from './paths.ts'

export type PageBuild = { kind: 'fresh' | 'built' | 'absent' } | { kind: 'failed'; output: string }

const outputLimit = 16 * 1024

/**
 * Builds the page when it was never built, or when its sources are newer (after a pull). It is not
 * part of the repository, and nobody should have to know that before the first `up`.
 */
export const buildPage = async (building: () => void): Promise<PageBuild> => {
  const built = await stat(webIndex).catch(() => undefined)
  const sources = await newestChange(join(webFolder, 'src')).catch(() => undefined)
  if (sources === undefined) return { kind: built === undefined ? 'absent' : 'fresh' }
  if (built !== undefined && built.mtimeMs >= sources) return { kind: 'fresh' }
  const vite = findVite()
  if (vite === undefined) return { kind: built === undefined ? 'absent' : 'fresh' }
  building()
  const output = await runBuild(vite)
  return output === undefined ? { kind: 'built' } : { kind: 'failed', output }
}

/** Undefined when it was built; what the build said otherwise. */
const runBuild = async (vite: string): Promise<string | undefined> => {
  const child = spawn(process.execPath, [vite, 'build', '--logLevel', 'warn'], {
    cwd: webFolder,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, NO_COLOR: '1' },
  })
  let output = ''
  child.stderr.setEncoding('utf8')
  child.stderr.on('data', (text: string) => {
    output = (output + text).slice(-outputLimit)
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return code === 0 ? undefined : output
}

/** Vite is a development dependency: without it the page comes built. */
const findVite = (): string | undefined => {
  try {
    const main = createRequire(join(webFolder, 'package.json')).resolve('vite/package.json')
    return join(dirname(main), 'bin', 'vite.js')
  } catch {
    return undefined
  }
}

const newestChange = async (folder: string): Promise<number> => {
  const entries = await readdir(folder, { recursive: true })
  const stats = await Promise.all(entries.map((entry) => stat(join(folder, entry))))
  return stats.reduce((newest, { mtimeMs }) => Math.max(newest, mtimeMs), 0)
}
