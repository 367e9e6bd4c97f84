import { spawn } from 'node:child_process'
import { setPriority } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

const command = join(import.meta.dirname, '../../../cli/src/main.ts')
/** The reason comes first, before its stack; what comes after this much is let go. */
const complaintBytesMax = 64 * 1024
/** What Node needs. Whatever else the work wants comes with its order. */
const inherited = ['PATH', 'HOME', 'LANG', 'TMPDIR', 'NODE_COMPILE_CACHE']

export type OwnCommand = {
  /** Hidden word of the command line: `__read`. */
  word: string
  /** It is told what to do by one JSON document on its standard input. */
  order: unknown
  timeoutMs: number
  answerBytesMax: number
  /** Of its heap; without, Node's own limit. */
  memoryLimitMb?: number
  /** It gives way to everybody else. */
  isPatient?: boolean
  signal?: AbortSignal
}

/**
 * Has the command line do a piece of work in a process of its own, bounded in time, answer and
 * memory: whatever it meets there stalls no probe. Gives what it answered as JSON, and throws the
 * reason it gave for failing.
 */
export const askOwnCommand = async (asked: OwnCommand): Promise<unknown> => {
  const { word, order, timeoutMs, answerBytesMax, memoryLimitMb, signal } = asked
  const memory = memoryLimitMb === undefined ? [] : [`--max-old-space-size=${memoryLimitMb}`]
  const beganMs = performance.now()
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', ...memory, command, word],
    {
      cwd: '/',
      env: Object.fromEntries(inherited.map((name) => [name, process.env[name]])),
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      ...(signal === undefined ? {} : { signal }),
    },
  )
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  if (asked.isPatient === true) giveWay(child.pid)
  // It may end before it has read its order; how it ended says more than the broken pipe.
  child.stdin.on('error', () => undefined)
  child.stdin.end(JSON.stringify(order))
  let bytes = 0
  child.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > answerBytesMax) child.kill('SIGKILL')
  })
  const said: Buffer[] = []
  let saidBytes = 0
  child.stderr.on('data', (chunk: Buffer) => {
    if (saidBytes < complaintBytesMax) said.push(chunk.subarray(0, complaintBytesMax - saidBytes))
    saidBytes += chunk.length
  })
  const [code, answer] = await Promise.all([ended, text(child.stdout)])
  if (code === 0) return JSON.parse(answer) as unknown
  if (bytes > answerBytesMax) throw new Error(`it is larger than ${answerBytesMax} bytes`)
  if (child.signalCode === 'SIGKILL') {
    // Timers are early by a millisecond now and then.
    const isLate = performance.now() - beganMs >= timeoutMs - 2
    throw new Error(isLate ? `it took more than ${timeoutMs / 1000} s` : 'it was killed')
  }
  const complaint = Buffer.concat(said).toString('utf8')
  throw new Error(reasonIn(complaint) ?? `it ended with ${code ?? child.signalCode}`)
}

const giveWay = (pid: number | undefined): void => {
  try {
    if (pid !== undefined) setPriority(pid, 5)
  } catch {
    // It has ended already, or may not: it does the same work, only not behind others.
  }
}

/** The line that names the error; Node ends an uncaught one with its stack and its own version. */
export const reasonIn = (complaint: string): string | undefined => {
  const lines = complaint
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '' && !/^Node\.js v\d/.test(line))
  return lines.find((line) => /^(?:FATAL ERROR|\w*Error\b.*?): /.test(line)) ?? lines.at(-1)
}
