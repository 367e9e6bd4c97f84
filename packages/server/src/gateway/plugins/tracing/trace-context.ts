import { randomFillSync } from 'node:crypto'

/** The formats in which a trace is told from one to the next. */
export const formats = [
  ...(['w3c', 'b3', 'b3-single', 'jaeger', 'ot', 'datadog', 'aws', 'gcp', 'instana'] as const),
] as const
export type TraceFormat = (typeof formats)[number]
/** Those by which one is recognised: `b3` reads both of its forms. */
export type ExtractFormat = Exclude<TraceFormat, 'b3-single'>

/** What a client said of the trace its request belongs to. Ids are lower-case hex. */
export type IncomingTrace = {
  /** 32 digits, filled up with zeros. */
  traceId: string | null
  /** How many digits it had; 0 without one. */
  traceIdDigits: number
  /** 16 digits. */
  spanId: string | null
  parentId: string | null
  /** Null: nobody has decided. */
  sampled: boolean | null
  /** The span of client and server is one (B3, Jaeger): `spanId` is ours, and `parentId` above it. */
  sharesSpan: boolean
  /** B3: more than sampled. */
  debug: boolean
  /** B3 came in one header. */
  isSingle: boolean
  baggage: readonly (readonly [name: string, value: string])[]
}

/** What is told to the service. */
export type OutgoingTrace = {
  traceId: string
  traceIdDigits: number
  spanId: string
  parentId: string | null
  sampled: boolean
  debug: boolean
  baggage: IncomingTrace['baggage']
}

const pool = Buffer.alloc(4096)
let at = pool.length

/** So many random bytes as hex, taken from a pool: one call for many ids. */
const randomHex = (bytes: number): string => {
  if (at + bytes > pool.length) {
    randomFillSync(pool)
    at = 0
  }
  at += bytes
  return pool.toString('hex', at - bytes, at)
}

export const newSpanId = (): string => randomHex(8)
/** 32 digits; with 8 bytes the first half is zeros. */
export const newTraceId = (bytes: 8 | 16 = 16): string => randomHex(bytes).padStart(32, '0')

/** The decision is that of the trace id: all who know the rate come to the same one. */
export const isSampled = (traceId: string, rate: number): boolean =>
  rate >= 1 || (rate > 0 && Number.parseInt(traceId.slice(-13), 16) < rate * 2 ** 52)
