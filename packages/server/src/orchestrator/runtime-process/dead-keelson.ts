import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { LogStore } from '../logs/log-store.ts'
import type { InstanceSpec } from '../runtime.ts'

/** A Keelson in a process of its own, to be killed: starts the instances and follows their logs. */
export const spawnSupervisor = (dir: string, instances: readonly InstanceSpec[]): ChildProcess => {
  const here = (path: string): string =>
    JSON.stringify(pathToFileURL(join(import.meta.dirname, path)).href)
  const script = `
    import { systemClock as clock } from ${here('../../kernel/clock.ts')}
    import { createLogStore } from ${here('../logs/log-store.ts')}
    import { createProcessRuntime } from ${here('process-runtime.ts')}
    const log = { info() {}, warn() {} }
    const logs = createLogStore({ dir: ${JSON.stringify(join(dir, 'logs'))}, clock })
    const stateDir = ${JSON.stringify(join(dir, 'run'))}
    const runtime = createProcessRuntime({ stateDir, logs, clock, log })
    await runtime.observe()
    process.send('ready')
    for (const instance of ${JSON.stringify(instances)}) await runtime.start(instance)
    process.send('started')
    setInterval(() => {}, 1000)
  `
  const args = ['--input-type=module', '-e', script]
  return spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
}

/** Resolves when the child has said so. */
export const heard = (child: ChildProcess, message: string): Promise<void> =>
  new Promise((resolve) => {
    child.on('message', (found) => {
      if (found === message) resolve()
    })
  })

/** kill -9 */
export const kill = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    child.once('exit', () => resolve())
    child.kill('SIGKILL')
  })

/** Every line of the log of an instance. */
export const textsOf = async (logs: LogStore, instance: string): Promise<string[]> => {
  const texts: string[] = []
  let before: string | undefined
  for (;;) {
    const query = { stack: 'cases', instances: [instance], limit: 1000 }
    const page = await logs.page(before === undefined ? query : { ...query, before })
    texts.unshift(...page.items.map((line) => line.text))
    if (page.previousCursor === null) return texts
    before = page.previousCursor
  }
}
