import { X509Certificate } from 'node:crypto'
import type { Clock, Timer } from '../../../kernel/clock.ts'
import { messageOf } from '../../../kernel/errors.ts'
import type { KeyAndCertificate } from '../local-authority.ts'
import { AcmeError } from './transport.ts'

/** A certificate that is wanted: its names, and how long before its end a new one is asked for. */
export type Wanted = {
  names: readonly string[]
  renewBeforeMs: number
  /** Who gives it: one of somebody else is no substitute. */
  source?: string
  /** Pause after a failure; it doubles with each. */
  retryFirstMs?: number
}

export type HeldCertificate = KeyAndCertificate & { names: readonly string[]; source?: string }

/** Where certificates outlive the process. A save is durable when it resolves. */
export type CertificateKeeping = {
  load(): Promise<HeldCertificate[]>
  save(certificate: HeldCertificate): Promise<void>
}

export type AcmeState = {
  names: readonly string[]
  certificate: HeldCertificate | null
  notAfter: Date | null
  /** Why there is no (new) one; null when all is well. */
  problem: string | null
  nextTryAt: Date | null
}

type KeeperDeps = {
  clock: Clock
  log: { info: LogLine; warn: LogLine }
  keeping: CertificateKeeping
  obtain: (names: readonly string[]) => Promise<KeyAndCertificate>
  /** 0 to 1. */
  random: () => number
  onChange: () => void
}

type LogLine = (facts: object, message: string) => void

type Entry = {
  wanted: Wanted
  held: HeldCertificate | null
  failures: number
  problem: string | null
  nextTryAt: Date
}

const dayMs = 86_400_000
/** Let's Encrypt refuses an account after five failures for a name in an hour. */
const retryFirstMsDefault = 15 * 60_000
const retryMostMs = dayMs
const lookMs = 60_000
/** Renewals of many names are spread over so much of the time that is left. */
const jitter = 0.1

/**
 * Sees to it that every wanted certificate is there and renewed in time: at the latest when a third of its
 * life is left. One order at a time; failures are tried again with growing pauses, and told.
 */
export const createAcmeKeeper = (deps: KeeperDeps) => {
  const { clock, log, keeping, obtain, random, onChange } = deps
  const entries = new Map<string, Entry>()
  let stored: readonly HeldCertificate[] = [] // the newest of each
  let timer: Timer | undefined
  let working: Promise<void> | null = null
  let stopped = false

  const due = (): Entry | undefined => {
    const now = clock.now()
    return [...entries.values()]
      .filter(({ nextTryAt }) => nextTryAt <= now)
      .toSorted((a, b) => a.nextTryAt.getTime() - b.nextTryAt.getTime())[0]
  }

  const renewAt = (cert: string, { renewBeforeMs }: Wanted): Date => {
    const { validFrom, validTo } = new X509Certificate(cert)
    const endMs = Date.parse(validTo)
    const third = (endMs - Date.parse(validFrom)) / 3
    const beforeMs = Math.max(third, renewBeforeMs)
    return new Date(endMs - beforeMs * (1 + jitter * random()))
  }

  const work = async (entry: Entry): Promise<void> => {
    const { names } = entry.wanted
    try {
      const source = wantedSource(entry.wanted)
      const held = { names, ...source, ...(await obtain(names)) }
      await keeping.save(held)
      stored = [...stored.filter((one) => keyOf(one) !== keyOf(held)), held]
      Object.assign(entry, { held, failures: 0, problem: null })
      entry.nextTryAt = renewAt(held.cert, entry.wanted)
      log.info({ names, renewAt: entry.nextTryAt }, 'certificate obtained')
    } catch (error) {
      if (stopped) return
      entry.failures += 1
      entry.problem = messageOf(error)
      const firstMs = entry.wanted.retryFirstMs ?? retryFirstMsDefault
      const growing = Math.min(firstMs * 2 ** (entry.failures - 1), retryMostMs)
      const asked = error instanceof AcmeError ? (error.retryAfterMs ?? 0) : 0
      entry.nextTryAt = new Date(clock.now().getTime() + Math.max(growing, asked))
      log.warn({ names, reason: entry.problem, nextTryAt: entry.nextTryAt }, 'no certificate')
    }
    onChange()
  }

  const workAll = async (): Promise<void> => {
    for (let entry = due(); entry !== undefined && !stopped; entry = due()) await work(entry)
  }
  const look = (): void => {
    if (due() === undefined) return
    working ??= workAll().finally(() => {
      working = null
    })
  }
  const lookLater = (): void => {
    timer = clock.setTimer(() => {
      look()
      lookLater()
    }, lookMs)
  }

  const entryFor = (wanted: Wanted): Entry => {
    const key = keyOf(wanted)
    const held = stored.find((one) => keyOf(one) === key) ?? null
    const nextTryAt = held === null ? clock.now() : renewAt(held.cert, wanted)
    return { wanted, held, failures: 0, problem: null, nextTryAt }
  }

  return {
    async start(): Promise<void> {
      stored = await keeping.load()
      lookLater()
    },
    async stop(): Promise<void> {
      stopped = true
      timer?.cancel()
      await working
    },

    /** What is wanted from now on; what is not any more is left alone. After `start`. */
    want(all: readonly Wanted[]): void {
      const keys = new Set(all.map(keyOf))
      for (const key of entries.keys()) if (!keys.has(key)) entries.delete(key)
      for (const wanted of all) {
        const key = keyOf(wanted)
        const known = entries.get(key)
        if (known === undefined) entries.set(key, entryFor(wanted))
        else known.wanted = wanted
      }
      look()
    },

    states: (): AcmeState[] =>
      [...entries.values()].map(({ wanted: { names }, held, problem, nextTryAt }) => ({
        ...{ names, certificate: held, problem, nextTryAt },
        notAfter: held === null ? null : new Date(new X509Certificate(held.cert).validTo),
      })),
  }
}

export type AcmeKeeper = ReturnType<typeof createAcmeKeeper>

const keyOf = ({ names, source = '' }: Pick<Wanted, 'names' | 'source'>): string =>
  [source, ...names.toSorted()].join(' ')

const wantedSource = ({ source }: Wanted) => (source === undefined ? {} : { source })
