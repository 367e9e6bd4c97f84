/**
 * What Kong's format has no words for, under `x-keelson` of an entity. Every part is optional and
 * off when absent; times are milliseconds and say so in their names.
 */

/** Which answers and failures are tried again. */
export const retryOn = ['connect', 'reset', 'timeout', 'status'] as const

export type RetryTuning = {
  on: readonly (typeof retryOn)[number][]
  /** With `status`: which ones. */
  statuses: readonly number[]
  /** Safe ones when absent (RFC 9110 9.2.1 and PUT, DELETE). */
  methods: readonly string[] | null
  attempts: number
  /** Retries as a share of requests, 0 to 1, with ten a second always allowed. */
  budget: number
  back_off_ms: number
  back_off_max_ms: number
}

export type ServiceTuning = {
  retry?: RetryTuning
  /** From the first byte of the request to the last of the answer. */
  total_timeout_ms?: number
  /** A second attempt when the first has not answered for so long; safe methods only. */
  hedge?: { after_ms: number; max: number }
  /** Requests at once, and how many may wait for how long. */
  bulkhead?: { max_in_flight: number; max_queue: number; max_wait_ms: number }
  /** Limit of requests at once that follows latency (gradient). */
  adaptive_concurrency?: { min: number; max: number; tolerance: number }
  /** Copies of requests to another service, whose answers nobody reads. */
  mirror?: { service: string; percent: number; body_limit: number }
  /** Where requests go when no target of this service can take them. */
  failover?: string
  split?: SplitTuning
  /** How HTTP is spoken to the targets. */
  http_version?: '1.1' | '2'
  /** Connections begin with a header that says who the client is; each serves one request. */
  proxy_protocol?: 'v1' | 'v2'
}

/** Requests of this service that go to other ones; what is left stays. */
export type SplitTuning = {
  /** First rule that fits wins; `service` is a name. */
  rules: readonly {
    service: string
    weight?: number // percent of requests, 0 to 100
    header?: { name: string; value?: string }
    consumers?: readonly string[]
  }[]
  /** The same caller meets the same version. */
  sticky: boolean
  /** Moves weight to the first rule by steps, and back to 0 when it does worse. */
  canary?: {
    steps: readonly number[] // percent
    step_ms: number
    max_error_rate: number // share of answers >= 500 and failures, 0 to 1
    max_p95_ratio: number // p95 of the canary / p95 of the rest
    min_requests: number
  }
}

export type UpstreamTuning = {
  /** A cookie that names the target; made by the gateway. */
  sticky?: { cookie: string; ttl_s: number | null; secure: boolean }
  /** Weight of a target that came (back) grows from a tenth over this time. */
  slow_start_ms?: number
  /** Targets with this zone first, as long as one of them is well. */
  zone?: string
  /** Passive ejections end by themselves, and how; doubling from base to max. */
  ejection?: { base_ms: number; max_ms: number; max_percent: number }
  /** Ejects what is worse than its fellows. */
  outlier?: {
    interval_ms: number
    min_requests: number
    /** Consecutive answers >= 500 and failures. */
    consecutive_failures: number
    /** Standard deviations below the mean success rate; 0 is off. */
    success_rate_deviations: number
  }
  /** Share of targets that must be available, 0 to 100; below it all are used. Default 50. */
  panic_threshold?: number
  breaker?: {
    failures: number // consecutive
    error_rate: number // share in the window, 0 to 1
    window_ms: number
    min_requests: number
    open_ms: number
    /** Time in which traffic grows back to all of it. */
    ramp_ms: number
  }
}

export type TargetTuning = { zone?: string }

export type RouteTuning = {
  /** `/shop` takes `/shop` and `/shop/x`, not `/shopping`. Kong's prefixes know no segments. */
  segments?: boolean
  version?: {
    /** Routes of one API share this. */
    api: string
    version: string
    by: 'path' | 'header' | 'media-type'
    header?: string
    default?: boolean
    /** RFC 3339 dates for `Deprecation` (RFC 9745) and `Sunset` (RFC 8594). */
    deprecated_at?: string
    sunset_at?: string
    link?: string
  }
  /** The whole answer within so long. */
  timeout_ms?: number
}
