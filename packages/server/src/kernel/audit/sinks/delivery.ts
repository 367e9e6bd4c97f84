import type { Batch } from './batch.ts'

/** What went wrong, in words that hold no secret. */
export class DeliveryError extends Error {
  override readonly name = 'DeliveryError'
}

export type Delivery = {
  /** Where to, in a form that may be shown. */
  to: string
  /** Resolves when it has arrived. Throws DeliveryError; ends soon after `signal` is aborted. */
  send(batch: Batch, signal: AbortSignal): Promise<void>
}
