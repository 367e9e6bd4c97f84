import type { Db, Tx } from '../../kernel/db.ts'
import type { Part } from './parts.ts'
import { replaceDefinitions, selectDefinitions, type DefinitionRow } from '../store.ts'

/** What a service was made of when it was applied. */
export type Definition = Pick<DefinitionRow, 'digest' | 'revision' | 'current' | 'parts'>

export type DefinedService = { service: string; digest: string; parts: readonly Part[] }

export const definedAs = ({ spec, digest, parts }: DefinitionOf): DefinedService => ({
  ...{ service: spec.name, digest, parts },
})
type DefinitionOf = { spec: { name: string }; digest: string; parts: readonly Part[] }

/** An update may be paused, and paused again: so many definitions may run beside the current one. */
const keptPerService = 5

/**
 * Definitions by the digest their instances were started with. The current one says how files
 * outside of compose and images were when the stack was applied: a restart of Keelson starts from
 * it, and what differs by then is drift, not a reason to restart anything.
 */
export const openDefinitions = async (db: Db) => {
  const known = new Map<string, DefinitionRow[]>()
  for (const row of await selectDefinitions(db)) {
    known.set(row.stack, [...(known.get(row.stack) ?? []), row])
  }
  const ofService = (stack: string, service: string): DefinitionRow[] =>
    (known.get(stack) ?? []).filter((row) => row.service === service)

  /** The definition of a service from now on, and those before it. */
  const rowsOf = (
    stack: string,
    revision: number,
    { service, digest, parts }: DefinedService,
  ): DefinitionRow[] => {
    const before = ofService(stack, service)
    const same = before.find((row) => row.digest === digest && row.current)
    const earlier = before
      .filter((row) => row.digest !== digest)
      .sort((a, b) => b.revision - a.revision)
      .slice(0, keptPerService)
    return [
      ...earlier.map((row) => ({ ...row, current: false })),
      {
        ...{ stack, service, digest, parts: [...parts] },
        ...{ current: true, revision: same?.revision ?? revision },
      },
    ]
  }

  return {
    /** As it is applied now. */
    current: (stack: string, service: string): Definition | undefined =>
      ofService(stack, service).find(({ current }) => current),

    /** What an instance with this digest was started from. */
    find: (stack: string, service: string, digest: string): Definition | undefined =>
      ofService(stack, service).find((row) => row.digest === digest),

    /** Part of the transaction that applies a revision; known once it is committed. */
    async record(
      tx: Tx,
      stack: string,
      revision: number,
      services: readonly DefinedService[],
    ): Promise<void> {
      const rows = services.flatMap((service) => rowsOf(stack, revision, service))
      await replaceDefinitions(tx, stack, rows)
      tx.afterCommit(() => void known.set(stack, rows))
    },

    /** Keelson gave some services other ports or addresses: the same revision, made otherwise. */
    async amend(stack: string, revision: number, services: readonly DefinedService[]) {
      const changed = services.filter(
        ({ service, digest }) => this.current(stack, service)?.digest !== digest,
      )
      if (changed.length === 0) return
      const others = (known.get(stack) ?? []).filter(
        (row) => !changed.some(({ service }) => service === row.service),
      )
      const rows = [...others, ...changed.flatMap((service) => rowsOf(stack, revision, service))]
      await db.transaction((tx) => replaceDefinitions(tx, stack, rows))
      known.set(stack, rows)
    },

    forget: (stack: string): void => void known.delete(stack),
  }
}

export type Definitions = Awaited<ReturnType<typeof openDefinitions>>
