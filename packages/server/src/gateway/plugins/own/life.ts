import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Duplex, Readable } from 'node:stream'
import type { Clock, Timer } from '../../../kernel/clock.ts'
import { messageOf } from '../../../kernel/errors.ts'
import { createFrameReader, encodeFrame } from './frames.ts'
import { limits } from './limits.ts'
import { readMessage, type FromPlugin, type ToPlugin } from './messages.ts'
import { causeIn, readOutput } from './output.ts'

type LifeOptions = {
  /** The file of the plugin. */
  file: string
  clock: Clock
  onMessage: (message: Exclude<FromPlugin, { type: 'pong' }>) => void
  /** A line that the plugin has printed. */
  onLine: (line: string) => void
  /** Once, with the reason as half a sentence. */
  onEnd: (reason: string) => void
}

/** One process of a plugin, from its start to its end. */
export type Life = {
  /** False: it does not keep up, and the message was not sent. */
  send(message: ToPlugin): boolean
  /** By force, since a plugin in a loop hears nothing. `onEnd` follows. */
  end(reason: string): void
  /** Resolves when the process is gone. */
  over: Promise<void>
}

/**
 * Reads files and speaks to the network; writes nothing, starts no processes, loads no native code,
 * and sees no variable of the gateway's environment but these.
 */
const argumentsOf = (file: string): string[] => [
  '--permission',
  '--allow-fs-read=*',
  `--max-old-space-size=${limits.heapMb}`,
  '--max-semi-space-size=4',
  '--disable-warning=ExperimentalWarning',
  join(import.meta.dirname, 'child/main.ts'),
  file,
]
const passedOn = ['PATH', 'TZ', 'LANG', 'NODE_EXTRA_CA_CERTS']

export const startLife = ({ file, clock, onMessage, onLine, onEnd }: LifeOptions): Life => {
  const child = spawn(process.execPath, argumentsOf(file), {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    env: Object.fromEntries(passedOn.map((name) => [name, process.env[name]])),
  })
  let endReason: string | null = null
  let lastWords: string | null = null
  let unanswered = 0
  let unasked = 0
  let timer: Timer | null = null
  const over = Promise.withResolvers<void>()

  const end = (reason: string): void => {
    endReason ??= reason
    child.kill('SIGKILL')
  }
  const finish = (reason: string): void => {
    timer?.cancel()
    onEnd(endReason ?? reason)
    over.resolve()
  }
  child.on('error', (error) => {
    if (child.pid === undefined) finish(`it could not be started: ${error.message}`)
  })
  // No file descriptors or no memory: there are no streams, and the error follows.
  if (child.pid === undefined) return { send: () => false, end: () => {}, over: over.promise }
  const channel = child.stdio[3] as Duplex
  const outputs = [child.stdout, child.stderr].map((stream) =>
    readOutput(stream as Readable, (line) => {
      lastWords ??= causeIn(line)
      onLine(line)
    }),
  )

  const pulse = (): void => {
    unasked = 0
    for (const output of outputs) output.pulse()
    // By pulses and not by time: if this process had no time either, answers may lie unread.
    if (unanswered >= limits.silentPulses) {
      const silentS = (limits.silentPulses * limits.pulseMs) / 1000
      return end(`it did not answer for ${silentS} s, as in an endless loop`)
    }
    if (unanswered === 0) channel.write(encodeFrame({ type: 'ping' } satisfies ToPlugin))
    unanswered += 1
    timer = clock.setTimer(pulse, limits.pulseMs)
  }

  const take = (given: unknown): void => {
    const message = readMessage(given)
    if (typeof message === 'string') return end(message)
    if (message.type === 'pong') {
      unanswered = 0
      if (message.residentBytes > limits.residentBytes) end(memoryReason(message.residentBytes))
      return
    }
    if (message.type === 'loaded') {
      timer?.cancel()
      pulse()
    } else if (message.type === 'line') {
      unasked += 1
      if (unasked > limits.unaskedMessages) return end('it sent messages without end')
    }
    onMessage(message)
  }

  const read = createFrameReader(limits.frameBytes, take)
  channel.on('data', (bytes: Buffer) => {
    try {
      if (endReason === null) read(bytes)
    } catch (error) {
      end(`it sent ${messageOf(error)}`)
    }
  })
  // What breaks the channel ends the process too, which is told by its exit.
  channel.on('error', () => {})
  timer = clock.setTimer(
    () => end(`it was not loaded within ${limits.loadMs / 1000} s`),
    limits.loadMs,
  )
  letItGoFirst(child.pid)

  child.once('exit', () => {
    // Else what was not read yet would keep them open.
    for (const output of outputs) output.pulse()
  })
  child.once('close', (code, signal) => {
    channel.destroy()
    const ending = signal ?? `exit code ${code ?? 'unknown'}`
    finish(`it ended with ${ending}${lastWords === null ? '' : `: ${lastWords}`}`)
  })

  return {
    send: (message) => {
      if (endReason !== null || channel.writableLength > limits.behindBytes) return false
      channel.write(encodeFrame(message))
      return true
    },
    end,
    over: over.promise,
  }
}

const memoryReason = (bytes: number): string => {
  const [has, may] = [bytes, limits.residentBytes].map((one) => Math.round(one / 1024 / 1024))
  return `it takes ${has} MiB of memory, and ${may} MiB are allowed`
}

/** Linux: when the memory of the machine is used up, a plugin goes before the gateway. */
const letItGoFirst = (pid: number): void => {
  if (process.platform !== 'linux') return
  // Gone already, or /proc is not to be written to: then the kernel chooses by size.
  writeFile(`/proc/${pid}/oom_score_adj`, '1000').catch(() => {})
}
