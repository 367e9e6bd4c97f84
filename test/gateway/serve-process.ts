import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { root } from '../harness.ts'
import { freePort } from '../../packages/server/src/gateway/testing/gateway.ts'

const launcher = path.join(root, 'packages/cli/bin/keelson')

export type ServeProcess = AsyncDisposable & {
  port: number
  /** All that it has said on both of its outputs. */
  said(): string
  /** Waits until it says so. */
  says(pattern: RegExp): Promise<void>
  /** Writes the file anew and has it read again. */
  reload(text: string): Promise<void>
  isAlive(): boolean
}

/** `keelson gateway serve` in a process of its own; `limits` come before it in the shell. */
export const serveInProcess = async (text: string, limits = ''): Promise<ServeProcess> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'keelson-serve-'))
  const file = path.join(folder, 'kong.yml')
  await writeFile(file, text)
  const port = await freePort()
  const child = spawn(
    'sh',
    ['-c', `${limits} exec sh "$0" gateway serve "$1" --port "$2"`, launcher, file, String(port)],
    { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let heard = ''
  const checks = new Set<() => void>()
  const hear = (piece: Buffer): void => {
    heard += piece.toString()
    for (const check of checks) check()
  }
  child.stdout.on('data', hear)
  child.stderr.on('data', hear)
  const exited = once(child, 'exit')
  const says = (pattern: RegExp): Promise<void> =>
    new Promise((resolve, reject) => {
      const done = (error?: Error): void => {
        clearTimeout(timer)
        checks.delete(check)
        if (error === undefined) resolve()
        else reject(error)
      }
      const check = (): void => {
        if (pattern.test(heard)) done()
      }
      const timer = setTimeout(() => done(new Error(`not said: ${pattern}; but ${heard}`)), 30_000)
      checks.add(check)
      check()
    })
  await says(/is served on/)
  return {
    port,
    said: () => heard,
    says,
    reload: async (next) => {
      await writeFile(file, next)
      heard = ''
      child.kill('SIGHUP')
    },
    isAlive: () => child.exitCode === null && child.signalCode === null,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL')
      await exited
      await rm(folder, { recursive: true, force: true })
    },
  }
}
