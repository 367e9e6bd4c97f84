import { Type, type Static } from 'typebox'
import type { Problem } from './problem.ts'
import { serviceName } from './stack.ts'

/*
 * `keelson exec` and `keelson run`: a WebSocket at GET /api/v1/services/:name/exec (`?stack=`).
 * The client's first message is an ExecRequest as text. Everything after it, both ways, is binary:
 * one byte for the channel, then the payload.
 */

export const execChannels = { stdin: 0, stdout: 1, stderr: 2, control: 3 } as const

/**
 * So many bytes may be on their way, output and input each: who gets them says with `read` what it
 * has got rid of, and who sends more waits for it. Were the socket itself held back, each side could
 * wait for the other.
 */
export const execWindowBytes = 1024 * 1024

const terminalSize = Type.Object({
  columns: Type.Integer({ minimum: 1, maximum: 65_535 }),
  rows: Type.Integer({ minimum: 1, maximum: 65_535 }),
})

export const ExecRequest = Type.Object(
  {
    /** `exec`: inside a running instance; `run`: in a new one of its own, removed at the end. */
    mode: Type.Enum(['exec', 'run']),
    /** Empty with `run`: the command of the service. */
    command: Type.Array(Type.String({ maxLength: 131_072 }), { maxItems: 1000 }),
    /** Size of the terminal; null: no terminal, and standard error apart from the output. */
    tty: Type.Union([terminalSize, Type.Null()]),
    environment: Type.Record(Type.String(), Type.String()),
    user: Type.Optional(Type.String({ maxLength: 255 })),
    workingDir: Type.Optional(Type.String({ maxLength: 4096 })),
    /** Of `exec`: the number of the instance; the first that runs without. */
    index: Type.Optional(Type.Integer({ minimum: 1 })),
    /** Of `run`: name of the instance. */
    name: Type.Optional(serviceName),
  },
  { $id: 'ExecRequest' },
)
export type ExecRequest = Static<typeof ExecRequest>

/** Control messages of the client: JSON in the control channel. */
export const ExecClientControl = Type.Union([
  Type.Object({ type: Type.Literal('resize'), ...terminalSize.properties }),
  Type.Object({ type: Type.Literal('read'), bytes: Type.Integer({ minimum: 0 }) }),
  /** There is no more standard input. */
  Type.Object({ type: Type.Literal('end') }),
  /** Ends the command and all it started. */
  Type.Object({ type: Type.Literal('kill') }),
])
export type ExecClientControl = Static<typeof ExecClientControl>

/** Control messages of the platform; `exit` and `error` are the last one. */
export type ExecServerControl =
  | { type: 'started'; instance: string }
  /** So many bytes of the input have been taken. */
  | { type: 'read'; bytes: number }
  /** Null: it was killed by a signal. */
  | { type: 'exit'; code: number | null }
  | { type: 'error'; problem: Problem }
