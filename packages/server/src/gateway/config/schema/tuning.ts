import { Type } from 'typebox'
import { retryOn } from '../tuning.ts'

/** The schemas of `x-keelson`. Every part is off until it is named; its own fields have defaults. */
const milliseconds = (fallback?: number) =>
  Type.Integer({
    ...{ minimum: 0, maximum: 2 ** 31 - 2 },
    ...(fallback === undefined ? {} : { default: fallback }),
  })
const count = (minimum: number, fallback?: number) =>
  Type.Integer({
    minimum,
    maximum: 1_000_000,
    ...(fallback === undefined ? {} : { default: fallback }),
  })
const share = (fallback: number) => Type.Number({ minimum: 0, maximum: 1, default: fallback })
const percent = (fallback?: number) =>
  Type.Number({
    minimum: 0,
    maximum: 100,
    ...(fallback === undefined ? {} : { default: fallback }),
  })
const text = Type.String({ minLength: 1 })
const texts = Type.Array(text)
const on = Type.Enum([...retryOn])

const retry = Type.Object({
  on: Type.Array(on, { minItems: 1, uniqueItems: true, default: ['connect', 'reset'] }),
  statuses: Type.Array(Type.Integer({ minimum: 400, maximum: 599 }), { default: [502, 503, 504] }),
  methods: Type.Union([texts, Type.Null()], { default: null }),
  attempts: Type.Integer({ minimum: 1, maximum: 10, default: 2 }),
  budget: share(0.2),
  back_off_ms: milliseconds(25),
  back_off_max_ms: milliseconds(250),
})

const canary = Type.Object({
  steps: Type.Array(percent(), { minItems: 1, default: [1, 5, 25, 50, 100] }),
  step_ms: Type.Integer({ minimum: 1, maximum: 2 ** 31 - 2, default: 60_000 }),
  max_error_rate: share(0.05),
  max_p95_ratio: Type.Number({ minimum: 1, maximum: 1000, default: 1.5 }),
  min_requests: count(1, 100),
})

const split = Type.Object({
  rules: Type.Array(
    Type.Object({
      service: text,
      weight: Type.Optional(percent()),
      header: Type.Optional(Type.Object({ name: text, value: Type.Optional(Type.String()) })),
      consumers: Type.Optional(texts),
    }),
    { minItems: 1, maxItems: 100 },
  ),
  sticky: Type.Boolean({ default: false }),
  canary: Type.Optional(canary),
})

export const serviceTuning = Type.Object(
  {
    retry: Type.Optional(retry),
    total_timeout_ms: Type.Optional(Type.Integer({ minimum: 1, maximum: 2 ** 31 - 2 })),
    hedge: Type.Optional(
      Type.Object({
        after_ms: milliseconds(),
        max: Type.Integer({ minimum: 1, maximum: 5, default: 1 }),
      }),
    ),
    bulkhead: Type.Optional(
      Type.Object({
        max_in_flight: count(1),
        max_queue: count(0, 0),
        max_wait_ms: milliseconds(1000),
      }),
    ),
    adaptive_concurrency: Type.Optional(
      Type.Object({
        min: count(1, 4),
        max: count(1, 1000),
        tolerance: Type.Number({ minimum: 1, maximum: 10, default: 2 }),
      }),
    ),
    mirror: Type.Optional(
      Type.Object({
        service: text,
        percent: percent(100),
        body_limit: Type.Integer({ minimum: 0, maximum: 16 * 1024 * 1024, default: 1024 * 1024 }),
      }),
    ),
    failover: Type.Optional(text),
    split: Type.Optional(split),
    http_version: Type.Optional(Type.Enum(['1.1', '2'])),
    proxy_protocol: Type.Optional(Type.Enum(['v1', 'v2'])),
  },
  { default: {} },
)

export const upstreamTuning = Type.Object(
  {
    sticky: Type.Optional(
      Type.Object({
        cookie: text,
        ttl_s: Type.Union([Type.Integer({ minimum: 1 }), Type.Null()], { default: null }),
        secure: Type.Boolean({ default: false }),
      }),
    ),
    slow_start_ms: Type.Optional(milliseconds()),
    zone: Type.Optional(text),
    // Envoy's defaults for ejections and outliers, where it has them.
    ejection: Type.Optional(
      Type.Object({
        base_ms: milliseconds(30_000),
        max_ms: milliseconds(300_000),
        max_percent: percent(50),
      }),
    ),
    outlier: Type.Optional(
      Type.Object({
        interval_ms: Type.Integer({ minimum: 1, maximum: 2 ** 31 - 2, default: 10_000 }),
        min_requests: count(1, 100),
        consecutive_failures: count(1, 5),
        success_rate_deviations: Type.Number({ minimum: 0, maximum: 100, default: 1.9 }),
      }),
    ),
    panic_threshold: Type.Optional(percent()),
    breaker: Type.Optional(
      Type.Object({
        failures: count(1, 5),
        error_rate: share(0.5),
        window_ms: Type.Integer({ minimum: 1, maximum: 2 ** 31 - 2, default: 10_000 }),
        min_requests: count(1, 20),
        open_ms: milliseconds(5000),
        ramp_ms: milliseconds(10_000),
      }),
    ),
  },
  { default: {} },
)

export const targetTuning = Type.Object({ zone: Type.Optional(text) }, { default: {} })

export const routeTuning = Type.Object(
  {
    segments: Type.Optional(Type.Boolean()),
    version: Type.Optional(
      Type.Object({
        api: text,
        version: text,
        by: Type.Enum(['path', 'header', 'media-type']),
        header: Type.Optional(text),
        default: Type.Optional(Type.Boolean()),
        deprecated_at: Type.Optional(text),
        sunset_at: Type.Optional(text),
        link: Type.Optional(text),
      }),
    ),
    timeout_ms: Type.Optional(Type.Integer({ minimum: 1, maximum: 2 ** 31 - 2 })),
  },
  { default: {} },
)
