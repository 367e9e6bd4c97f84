import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { isAbsolute, resolve } from 'node:path'
import { StringDecoder } from 'node:string_decoder'
import type { BuildSpec } from '@keelson/contract'
import type { Clock, Timer } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Engine } from './engine.ts'

/** Is Docker's own front end of BuildKit installed? A session with BuildKit is its business. */
export const hasBuildx = (engine: Engine): Promise<boolean> =>
  new Promise((settle) => {
    const options = { timeout: 10_000, env: environmentOf(engine) }
    execFile('docker', ['buildx', 'version'], options, (error) => settle(error === null))
  })

const environmentOf = (engine: Engine): NodeJS.ProcessEnv => ({
  ...process.env,
  DOCKER_HOST: engine.address,
})

export type BuildxRun = {
  build: BuildSpec
  /** Absolute, or the address of a repository. */
  context: string
  tags: readonly string[]
  labels: Readonly<Record<string, string>>
  platforms: readonly string[]
}

/** What `docker buildx` is asked to do. */
export const buildxArguments = ({ build, context, tags, labels, platforms }: BuildxRun) => {
  const each = (option: string, values: readonly string[] = []): string[] =>
    values.flatMap((value) => [option, value])
  const pairs = (option: string, map: Readonly<Record<string, string>> = {}): string[] =>
    each(
      option,
      Object.entries(map).map(([key, value]) => `${key}=${value}`),
    )
  const inline = build.dockerfileInline !== undefined
  return [
    ...['buildx', 'build', '--progress', 'plain', '--load'],
    ...each('--tag', tags),
    ...(inline ? ['--file', '-'] : each('--file', optional(dockerfileIn(context, build)))),
    ...each('--target', optional(build.target)),
    // Names alone: what stands in a command line is readable by every user of this machine.
    ...each('--build-arg', Object.keys(build.args)),
    ...pairs('--label', labels),
    ...pairs('--build-context', build.additionalContexts),
    ...each('--cache-from', build.cacheFrom),
    ...each('--cache-to', build.cacheTo),
    ...each('--add-host', build.extraHosts),
    ...each('--network', optional(build.network)),
    ...each('--platform', platforms.length === 0 ? [] : [platforms.join(',')]),
    ...each(
      '--secret',
      Object.entries(build.secrets ?? {}).map(([id, path]) => `id=${id},src=${path}`),
    ),
    ...each('--ssh', build.ssh),
    ...each('--shm-size', optional(build.shmSizeBytes?.toString())),
    ...each(
      '--ulimit',
      Object.entries(build.ulimits ?? {}).map(
        ([name, { soft, hard }]) => `${name}=${soft}:${hard}`,
      ),
    ),
    ...(build.noCache === true ? ['--no-cache'] : []),
    ...(build.pull === true ? ['--pull'] : []),
    ...(build.privileged === true ? ['--allow', 'security.insecure'] : []),
    context,
  ]
}

/** In a build definition it is relative to the context, on a command line to where that is run. */
const dockerfileIn = (context: string, { dockerfile }: BuildSpec): string | undefined =>
  dockerfile !== undefined && isAbsolute(context) ? resolve(context, dockerfile) : dockerfile

const optional = (value: string | undefined): string[] => (value === undefined ? [] : [value])

/** What the command goes by itself, its plugins and the Go runtime below them. */
const ownVariables =
  /^(PATH|HOME|USER|PWD|TMPDIR|SSH_AUTH_SOCK|KUBECONFIG|NODE_OPTIONS)$|^(DOCKER|BUILDX|COMPOSE|OTEL|LD|DYLD|SSL_CERT|XDG)_|^BUILDKIT_(HOST|PROGRESS|COLORS|TTY_LOG_LINES)$|^GO(DEBUG|GC|MAXPROCS|MEMLIMIT|TRACEBACK)$/i

/**
 * Environment of the command with the values of the build arguments. Throws
 * AppError('stack_invalid') for an argument that would change what the command itself does.
 */
export const buildxEnvironment = (engine: Engine, { args }: BuildSpec): NodeJS.ProcessEnv => {
  for (const name of Object.keys(args)) {
    const clashes = ownVariables.test(name)
    if (!clashes && /^[^=\0]+$/.test(name)) continue
    const why = clashes ? 'docker buildx goes by a variable of this name' : 'it is no name'
    const message = `The build argument ${name} cannot be given to docker buildx: ${why}`
    throw new AppError('stack_invalid', { message }, { hint: 'Give the argument another name.' })
  }
  return { ...environmentOf(engine), ...args }
}

/** More in one line is no progress of anything. */
const lineLimit = 16 * 1024
/** What does not end when it is asked to is killed. */
const graceMs = 10_000

export type BuildxLimits = { stallMs: number; signal?: AbortSignal | undefined }

/**
 * Builds with `docker buildx`. Throws with its exit code, when it says nothing for `stallMs`, and
 * when `signal` ends it; what it said went to `progress`.
 */
export const runBuildx = async (
  { engine, clock }: { engine: Engine; clock: Clock },
  run: BuildxRun,
  progress: (line: string) => void,
  { stallMs, signal }: BuildxLimits,
): Promise<void> => {
  const env = buildxEnvironment(engine, run.build)
  signal?.throwIfAborted()
  // A group of its own: the plugin that builds is a child of the command.
  const stdio: ['pipe', 'ignore', 'pipe'] = ['pipe', 'ignore', 'pipe']
  const child = spawn('docker', buildxArguments(run), { stdio, env, detached: true })
  let ended: string | null = null
  const timers = new Set<Timer>()
  const end = (why: string): void => {
    if (ended !== null) return
    ended = why
    killGroup(child, 'SIGTERM')
    timers.add(clock.setTimer(() => killGroup(child, 'SIGKILL'), graceMs))
  }
  const stalled = (): void => end(`it said nothing for ${stallMs / 1000} s`)
  let stall = clock.setTimer(stalled, stallMs)
  const onAbort = (): void => end('it was given up')
  signal?.addEventListener('abort', onAbort, { once: true })
  const lines = createLines(progress)
  child.stdin.on('error', () => undefined)
  child.stdin.end(run.build.dockerfileInline ?? '')
  child.stderr.on('data', (chunk: Buffer) => {
    stall.cancel()
    stall = clock.setTimer(stalled, stallMs)
    lines.take(chunk)
  })
  try {
    const [code] = (await once(child, 'close')) as [number | null]
    lines.end()
    if (ended !== null) throw new Error(`docker buildx was ended: ${ended as string}`)
    if (code !== 0) throw new Error(`docker buildx ended with ${code ?? 'a signal'}`)
  } finally {
    stall.cancel()
    for (const timer of timers) timer.cancel()
    signal?.removeEventListener('abort', onAbort)
  }
}

const killGroup = ({ pid }: ChildProcess, signal: NodeJS.Signals): void => {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch {
    // All of it has ended meanwhile.
  }
}

/** Lines of an output that may have none: longer ones are cut. */
export const createLines = (progress: (line: string) => void) => {
  const decoder = new StringDecoder('utf8')
  let line = ''
  const tell = (): void => {
    if (line.trim() !== '') progress(line.trimEnd())
    line = ''
  }
  return {
    take(chunk: Buffer): void {
      for (const [at, part] of decoder.write(chunk).split('\n').entries()) {
        if (at > 0) tell()
        line += part.slice(0, Math.max(0, lineLimit - line.length))
      }
    },
    end: tell,
  }
}
