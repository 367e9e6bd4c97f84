import { spawn, type ChildProcess } from 'node:child_process'
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
 * and is given no variable of the gateway's environment but these. A guard against mistakes and not
 * against malice: it reads whatever the gateway's user may read (SECURITY.md).
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

export const startLife = (options: LifeOptions): Life => {
  const child = spawn(process.execPath, argumentsOf(options.file), {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    env: Object.fromEntries(passedOn.map((name) => [name, process.env[name]])),
  })
  // No file descriptors or no memory: there are no streams, and the error follows.
  if (child.pid === undefined) return unborn(child, options)
  letItGoFirst(child.pid)
  return new PluginProcess(child, options)
}

const unborn = (child: ChildProcess, { onEnd }: LifeOptions): Life => {
  const over = Promise.withResolvers<void>()
  child.once('error', (error) => {
    onEnd(`it could not be started: ${error.message}`)
    over.resolve()
  })
  return { send: () => false, end: () => {}, over: over.promise }
}

class PluginProcess implements Life {
  readonly over: Promise<void>
  private readonly child: ChildProcess
  private readonly channel: Duplex
  private readonly outputs: readonly ReturnType<typeof readOutput>[]
  private readonly options: LifeOptions
  private endReason: string | null = null
  private lastWords: string | null = null
  /** Pulses since it last said that it is there. */
  private unanswered = 0
  private unasked = 0
  private timer: Timer

  constructor(child: ChildProcess, options: LifeOptions) {
    const { clock, onLine } = options
    this.child = child
    this.options = options
    this.channel = child.stdio[3] as Duplex
    this.outputs = [child.stdout, child.stderr].map((stream) =>
      readOutput(stream as Readable, (line) => {
        this.lastWords ??= causeIn(line)
        onLine(line)
      }),
    )
    const late = `it was not loaded within ${limits.loadMs / 1000} s`
    this.timer = clock.setTimer(() => this.end(late), limits.loadMs)
    this.listen()
    this.over = this.ending()
  }

  send(message: ToPlugin): boolean {
    const { channel } = this
    if (this.endReason !== null || channel.writableLength > limits.behindBytes) return false
    channel.write(encodeFrame(message))
    return true
  }

  end(reason: string): void {
    this.endReason ??= reason
    this.child.kill('SIGKILL')
  }

  private listen(): void {
    const read = createFrameReader(limits.frameBytes, (message) => this.take(message))
    this.channel.on('data', (bytes: Buffer) => {
      try {
        if (this.endReason === null) read(bytes)
      } catch (error) {
        this.end(`it sent ${messageOf(error)}`)
      }
    })
    // What breaks the channel ends the process too, which is told by its exit.
    this.channel.on('error', () => {})
    // A signal that could not be sent.
    this.child.on('error', () => {})
  }

  private ending(): Promise<void> {
    const { child, channel, outputs } = this
    child.once('exit', () => {
      // Else what was not read yet would keep them open.
      for (const output of outputs) output.pulse()
    })
    return new Promise((resolve) => {
      child.once('close', (code, signal) => {
        channel.destroy()
        this.timer.cancel()
        const words = this.lastWords === null ? '' : `: ${this.lastWords}`
        const how = `it ended with ${signal ?? `exit code ${code ?? 'unknown'}`}${words}`
        this.options.onEnd(this.endReason ?? how)
        resolve()
      })
    })
  }

  private take(given: unknown): void {
    const message = readMessage(given)
    if (typeof message === 'string') return this.end(message)
    if (message.type === 'pong') {
      this.unanswered = 0
      const { residentBytes } = message
      if (residentBytes > limits.residentBytes) this.end(memoryReason(residentBytes))
      return
    }
    if (message.type === 'loaded') {
      this.timer.cancel()
      this.pulse()
    } else if (message.type === 'line') {
      this.unasked += 1
      if (this.unasked > limits.unaskedMessages) return this.end('it sent messages without end')
    }
    this.options.onMessage(message)
  }

  private pulse(): void {
    this.unasked = 0
    for (const output of this.outputs) output.pulse()
    // By pulses and not by time: if this process had no time either, answers may lie unread.
    if (this.unanswered >= limits.silentPulses) {
      const silentS = (limits.silentPulses * limits.pulseMs) / 1000
      return this.end(`it did not answer for ${silentS} s, as in an endless loop`)
    }
    if (this.unanswered === 0) this.send({ type: 'ping' })
    this.unanswered += 1
    this.timer = this.options.clock.setTimer(() => this.pulse(), limits.pulseMs)
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
