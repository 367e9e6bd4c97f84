import { X509Certificate } from 'node:crypto'
import type { Clock, Timer } from '../../../kernel/clock.ts'
import { messageOf } from '../../../kernel/errors.ts'
import type { KeyAndCertificate } from '../local-authority.ts'
import { faultOf, requireBetter } from './better.ts'
import { AcmeError } from './transport.ts'
import { createTries, type TriesKeeping } from './tries.ts'

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
export type CertificateKeeping = TriesKeeping & {
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
/** Of an order that was begun in an earlier life of ours. */
const unfinished = 'The last order was not brought to its end'
const lookMs = 60_000
/** Renewals of many names are spread over so much of the time that is left. */
const jitter = 0.1

/**
 * Sees to it that every wanted certificate is there and renewed in time: at the latest when a third of its
 * life is left. One order at a time; failures are tried again with growing pauses, and told. What takes the
 * place of a certificate is no worse than it.
 */
export const createAcmeKeeper = (deps: KeeperDeps) => {
  const { clock, log, keeping, obtain, random, onChange } = deps
  const entries = new Map<string, Entry>()
  let stored: readonly HeldCertificate[] = [] // the newest of each
  const tries = createTries({ keeping, keyOf, log })
  let timer: Timer | undefined
  let working: Promise<void> | null = null
  let stopped = false

  const due = (): Entry | undefined => {
    const now = clock.now()
    return [...entries.values()]
      .filter(({ nextTryAt }) => nextTryAt <= now)
      .toSorted((a, b) => a.nextTryAt.getTime() - b.nextTryAt.getTime())[0]
  }

  /** One that cannot be shown is as good as none. */
  const isShowable = (one: HeldCertificate): boolean => {
    const reason = faultOf(one)
    if (reason !== null) {
      log.warn({ names: one.names, reason }, 'a certificate that was kept cannot be shown')
    }
    return reason === null
  }

  const renewAt = (cert: string, { renewBeforeMs }: Wanted): Date => {
    const { validFrom, validTo } = new X509Certificate(cert)
    const endMs = Date.parse(validTo)
    const lifeMs = endMs - Date.parse(validFrom)
    // Some live for six days or one: a fortnight before their end they were not there yet.
    const beforeMs = Math.max(lifeMs / 3, Math.min(renewBeforeMs, lifeMs / 2))
    return new Date(endMs - beforeMs * (1 + jitter * random()))
  }

  const afterMs = (pauseMs: number): Date => new Date(clock.now().getTime() + pauseMs)
  const pauseMs = ({ wanted }: Entry, failures: number): number =>
    Math.min((wanted.retryFirstMs ?? retryFirstMsDefault) * 2 ** (failures - 1), retryMostMs)

  const order = async (entry: Entry): Promise<void> => {
    const { wanted } = entry
    const id = { names: wanted.names, ...wantedSource(wanted) }
    const failures = entry.failures + 1
    const notBefore = afterMs(pauseMs(entry, failures))
    await tries.write({ ...id, failures, problem: unfinished, notBefore })
    const held = { ...id, ...(await obtain(wanted.names)) }
    requireBetter(held, entry.held, clock.now())
    await keeping.save(held)
    stored = [...stored.filter((one) => keyOf(one) !== keyOf(held)), held]
    Object.assign(entry, { held, failures: 0, problem: null })
    // One that is old already is no reason to order for ever.
    const soonest = afterMs(pauseMs(entry, 1))
    entry.nextTryAt = later(renewAt(held.cert, wanted), soonest)
    await tries.settle({ ...id, failures: 0, problem: null, notBefore: soonest })
  }

  const fail = async (entry: Entry, error: unknown): Promise<void> => {
    const { names } = entry.wanted
    entry.failures += 1
    entry.problem = messageOf(error)
    const asked = error instanceof AcmeError ? (error.retryAfterMs ?? 0) : 0
    const waitMs = Math.max(pauseMs(entry, entry.failures), Math.min(asked, retryMostMs))
    entry.nextTryAt = afterMs(waitMs)
    log.warn({ names, reason: entry.problem, nextTryAt: entry.nextTryAt }, 'no certificate')
    const { failures, problem, nextTryAt: notBefore } = entry
    await tries.settle({ names, ...wantedSource(entry.wanted), failures, problem, notBefore })
  }

  const work = async (entry: Entry): Promise<void> => {
    try {
      await order(entry)
      log.info({ names: entry.wanted.names, renewAt: entry.nextTryAt }, 'certificate obtained')
    } catch (error) {
      if (stopped) return
      await fail(entry, error)
    }
    tell()
  }

  const tell = (): void => {
    try {
      onChange()
    } catch (error) {
      log.warn({ reason: messageOf(error) }, 'a change of certificates is not in effect')
    }
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

  const kept = (wanted: Wanted): HeldCertificate | null =>
    stored.find((one) => keyOf(one) === keyOf(wanted)) ?? null

  const entryFor = (wanted: Wanted): Entry => {
    const held = kept(wanted)
    const dueAt = held === null ? clock.now() : renewAt(held.cert, wanted)
    const tried = tries.of(wanted)
    if (tried === undefined || dueAt > clock.now()) {
      return { wanted, held, failures: 0, problem: null, nextTryAt: dueAt }
    }
    const { failures, problem, notBefore } = tried
    // A clock that was wrong when it was written keeps nobody waiting for longer than any pause is.
    const most = afterMs(retryMostMs)
    return { wanted, held, failures, problem, nextTryAt: notBefore > most ? most : notBefore }
  }

  return {
    async start(): Promise<void> {
      stored = (await keeping.load()).filter(isShowable)
      await tries.load()
      lookLater()
    },
    async stop(): Promise<void> {
      stopped = true
      timer?.cancel()
      await working
    },

    /** What there is of it without an order. After `start`. */
    kept,
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

const later = (a: Date, b: Date): Date => (a > b ? a : b)

const wantedSource = ({ source }: Wanted) => (source === undefined ? {} : { source })
