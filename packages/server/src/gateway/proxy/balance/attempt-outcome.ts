/** What came of one attempt; everything that watches targets learns from this and nothing else. */
export type AttemptOutcome =
  | { kind: 'status'; status: number; latencyMs: number }
  | { kind: 'refused' | 'connect_timeout' | 'timeout' | 'reset' | 'malformed'; detail: string }
  /** The client left; says nothing about the target. */
  | { kind: 'abandoned' }
