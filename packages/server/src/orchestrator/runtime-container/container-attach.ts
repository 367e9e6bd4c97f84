import { PassThrough, type Duplex } from 'node:stream'
import type { AttachedCommand, AttachedRun } from '../runtime.ts'
import { exitCodeOf, killCommand, waitForEnd } from './container-exec.ts'
import type { ContainerInfo } from './container-labels.ts'
import type { Engine } from './engine.ts'
import { createFrameReader } from './stream-frames.ts'

type Size = { columns: number; rows: number }

/** Runs a command in a container, `marker` in its environment, with its streams left to the caller. */
export const attachCommand = async (
  engine: Engine,
  info: ContainerInfo,
  marker: string,
  { command, tty, environment, user, workingDir, privileged }: AttachedCommand,
): Promise<AttachedRun> => {
  const variables = Object.entries(environment ?? {}).map(([name, value]) => `${name}=${value}`)
  const exec = await engine.call('prepare a command', (docker) =>
    docker.getContainer(info.Id).exec({
      Cmd: [...command],
      Env: [...variables, marker],
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
      Tty: tty !== null,
      ...(user === undefined ? {} : { User: user }),
      ...(workingDir === undefined ? {} : { WorkingDir: workingDir }),
      ...(privileged === undefined ? {} : { Privileged: privileged }),
    }),
  )
  const { id } = exec
  const socket = await engine.call('run a command', (docker) =>
    docker.getExec(id).start({ hijack: true, stdin: true, Tty: tty !== null }),
  )
  const resize = async ({ columns, rows }: Size): Promise<void> => {
    const size = { w: columns, h: rows }
    await engine.call('resize a terminal', (docker) => docker.getExec(id).resize(size))
  }
  const streams = splitStreams(socket, tty !== null)
  const exitCode = waitForEnd(socket, null).then(() => exitCodeOf(engine, id))
  exitCode.catch(() => undefined)
  if (tty !== null) await resizeSoon(() => resize(tty))
  return {
    ...streams,
    exitCode,
    resize,
    kill: async () => {
      await killCommand(engine, info.Id, marker)
      socket.destroy()
    },
  }
}

/** The streams of the main process, what it has written before included. */
export const attachMain = async (
  engine: Engine,
  info: ContainerInfo,
  tty: Size | null,
  end: {
    isRunning: () => Promise<boolean>
    exitCode: () => Promise<number | null>
    kill: () => Promise<void>
  },
): Promise<AttachedRun> => {
  const socket = await openMain(engine, info.Id, end.isRunning)
  const resize = async ({ columns, rows }: Size): Promise<void> => {
    const size = { w: columns, h: rows }
    await engine.call('resize a terminal', (docker) => docker.getContainer(info.Id).resize(size))
  }
  const exitCode = waitForEnd(socket, null).then(end.exitCode)
  exitCode.catch(() => undefined)
  if (tty !== null && info.Config.Tty) await resizeSoon(() => resize(tty))
  return {
    ...splitStreams(socket, info.Config.Tty),
    exitCode,
    resize,
    kill: async () => {
      await end.kill()
      socket.destroy()
    },
  }
}

/**
 * From the first line on. To one that has ended the engine waits for the next start, without an end:
 * of that only what it wrote is asked for.
 */
const openMain = async (
  engine: Engine,
  id: string,
  isRunning: () => Promise<boolean>,
): Promise<Duplex> => {
  const open = async (stream: boolean): Promise<Duplex> =>
    (await engine.call('attach to a container', (docker) =>
      docker.getContainer(id).attach({
        ...{ stream, stdin: true, stdout: true, stderr: true, logs: true },
        hijack: true,
      }),
    )) as Duplex
  const live = await open(true)
  if (await isRunning()) return live
  live.on('error', () => undefined)
  live.destroy()
  return open(false)
}

/** A terminal can be sized once its process runs, a moment after its start is answered. */
const resizeSoon = async (resize: () => Promise<void>): Promise<void> => {
  for (let attempt = 0; attempt < 10; attempt += 1) {
    const done = await resize().then(
      () => true,
      () => false,
    )
    if (done) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** Cuts one connection into its streams; a reader that is slow slows the command down. */
const splitStreams = (
  socket: Duplex,
  tty: boolean,
): Pick<AttachedRun, 'stdin' | 'stdout' | 'stderr'> => {
  const stdout = new PassThrough()
  const stderr = tty ? null : new PassThrough()
  const read = createFrameReader(false)
  const write = (target: PassThrough, chunk: Buffer): void => {
    if (target.write(chunk)) return
    socket.pause()
    target.once('drain', () => socket.resume())
  }
  socket.on('data', (chunk: Buffer) => {
    if (stderr === null) return write(stdout, chunk)
    try {
      for (const frame of read(chunk)) {
        write(frame.stream === 'stderr' ? stderr : stdout, frame.payload)
      }
    } catch {
      socket.destroy()
    }
  })
  // A connection that breaks ends the output; the exit code tells the rest.
  socket.on('error', () => undefined)
  socket.once('close', () => finish())
  socket.once('end', () => finish())
  const finish = (): void => {
    stdout.end()
    stderr?.end()
  }
  return { stdin: socket, stdout, stderr }
}
