import type { KeyObject } from 'node:crypto'
import type { Clock } from '../../../kernel/clock.ts'
import { createAcmeClient, type AcmeClient, type Challenge, type Present } from './client.ts'
import {
  createAcmeKeeper,
  type AcmeState,
  type CertificateKeeping,
  type HeldCertificate,
} from './keeper.ts'
import { AcmeError, type Send } from './transport.ts'
import type { AcmeOrder } from './wanted.ts'

type AcmeDeps = {
  clock: Clock
  log: Record<'info' | 'warn', (facts: object, message: string) => void>
  keeping: CertificateKeeping
  /** P-256; each account at each server has this one. */
  accountKey: KeyObject
  send: Send
  present: Present
  /** In this order. */
  challenges: readonly Challenge['type'][]
  /** There is another certificate, or another problem. */
  onChange: () => void
}

export type AcmeCertificates = ReturnType<typeof createAcmeCertificates>

/** Certificates that somebody has ordered: obtained, kept, renewed. */
export const createAcmeCertificates = (deps: AcmeDeps) => {
  const { clock, log, keeping, accountKey, send, present, challenges, onChange } = deps
  let orders: ReadonlyMap<string, AcmeOrder> = new Map()
  const stopping = new AbortController()
  const { signal } = stopping
  /** By server and address of the account. */
  const clients = new Map<string, AcmeClient>()

  const clientFor = ({ source, email, termsAgreed }: AcmeOrder): AcmeClient => {
    const key = JSON.stringify([source, email, termsAgreed])
    const known = clients.get(key)
    if (known !== undefined) return known
    const client = createAcmeClient({
      ...{ directoryUrl: source, accountKey, email, termsAgreed, send, clock, present, signal },
      challenges,
    })
    clients.set(key, client)
    return client
  }

  const keeper = createAcmeKeeper({
    ...{ clock, log, keeping, onChange, random: Math.random },
    obtain: async (names) => {
      const order = orders.get(names[0] ?? '')
      if (order === undefined) throw new AcmeError('Nobody wants it any more', null)
      return await clientFor(order).obtain(names, order.kind)
    },
  })

  return {
    start: (): Promise<void> => keeper.start(),
    /** What there is of it without an order. After `start`. */
    kept: (order: AcmeOrder): HeldCertificate | null => keeper.kept(order),
    /** Orders under way are given up. */
    stop(): Promise<void> {
      stopping.abort()
      return keeper.stop()
    },
    /** After `start`. What nobody asks for any more is not renewed. */
    want(wanted: readonly AcmeOrder[]): void {
      orders = new Map(wanted.map((order) => [order.names[0] ?? '', order]))
      const used = new Set(wanted.map(clientFor))
      for (const [key, client] of clients) if (!used.has(client)) clients.delete(key)
      keeper.want(wanted)
    },
    certificates: (): HeldCertificate[] =>
      keeper.states().flatMap(({ certificate }) => (certificate === null ? [] : [certificate])),
    states: (): AcmeState[] => keeper.states(),
  }
}
