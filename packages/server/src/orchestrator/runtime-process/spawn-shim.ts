import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Shell } from './shell.ts'

export type ShimStart = {
  shell: Shell
  args: readonly string[]
  environment: Readonly<Record<string, string>>
  cwd: string
}

/** Starts a shim, which outlives us; calls back should it end while we still do not. */
export const spawnShim = async (
  { shell, args, environment, cwd }: ShimStart,
  onExit: (code: number | null) => void,
): Promise<void> => {
  const [program, ...options] = shell.words
  const argv = [...options, join(import.meta.dirname, 'shim.sh'), ...args]
  const child = spawn(program, argv, { cwd, env: environment, detached: true, stdio: 'ignore' })
  child.unref()
  child.once('exit', onExit)
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', reject)
  })
}
