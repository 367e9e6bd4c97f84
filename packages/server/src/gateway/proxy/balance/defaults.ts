/** How targets are judged where the configuration says nothing. Times in milliseconds. */
export const defaults = {
  /** Below this percentage of weight the verdicts are taken for wrong, and all targets are used. */
  panicThreshold: 50,
  ejection: { base_ms: 5_000, max_ms: 60_000, max_percent: 100 },
  /** Traffic to a target that comes back grows to its whole share within so long. */
  rampMs: 10_000,
  /** Where a ramp begins: a share of the weight. */
  rampFloor: 0.1,
  /** Decay of the latency average; Kong's. */
  latencyDecayMs: 10_000,
  weight: 100,
  /** Port of a target that names none; Kong's. */
  targetPort: 8000,
  /** Points on the hash ring for a target of average weight. */
  ringPoints: 160,
  /** Addresses used of one name; more are left out. */
  addresses: 1024,
} as const
