import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { ProblemDetail, Reading, StackSpec } from '@keelson/contract'

/** What `keelson __read` answers (packages/cli/src/read-files.ts). */
export type FilesRead =
  | { kind: 'read'; spec: StackSpec; warnings: ProblemDetail[] }
  | { kind: 'refused'; code: string; faults: ProblemDetail[] }

export type FilesReader = (reading: Reading) => Promise<FilesRead>

const command = join(import.meta.dirname, '../../../../cli/src/main.ts')
/** Half a second is usual; a folder on a network that hangs must not hold an answer for ever. */
const timeoutMs = 30_000
/** A stack spec larger than this could not be sent by the command line either. */
const answerBytesMax = 16 * 1024 * 1024
/** The reason comes first, before its stack; what comes after this much is let go. */
const complaintBytesMax = 64 * 1024
/** What Node needs. The variables that files may use come with the reading. */
const inherited = ['PATH', 'HOME', 'LANG', 'TMPDIR', 'NODE_COMPILE_CACHE']

/**
 * Has the files of a stack read as `keelson up` reads them, by the same program in a process of its
 * own: what a file means is decided in one place, and a file that is hard to read (the loader allows
 * megabytes) stalls no probe.
 */
export const readByCommand: FilesReader = async (reading) => {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', command, '__read'],
    {
      cwd: '/',
      env: Object.fromEntries(inherited.map((name) => [name, process.env[name]])),
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    },
  )
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  // It may end before it has read its order; how it ended says more than the broken pipe.
  child.stdin.on('error', () => undefined)
  child.stdin.end(JSON.stringify(reading))
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
  if (code === 0) return JSON.parse(answer) as FilesRead
  if (bytes > answerBytesMax) throw new Error(`it is larger than ${answerBytesMax} bytes`)
  if (child.signalCode === 'SIGKILL') throw new Error(`it took more than ${timeoutMs / 1000} s`)
  const complaint = Buffer.concat(said).toString('utf8')
  throw new Error(reasonIn(complaint) ?? `the reader ended with ${code ?? child.signalCode}`)
}

/** The line that names the error; Node ends an uncaught one with its stack and its own version. */
export const reasonIn = (complaint: string): string | undefined => {
  const lines = complaint
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '' && !/^Node\.js v\d/.test(line))
  return lines.find((line) => /^(?:FATAL ERROR|\w*Error\b.*?): /.test(line)) ?? lines.at(-1)
}
