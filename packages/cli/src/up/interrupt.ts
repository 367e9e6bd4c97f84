/** Ctrl-C, `kill` and a closed terminal: the first asks to stop, the second insists. */
export type Interrupt = {
  /** Aborted by the first. */
  signal: AbortSignal
  /** Resolves with the second. */
  insisted: Promise<void>
  release: () => void
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export const listenForInterrupt = (): Interrupt => {
  const first = new AbortController()
  const second = Promise.withResolvers<void>()
  const listener = () => {
    if (first.signal.aborted) second.resolve()
    else first.abort()
  }
  for (const name of signals) process.on(name, listener)
  return {
    signal: first.signal,
    insisted: second.promise,
    release: () => {
      for (const name of signals) process.off(name, listener)
    },
  }
}
