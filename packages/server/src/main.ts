import { readFile } from 'node:fs/promises'
import { flushCompileCache } from 'node:module'
import { parseArgs } from 'node:util'
import { systemClock } from './kernel/clock.ts'
import { parseEnv } from './kernel/env.ts'
import { AppError } from './kernel/errors.ts'
import { startTarget, targets, type Running, type Target } from './kernel/lifecycle.ts'
import { createLog, createLogSink } from './kernel/log.ts'
import { lockDataFolder } from './kernel/postgres/index.ts'
import { problemOf } from './kernel/problem.ts'
import { keepWatchdog } from './kernel/watchdog.ts'
import { createGraph, type Modules } from './graph.ts'

/** sysexits.h EX_CONFIG: starting again will not help, so nobody should try. */
const exitConfiguration = 78

const parseTarget = (): { target: Target; watched: boolean } => {
  const { values } = parseArgs({
    options: {
      target: { type: 'string', default: 'all' },
      /** Somebody starts it again when it dies, and is to be replaced when that one dies. */
      watched: { type: 'boolean', default: false },
    },
  })
  const { watched } = values
  // Under `all` the control process starts the other targets as children of its own.
  if (values.target === 'all') return { target: 'control', watched }
  const target = targets.find((name) => name === values.target)
  if (target !== undefined) return { target, watched }
  const message = `--target is ${values.target}, not one of all, ${targets.join(', ')}`
  throw new AppError('env_invalid', { message })
}

const main = async (): Promise<void> => {
  const startedAt = new Date()
  const { target, watched } = parseTarget()
  const env = parseEnv(process.env)
  const sink = createLogSink()
  const log = createLog({ level: env.logLevel, target, destination: sink })
  const manifest = await readFile(new URL('../package.json', import.meta.url), 'utf8')
  const { version } = JSON.parse(manifest) as { version: string }
  // One control process for a data folder; held until this process ends, however it ends.
  // Referred to until then: a lock that is collected as garbage is a lock given back.
  const lock = target === 'control' ? await lockDataFolder(env.dataDir) : undefined
  process.once('exit', () => lock?.release())

  let starting: Promise<Running<Modules>> | undefined
  let running: Running<Modules> | undefined
  let keepStacks = false
  let stopping: Promise<void> | undefined
  const stop = (options: { keepStacks: boolean }): void => {
    keepStacks = options.keepStacks
    stopping ??= (async () => {
      log.info({ keepStacks }, 'stopping')
      // A start under way is let end, or it would leave behind what it is just making.
      await (await starting?.catch(() => undefined))?.stop()
      log.info({}, 'stopped')
      process.exit(0)
    })()
  }
  process.once('SIGTERM', () => stop({ keepStacks: false }))
  process.once('SIGINT', () => stop({ keepStacks: false }))

  const graph = createGraph({
    env,
    log,
    version,
    startedAt,
    target,
    clock: systemClock,
    mainFile: import.meta.filename,
    readiness: () => running?.readiness() ?? new Map([['start', false]]),
    stop,
    keepsStacks: () => keepStacks,
    redirectLog: (to) => sink.redirect(to),
  })
  starting = startTarget(graph, target, log)
  running = await starting
  if (watched) keepWatchdog(env.dataDir, log)
  flushCompileCache() // Node itself writes it at the end only, and a kill has none
  log.info({ version, durationMs: Date.now() - startedAt.getTime() }, 'started')
}

main().catch((error: unknown) => {
  // The last line on stderr is the problem, for whoever started this process to show.
  const problem = problemOf(error, { instance: 'start', id: String(process.pid) })
  if (!(error instanceof AppError)) console.error(error)
  console.error(JSON.stringify(problem))
  process.exit(error instanceof AppError ? exitConfiguration : 1)
})
