/** What is under way to one instance: requests, and WebSockets for as long as they are open. */
export class Flight {
  /** It drains, or no snapshot names it any more. */
  leaving = false
  private under = 0
  private readonly onQuiet: () => void

  constructor(onQuiet: () => void) {
    this.onQuiet = onQuiet
  }

  get count(): number {
    return this.under
  }

  begin(): void {
    this.under += 1
  }

  end(): void {
    this.under -= 1
    if (this.under === 0 && this.leaving) this.onQuiet()
  }
}

/**
 * Flights by instance, over all snapshots. Bounded: one that no snapshot names is forgotten when
 * nothing is under way to it.
 */
export const createFlights = (onQuiet: () => void) => {
  const all = new Map<string, Flight>()

  return {
    /** The flight of this instance; the same one for the same name. */
    to(instance: string): Flight {
      const flight = all.get(instance) ?? new Flight(onQuiet)
      all.set(instance, flight)
      return flight
    },

    /** Says which ones the snapshot names, and which of them drain. */
    keep(named: ReadonlySet<Flight>, draining: ReadonlySet<Flight>): void {
      for (const [instance, flight] of all) {
        flight.leaving = draining.has(flight) || !named.has(flight)
        if (!named.has(flight) && flight.count === 0) all.delete(instance)
      }
    },

    /** How many are under way, by instance; those without any are left out. */
    counts: (): Record<string, number> =>
      Object.fromEntries(
        [...all].flatMap(([instance, { count }]) => (count > 0 ? [[instance, count]] : [])),
      ),

    /** Whether anything is under way to an instance that is leaving. */
    areLeaving: (): boolean => all.values().some(({ leaving, count }) => leaving && count > 0),
  }
}

export type Flights = ReturnType<typeof createFlights>
