import type { ExecLimits, ExecResult } from '../runtime.ts'
import { killMarked } from '../runtime-process/process-tree.ts'
import type { Engine } from './engine.ts'
import { createFrameReader, type Frame } from './stream-frames.ts'

/**
 * Runs a command in a container, `marker` in its environment. The engine has no way to end a command it runs, so at the timeout
 * its processes are found by their environment: from the host where Keelson may look into them,
 * otherwise with the container's own shell. A probe that hangs in a container without a shell, seen
 * from an unprivileged Keelson, stays.
 */
export const execInContainer = async (
  engine: Engine,
  id: string,
  command: readonly string[],
  { user, marker, ...limits }: ExecLimits & { marker: string; user?: string },
): Promise<ExecResult> => {
  const as = user === undefined ? {} : { User: user }
  const run = await startExec(engine, id, { Cmd: [...command], Env: [marker], ...as })
  const chunks: Buffer[] = []
  let bytes = 0
  readFrames(run.stream, ({ payload }) => {
    if (bytes < limits.outputLimitBytes) {
      chunks.push(payload.subarray(0, limits.outputLimitBytes - bytes))
    }
    bytes += payload.length
  })
  const ended = await waitForEnd(run.stream, limits.timeoutMs)
  const output = (): string => Buffer.concat(chunks).toString('utf8')
  if (ended) {
    return { exitCode: await exitCodeOf(engine, run.exec), output: output(), timedOut: false }
  }
  run.stream.destroy()
  await killCommand(engine, id, marker)
  return { exitCode: null, output: output(), timedOut: true }
}

/** Runs a command to its end, however long that takes. Null when the container ended before it. */
export const runInContainer = async (
  engine: Engine,
  id: string,
  options: ExecOptions,
  onFrame: (frame: Frame) => void,
): Promise<number | null> => {
  const run = await startExec(engine, id, options)
  readFrames(run.stream, onFrame)
  await waitForEnd(run.stream, null)
  return exitCodeOf(engine, run.exec)
}

export type ExecOptions = {
  Cmd: string[]
  Env?: string[]
  User?: string
  WorkingDir?: string
  Privileged?: boolean
}

type OutputStream = NodeJS.ReadableStream & { destroy(): void }
type RunningExec = { exec: string; stream: OutputStream }

const startExec = async (
  engine: Engine,
  id: string,
  options: ExecOptions,
): Promise<RunningExec> => {
  const created = await engine.call('prepare a command', (docker) =>
    docker.getContainer(id).exec({ ...options, AttachStdout: true, AttachStderr: true }),
  )
  const stream = await engine.call('run a command', (docker) =>
    docker.getExec(created.id).start({}),
  )
  return { exec: created.id, stream }
}

/** Output that is no such stream, or is cut in the middle, ends it. */
export const readFrames = (stream: OutputStream, onFrame: (frame: Frame) => void): void => {
  const read = createFrameReader(false)
  stream.on('data', (chunk: Buffer) => {
    try {
      for (const frame of read(chunk)) onFrame(frame)
    } catch {
      stream.destroy()
    }
  })
}

export const waitForEnd = (
  stream: NodeJS.ReadableStream,
  timeoutMs: number | null,
): Promise<boolean> =>
  new Promise((resolve) => {
    const timer = timeoutMs === null ? undefined : setTimeout(() => resolve(false), timeoutMs)
    for (const event of ['end', 'close', 'error']) {
      stream.once(event, () => {
        clearTimeout(timer)
        resolve(true)
      })
    }
  })

/** The output ends a moment before the engine knows the exit code. */
export const exitCodeOf = async (engine: Engine, exec: string): Promise<number | null> => {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const found = await engine.find('inspect a command', (docker) => docker.getExec(exec).inspect())
    if (found === null) return null // Its container is gone, and with it the code.
    if (!found.Running && found.ExitCode !== null) return found.ExitCode
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  return null
}

/** Ends a command and all it has started, by the marker in their environment. */
export const killCommand = async (engine: Engine, id: string, marker: string): Promise<void> => {
  if (engine.remoteHost === null && (await killMarked(marker)) > 0) return
  const script =
    'for p in /proc/[0-9]*; do tr "\\0" "\\n" <$p/environ 2>/dev/null | ' +
    `grep -q ^${marker}$ && kill -9 "\${p#/proc/}"; done`
  const options = { Cmd: ['/bin/sh', '-c', script], User: '0' }
  const run = await startExec(engine, id, options).catch(() => null)
  if (run === null) return
  run.stream.resume()
  await waitForEnd(run.stream, 5000)
}
