import { messageOf } from '../../../kernel/errors.ts'

/** How the last order for a certificate went, and when the next one may be. */
export type Tried = {
  names: readonly string[]
  source?: string
  /** One after the other, with the one under way. */
  failures: number
  problem: string | null
  /** A new order waits until then. */
  notBefore: Date
}

/** Where they outlive the process. Durable when it resolves; one for each source and names. */
export type TriesKeeping = {
  loadTries(): Promise<Tried[]>
  saveTry(tried: Tried): Promise<void>
}

type TriesDeps = {
  keeping: TriesKeeping
  keyOf: (tried: Pick<Tried, 'names' | 'source'>) => string
  log: { warn(facts: object, message: string): void }
}

/** Servers count orders, and know nothing of our restarts: pauses outlive them. */
export const createTries = ({ keeping, keyOf, log }: TriesDeps) => {
  const known = new Map<string, Tried>()

  /** Before an order. Rejects when it cannot be kept. */
  const write = (tried: Tried): Promise<void> => {
    known.set(keyOf(tried), tried)
    return keeping.saveTry(tried)
  }
  return {
    async load(): Promise<void> {
      for (const tried of await keeping.loadTries()) {
        if (!Number.isNaN(tried.notBefore.getTime())) known.set(keyOf(tried), tried)
      }
    },
    of: (wanted: Pick<Tried, 'names' | 'source'>): Tried | undefined => known.get(keyOf(wanted)),
    write,
    /** After an order: what was written before it holds where this cannot be kept. */
    settle: (tried: Tried): Promise<void> =>
      write(tried).catch((error: unknown) =>
        log.warn(
          { names: tried.names, reason: messageOf(error) },
          'the end of an order is not kept',
        ),
      ),
  }
}
