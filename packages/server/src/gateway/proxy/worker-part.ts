import type { SharePort } from './front/bind.ts'

/** The other workers of this process. */
export type Fellows = {
  /** Tells all of them; each gets a copy, soon. */
  tell(topic: string, value: unknown): void
  /** Calls back with what they tell; gives how to end that. */
  hear(topic: string, listener: (value: unknown) => void): () => void
}

/** What a proxy is told that serves together with others in one process. */
export type WorkerPart = {
  /** How many share the memory and the descriptors of this process. */
  count: number
  /** Of the whole gateway, in metrics. */
  nodeId: string
  sharePort: SharePort
  fellows: Fellows
  /** Whether it does the active checks; what it sees it tells the others. */
  checks: () => boolean
}
