import type { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import {
  execChannels,
  ExecClientControl,
  ExecRequest,
  execWindowBytes,
  type ExecServerControl,
} from '@keelson/contract'
import { Value } from 'typebox/value'
import type { RawData, WebSocket } from 'ws'
import type { Clock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import { readJson } from '../../kernel/http/json-body.ts'
import type { PersonsCommand } from './commands.ts'

/** The request has to follow the connection at once: nobody types it. */
const requestWithinMs = 10_000
/** A terminal that nobody types into and nothing is written to for so long is given up. */
const idleLimitMs = 60 * 60_000
/** A client that answers no ping for this long is gone, whatever TCP believes. */
const pingEveryMs = 30_000
const inputLimitBytes = 8 * execWindowBytes
/** After its end, what it left running in the background may hold its output open. */
const lastOutputMs = 1000

type SessionDeps = {
  socket: WebSocket
  clock: Clock
  begin: (request: ExecRequest) => Promise<PersonsCommand>
  /** What the client is told about an error. */
  problemOf: (error: unknown) => Extract<ExecServerControl, { type: 'error' }>['problem']
}

/**
 * One command of one person: the first message says which, then streams both ways. Whoever is slow
 * slows down the other; when the person goes, the command goes too.
 */
export const serveSession = async ({
  socket,
  clock,
  begin,
  problemOf,
}: SessionDeps): Promise<void> => {
  const closed = new AbortController()
  socket.once('close', () => closed.abort())
  socket.on('error', () => socket.terminate())
  const inbox = createInbox(socket)
  const watch = watchOver(socket, clock)
  const say = (message: ExecServerControl): void => sendControl(socket, message)
  let command: PersonsCommand | undefined
  try {
    const request = await readRequest(inbox, clock, closed.signal)
    command = await begin(request)
    say({ type: 'started', instance: command.instance })
    const output = createOutput(socket, watch.active)
    connectInput(socket, inbox, command, output, watch.active)
    const { run } = command
    const outputs = [
      output.pump(run.stdout, execChannels.stdout),
      run.stderr === null ? Promise.resolve() : output.pump(run.stderr, execChannels.stderr),
    ]
    const code = await Promise.race([run.exitCode, aborted(closed.signal)])
    if (code === gone) return
    await untilRead(Promise.all(outputs), run, clock, closed.signal)
    say({ type: 'exit', code })
  } catch (error) {
    if (!closed.signal.aborted) say({ type: 'error', problem: problemOf(error) })
  } finally {
    watch.stop()
    if (socket.isPaused) socket.resume() // a paused one would not see the other side close
    socket.close(1000)
    await command?.release().catch(() => undefined)
  }
}

/** Its reader may be slow, and then it is waited for; output that is merely held open is not. */
const untilRead = async (
  ended: Promise<unknown>,
  { stdout, stderr }: PersonsCommand['run'],
  clock: Clock,
  closed: AbortSignal,
): Promise<void> => {
  const isOver = ended.then(() => true)
  for (;;) {
    const over = await Promise.race([isOver, pause(clock, lastOutputMs)])
    if (over === true || closed.aborted) return
    if (!stdout.isPaused() && stderr?.isPaused() !== true) return
  }
}

const gone = Symbol('gone')

const aborted = (signal: AbortSignal): Promise<typeof gone> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve(gone)
    signal.addEventListener('abort', () => resolve(gone), { once: true })
  })

const pause = (clock: Clock, ms: number): Promise<void> =>
  new Promise((resolve) => void clock.setTimer(resolve, ms))

const sendControl = (socket: WebSocket, message: ExecServerControl): void =>
  sendFrame(socket, execChannels.control, Buffer.from(JSON.stringify(message)))

const sendFrame = (socket: WebSocket, channel: number, payload: Buffer): void => {
  if (socket.readyState !== socket.OPEN) return
  socket.send(Buffer.concat([Buffer.of(channel), payload]), { binary: true })
}

/**
 * What the client sends, in order: several messages may come at once, also while the command is
 * still being started. What nobody takes yet holds the client back.
 */
const createInbox = (socket: WebSocket) => {
  const waiting: { data: Buffer; isBinary: boolean }[] = []
  let take: ((frame: { data: Buffer; isBinary: boolean }) => void) | undefined
  socket.on('message', (raw: RawData, isBinary: boolean) => {
    const frame = { data: bytesOf(raw), isBinary }
    if (take !== undefined) return take(frame)
    waiting.push(frame)
    socket.pause()
  })
  const listen = (listener: NonNullable<typeof take>): void => {
    take = listener
    for (const frame of waiting.splice(0)) take(frame)
    socket.resume()
  }
  return {
    listen,
    first: (): Promise<{ data: Buffer; isBinary: boolean }> =>
      new Promise((resolve) => {
        listen((frame) => {
          take = undefined
          resolve(frame)
        })
      }),
  }
}

type Inbox = ReturnType<typeof createInbox>

/** The first message, which is text. */
const readRequest = async (
  inbox: Inbox,
  clock: Clock,
  closed: AbortSignal,
): Promise<ExecRequest> => {
  const late = new AbortController()
  const timer = clock.setTimer(() => late.abort(), requestWithinMs)
  const first = await Promise.race([inbox.first(), aborted(AbortSignal.any([closed, late.signal]))])
  timer.cancel()
  const request = first === gone || first.isBinary ? undefined : readJson(first.data, 'message')
  if (!Value.Check(ExecRequest, request)) {
    throw new AppError('bad_request', { message: 'The first message is no ExecRequest' })
  }
  if (request.mode === 'exec' && request.command.length === 0) {
    throw new AppError('bad_request', { message: 'exec takes a command' })
  }
  return request
}

const parseJson = (data: Buffer): unknown => {
  try {
    return JSON.parse(data.toString('utf8'))
  } catch {
    return undefined
  }
}

const bytesOf = (data: RawData): Buffer => {
  if (Buffer.isBuffer(data)) return data
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data)
}

const connectInput = (
  socket: WebSocket,
  inbox: Inbox,
  { run }: PersonsCommand,
  output: Output,
  active: () => void,
): void => {
  const say = (message: ExecServerControl) => sendControl(socket, message)
  run.stdin.on('error', () => undefined) // it ended before it had read all that was typed
  inbox.listen(({ data }) => {
    active()
    const payload = data.subarray(1)
    if (data[0] === execChannels.control) return control(run, output, parseJson(payload))
    if (data[0] !== execChannels.stdin || run.stdin.writableEnded) return
    // Far beyond the window it is a client that does not keep to it.
    if (run.stdin.writableLength > inputLimitBytes) return socket.terminate()
    run.stdin.write(payload, () => say({ type: 'read', bytes: payload.length }))
  })
}

const control = (run: PersonsCommand['run'], output: Output, message: unknown): void => {
  if (!Value.Check(ExecClientControl, message)) return
  if (message.type === 'resize') {
    const { columns, rows } = message
    run.resize({ columns, rows }).catch(() => undefined) // it may just have ended
  } else if (message.type === 'read') output.read(message.bytes)
  else if (message.type === 'end') run.stdin.end()
  else run.kill().catch(() => undefined)
}

/** Output on its way to a reader, who says what it has got rid of; what is too much waits. */
const createOutput = (socket: WebSocket, active: () => void) => {
  const waiting = new Set<Readable>()
  let underWay = 0
  return {
    /** Resolves at the end of the stream. */
    pump: async (stream: Readable, channel: number): Promise<void> => {
      stream.on('data', (chunk: Buffer) => {
        active()
        sendFrame(socket, channel, chunk)
        underWay += chunk.length
        if (underWay < execWindowBytes) return
        stream.pause()
        waiting.add(stream)
      })
      await finished(stream, { writable: false }).catch(() => undefined)
    },
    read: (bytes: number): void => {
      underWay = Math.max(0, underWay - bytes)
      if (underWay >= execWindowBytes) return
      for (const stream of waiting) stream.resume()
      waiting.clear()
    },
  }
}

type Output = ReturnType<typeof createOutput>

/** Ends a session whose client is dead, or that nothing happens in. */
const watchOver = (socket: WebSocket, clock: Clock) => {
  let activeAt = clock.monotonicMs()
  let answered = true
  let timer = { cancel: () => {} }
  socket.on('pong', () => (answered = true))
  const beat = (): void => {
    timer = clock.setTimer(() => {
      if (!answered || clock.monotonicMs() - activeAt > idleLimitMs) return socket.terminate()
      answered = socket.isPaused // one that is held back cannot answer
      socket.ping()
      beat()
    }, pingEveryMs)
  }
  beat()
  return {
    active: (): void => {
      activeAt = clock.monotonicMs()
    },
    stop: (): void => timer.cancel(),
  }
}
