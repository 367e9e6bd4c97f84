import { Type, type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import type { OwnRecord, OwnSeen } from './author.ts'
import { limits } from './limits.ts'

/** What goes to the process of a plugin. */
export type ToPlugin =
  | { type: 'create'; instance: number; id: string; config: Readonly<Record<string, unknown>> }
  | { type: 'drop'; instance: number }
  | { type: 'access'; call: number; instance: number; seen: SeenView; body: Buffer | null }
  | { type: 'response'; call: number; instance: number; seen: SeenView; response: ResponseView }
  | { type: 'log'; instance: number; seen: SeenView; record: OwnRecord }
  | { type: 'ping' }

export type SeenView = Omit<OwnSeen, 'request' | 'notes'> & {
  request: Omit<OwnSeen['request'], 'headers'> & { headers: readonly string[] }
  /** As the plugin wrote them; read by nobody else. */
  notes: Buffer | null
}

export type ResponseView = {
  status: number
  source: 'service' | 'gateway'
  headers: readonly string[]
}

const hooks = ['access', 'response', 'log'] as const
export type HookName = (typeof hooks)[number]

const scopes = ['service', 'route', 'consumer'] as const
const protocols = ['http', 'https', 'grpc', 'grpcs', 'ws', 'wss'] as const

/** What a process says of its plugin. */
const Loaded = Type.Object({
  name: Type.String({ maxLength: 64, pattern: '^[a-z0-9][a-z0-9-]*$' }),
  priority: Type.Integer({ minimum: -1_000_000, maximum: 1_000_000 }),
  summary: Type.String({ maxLength: 500 }),
  /** JSON Schema of an object, as text. */
  schema: Type.String(),
  scopes: Type.Array(Type.Enum([...scopes]), { default: [...scopes] }),
  protocols: Type.Array(Type.Enum([...protocols])),
  bodyBytes: Type.Integer({ minimum: 0, maximum: limits.bodyBytes }),
})
export type Loaded = Static<typeof Loaded>

/** RFC 9110 5.1 and 5.5: no line break, so that no field becomes two. */
const fieldName = Type.String({ maxLength: 256, pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$" })
const fieldValue = Type.String({ maxLength: 65_536, pattern: '^[\\t\\x20-\\x7e\\x80-\\xff]*$' })

const Edits = Type.Array(
  Type.Object({
    op: Type.Enum(['set', 'add', 'remove']),
    name: fieldName,
    value: fieldValue,
  }),
  { maxItems: 256 },
)
export type Edits = Static<typeof Edits>

const status = Type.Integer({ minimum: 200, maximum: 599 })
const fields = Type.Array(Type.Tuple([fieldName, fieldValue]), { maxItems: 256 })

const Answer = Type.Object({
  status,
  headers: fields,
  body: Type.Union([Type.Unsafe<Buffer>({}), Type.Null()]),
})
export type Answer = Static<typeof Answer>

/** What a hook wants changed. */
const Changes = Type.Object({
  answer: Type.Union([Answer, Type.Null()]),
  refusal: Type.Union([
    Type.Object({ status, message: Type.String({ maxLength: 10_000 }), headers: fields }),
    Type.Null(),
  ]),
  requestHeaders: Edits,
  answerHeaders: Edits,
  identity: Type.Union([
    Type.Object({
      consumer: Type.Union([Type.String({ maxLength: 1000 }), Type.Null()]),
      groups: Type.Array(Type.String({ maxLength: 1000 }), { maxItems: 1000 }),
    }),
    Type.Null(),
  ]),
  status: Type.Union([status, Type.Null()]),
  notes: Type.Union([Type.Unsafe<Buffer>({}), Type.Null()]),
})
export type Changes = Static<typeof Changes>

const id = Type.Integer({ minimum: 0 })
const reason = Type.String()

const FromPlugin = Type.Union([
  Type.Object({
    type: Type.Literal('done'),
    call: id,
    changes: Type.Union([Changes, Type.Null()]),
  }),
  Type.Object({ type: Type.Literal('failed'), call: id, reason }),
  Type.Object({ type: Type.Literal('pong'), residentBytes: Type.Integer({ minimum: 0 }) }),
  Type.Object({ type: Type.Literal('loaded'), plugin: Loaded }),
  Type.Object({ type: Type.Literal('unloadable'), reason }),
  Type.Object({
    type: Type.Literal('created'),
    instance: id,
    hooks: Type.Array(Type.Enum([...hooks])),
  }),
  Type.Object({ type: Type.Literal('not-created'), instance: id, reason }),
  Type.Object({
    type: Type.Literal('line'),
    level: Type.Enum(['info', 'warn', 'error']),
    message: Type.String(),
    facts: Type.String(),
  }),
])
/** What comes from the process of a plugin. */
export type FromPlugin = Static<typeof FromPlugin>

const validator = Compile(FromPlugin)

/** A message as it came; a sentence when it is none. */
export const readMessage = (message: unknown): FromPlugin | string => {
  if (validator.Check(message)) return message
  if (!isTyped(message)) return 'it sent what is no message'
  if (message.type === 'done' && isCall(message)) {
    return { type: 'failed', call: message.call, reason: whatIsWrong(message) }
  }
  if (message.type === 'loaded') return { type: 'unloadable', reason: whatIsWrong(message) }
  return 'it sent what is no message'
}

/** The path and sentence of the deepest fault: of a union each branch has its own. */
const whatIsWrong = (message: object): string => {
  const faults = validator.Errors(message)
  const deepest = faults.toSorted((a, b) => b.instancePath.length - a.instancePath.length)[0]
  if (deepest === undefined) return 'what it says cannot be used'
  return `${deepest.instancePath.slice(1).replaceAll('/', '.')} ${deepest.message}`
}

const isTyped = (message: unknown): message is { type: unknown } =>
  typeof message === 'object' && message !== null && 'type' in message

const isCall = (message: object): message is { call: number } =>
  'call' in message && Number.isSafeInteger(message.call)
