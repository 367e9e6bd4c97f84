/** What an update asks of the gateway. */
export type Drain = {
  /** Resolves once nothing is under way to these instances any more, or the time is up. */
  drained(
    instances: readonly string[],
    options: { timeoutMs: number },
  ): Promise<{ drained: boolean; inFlight: number }>
  /** Resolves true once every gateway sends requests to all of them. */
  routedTo(instances: readonly string[], options: { timeoutMs: number }): Promise<boolean>
}

/** Without a gateway nobody is routed to anything. */
export const noGateway: Drain = {
  drained: () => Promise.resolve({ drained: true, inFlight: 0 }),
  routedTo: () => Promise.resolve(true),
}
