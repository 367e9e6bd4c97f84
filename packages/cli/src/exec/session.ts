import {
  execChannels,
  execWindowBytes,
  type ExecClientControl,
  type ExecRequest,
  type ExecServerControl,
} from '@keelson/contract'
import { exitCodes } from '../exit-code.ts'
import { CommandError, failureOfProblem, tableError } from '../failure.ts'
import type { Platform } from '../platform.ts'
import type { Terminal } from './terminal.ts'

export type SessionOptions = {
  platform: Platform
  /** `<stack>/<service>` */
  service: string
  request: ExecRequest
  terminal: Terminal
  /** Asked to end: Ctrl-C without a terminal of its own. */
  signal: AbortSignal
}

/** One command of a person over the platform's socket; resolves with its exit code. */
export const runSession = async (options: SessionOptions): Promise<number> => {
  const { request, terminal, signal } = options
  const socket = await open(options)
  const send = (channel: number, payload: Uint8Array): void => {
    if (socket.readyState === WebSocket.OPEN) socket.send(frameOf(channel, payload))
  }
  const say = (message: ExecClientControl): void =>
    send(execChannels.control, Buffer.from(JSON.stringify(message)))
  let inputUnderWay = 0
  let resumeInput = () => {}
  const ended = untilEnded(socket, terminal, say, (bytes) => {
    inputUnderWay -= bytes
    if (inputUnderWay < execWindowBytes) resumeInput()
  })
  socket.send(JSON.stringify(request))
  const kill = () => say({ type: 'kill' })
  signal.addEventListener('abort', kill, { once: true })
  const release = terminal.connect({
    write: (chunk, resume) => {
      send(execChannels.stdin, chunk)
      inputUnderWay += chunk.length
      resumeInput = resume
      return inputUnderWay < execWindowBytes
    },
    end: () => say({ type: 'end' }),
    resize: (size) => say({ type: 'resize', ...size }),
  })
  try {
    const last = await ended
    return codeOf(last, signal)
  } finally {
    signal.removeEventListener('abort', kill)
    release()
    socket.close()
  }
}

const codeOf = (last: ExecServerControl | undefined, signal: AbortSignal): number => {
  if (signal.aborted) return exitCodes.interrupted
  if (last?.type === 'exit') return last.code ?? exitCodes.failure
  if (last?.type === 'error') {
    const { code, exitCode, faults } = failureOfProblem(last.problem)
    throw new CommandError(code, exitCode, faults)
  }
  const message = 'Keelson closed the connection before the command had ended'
  throw tableError('platform_unreachable', message)
}

const open = async ({ platform, service }: SessionOptions): Promise<WebSocket> => {
  const path = `/api/v1/services/${encodeURIComponent(service)}/exec`
  const url = platform.url.replace(/^http/, 'ws') + path
  // Node's own WebSocket takes headers beside protocols (undici); the types of the web do not.
  const socket = new WebSocket(url, { headers: await platform.headers() } as never)
  socket.binaryType = 'arraybuffer'
  const opened = await new Promise<boolean>((resolve) => {
    socket.addEventListener('open', () => resolve(true), { once: true })
    socket.addEventListener('error', () => resolve(false), { once: true })
  })
  if (opened) return socket
  throw await reasonOf(platform, path)
}

/** A socket that is refused is not told why: the same question as a plain request is. */
const reasonOf = async (platform: Platform, path: string): Promise<Error> => {
  const answer = await fetch(platform.url + path, { headers: await platform.headers() })
  const problem: unknown = await answer.json().catch(() => undefined)
  if (isProblem(problem) && problem.code !== 'bad_request') {
    const { code, exitCode, faults } = failureOfProblem(problem)
    return new CommandError(code, exitCode, faults)
  }
  return tableError('platform_unreachable', 'Keelson took no connection for a command')
}

type Problem = Parameters<typeof failureOfProblem>[0]

const isProblem = (value: unknown): value is Problem =>
  typeof value === 'object' && value !== null && 'code' in value && 'detail' in value

const frameOf = (channel: number, payload: Uint8Array): Uint8Array<ArrayBuffer> => {
  const frame = new Uint8Array(payload.length + 1)
  frame[0] = channel
  frame.set(payload, 1)
  return frame
}

/** Writes what comes, in order, and resolves with the last word of the platform. */
const untilEnded = (
  socket: WebSocket,
  terminal: Terminal,
  say: (message: ExecClientControl) => void,
  onInputRead: (bytes: number) => void,
): Promise<ExecServerControl | undefined> => {
  const { promise, resolve } = Promise.withResolvers<ExecServerControl | undefined>()
  let last: ExecServerControl | undefined
  let written = Promise.resolve()
  socket.addEventListener('message', ({ data }: MessageEvent<ArrayBuffer>) => {
    const [channel] = new Uint8Array(data, 0, 1)
    const payload = Buffer.from(data, 1)
    if (channel === execChannels.control) {
      const message = JSON.parse(payload.toString('utf8')) as ExecServerControl
      if (message.type === 'read') onInputRead(message.bytes)
      else if (message.type !== 'started') last = message
      return
    }
    const stream = channel === execChannels.stderr ? 'stderr' : 'stdout'
    written = written.then(async () => {
      await terminal.write(stream, payload)
      say({ type: 'read', bytes: payload.length })
    })
  })
  const finish = () => void written.then(() => resolve(last))
  socket.addEventListener('close', finish, { once: true })
  return promise
}
