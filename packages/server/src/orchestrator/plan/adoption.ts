import type { ServiceSpec, StackSpec } from '@keelson/contract'
import type { Db, Tx } from '../../kernel/db.ts'
import { AppError } from '../../kernel/errors.ts'
import { instanceEnvironment } from './environment.ts'
import type { KnownStacks } from '../known-stacks.ts'
import type { ForeignInstance } from './plan.ts'
import type { WantedService } from './resolve.ts'
import type { InstanceSpec, MadeByCompose, ObservedInstance, Runtime } from '../runtime.ts'
import { selectAdoptions, upsertAdoption } from '../store.ts'
import { isOtherFolder } from './other-folder.ts'

type AdoptionDeps = { db: Db; stacks: KnownStacks; containers: Runtime }

/** A container of Docker Compose that takes the place of an instance. */
export type Claim = ForeignInstance & {
  spec: ServiceSpec
  index: number
  found: ObservedInstance
  wanted: InstanceSpec
}

export type Adoption = Awaited<ReturnType<typeof openAdoption>>

/**
 * Containers that Docker Compose started for a project that is applied here. One that runs what
 * the file asks for is taken over as it is; labels of a container cannot be changed, so what it
 * was taken over as is kept here. Of projects that are not applied nothing is ever touched.
 */
export const openAdoption = async ({ db, stacks, containers }: AdoptionDeps) => {
  const digests = new Map<string, { stack: string; instance: string; digest: string }>()
  for (const { container_id, ...row } of await selectAdoptions(db)) digests.set(container_id, row)

  const idOf = ({ containerId, incarnation }: ObservedInstance): string =>
    containerId ?? incarnation

  /** A project of the same name in another folder is none of ours. */
  const foreignIn = async ({ name, workingDir }: StackSpec): Promise<ObservedInstance[]> => {
    const found = await containers.observe([name])
    const foreign = found.filter((one) => one.stack === name && one.foreign === true)
    const others = await Promise.all(
      foreign.map(({ container }) => isOtherFolder(container?.folder, workingDir)),
    )
    return foreign.filter((_, at) => others[at] !== true)
  }

  /**
   * Does a project of this name have containers of another folder? Also those that have never run,
   * and those of another Keelson.
   */
  const isElsewhere = async (name: string, workingDir: string): Promise<boolean> => {
    const found = await containers.observe([name])
    const held = (await containers.resources?.holders?.()) ?? []
    const folders = new Set([
      ...found
        .filter((one) => one.foreign === true && one.stack === name)
        .map(({ container }) => container?.folder),
      ...held.filter((one) => one.stack === name && one.whose !== 'ours').map((one) => one.folder),
    ])
    const others = await Promise.all([...folders].map((one) => isOtherFolder(one, workingDir)))
    return others.includes(true)
  }

  /** Is there an instance of ours in its place? */
  const isHeld = (name: string): boolean => {
    const keeper = stacks.keepers.get(name)
    return keeper !== undefined && keeper.goal.kind !== 'gone' && keeper.phase !== 'stopped'
  }

  const claimOf = async (
    stack: StackSpec,
    { spec, digest, injected }: Pick<WantedService, 'spec' | 'digest' | 'injected'>,
    instance: WantedService['instances'][number],
    found: ObservedInstance,
  ): Promise<Claim> => {
    const { name, index } = instance
    const wanted = specFor(stack, { spec, digest, injected }, instance, found)
    const differences = found.running
      ? withoutOurs((await containers.resources?.differences(found, wanted)) ?? [])
      : ['state']
    return { ...{ name, differences, spec, index, wanted }, found: { ...found, name } }
  }

  return {
    isElsewhere,

    /** Projects that have containers which were taken over. */
    projects: (): string[] => [...new Set([...digests.values()].map(({ stack }) => stack))],

    /** Ours, and what was taken over with the digest it was taken over as; no other foreign one. */
    ours: (found: readonly ObservedInstance[]): ObservedInstance[] =>
      found.flatMap((one) => {
        if (one.foreign !== true) return [one]
        const taken = digests.get(idOf(one))
        return taken === undefined
          ? []
          : [{ ...one, name: taken.instance, digest: taken.digest, foreign: false }]
      }),

    /** Which of them applying a stack would take over, and what of each is not as the file says. */
    async compare(
      stack: StackSpec,
      services: readonly Pick<WantedService, 'spec' | 'digest' | 'injected' | 'instances'>[],
    ): Promise<Claim[]> {
      const mine = services.filter(({ spec }) => spec.runtime === 'container')
      if (mine.length === 0) return []
      const foreign = await foreignIn(stack)
      const claims: Claim[] = []
      for (const service of mine) {
        for (const instance of service.instances) {
          const found = foreign.find(
            (one) => one.service === service.spec.name && one.index === instance.index,
          )
          if (found === undefined || digests.has(idOf(found)) || isHeld(instance.name)) continue
          claims.push(await claimOf(stack, service, instance, found))
        }
      }
      return claims
    },

    /** Ports that containers of the project hold; without an engine there are none. */
    async portsOf(stack: StackSpec): Promise<ReadonlySet<number>> {
      const isAsked = stack.services.some(
        ({ runtime, ports }) => runtime === 'container' && ports.length > 0,
      )
      const foreign = isAsked ? await foreignIn(stack).catch(noneWithoutEngine) : []
      return new Set(foreign.flatMap(({ ports }) => ports.map(({ port }) => port)))
    },

    /** What was taken over in an earlier life is followed again: its log, and its end. */
    async follow(
      stack: StackSpec,
      services: readonly WantedService[],
      found: readonly ObservedInstance[],
    ): Promise<void> {
      for (const service of services) {
        for (const instance of service.instances) {
          const mine = found.find(({ name }) => name === instance.name)
          if (mine === undefined || !mine.running || !digests.has(idOf(mine))) continue
          await containers.start(specFor(stack, service, instance, mine))
        }
      }
    },

    /** Containers of the project that run beside the stack. They are left alone. */
    async extras(stack: StackSpec): Promise<ObservedInstance[]> {
      const foreign = await foreignIn(stack)
      return foreign.filter((one) => one.running && one.oneOff !== true && !digests.has(idOf(one)))
    },

    /**
     * What Docker Compose has made of services of a stack that was taken over, since or before: it
     * is the stack's, whoever started it last. None of a stack that was never taken over.
     */
    async leftOf(stack: StackSpec): Promise<ObservedInstance[]> {
      if (![...digests.values()].some((taken) => taken.stack === stack.name)) return []
      const names = new Set(stack.services.map(({ name }) => name))
      return (await foreignIn(stack)).filter(({ service }) => names.has(service))
    },

    /**
     * Names of what the file of a stack has in the engine, whoever made it; undefined while a
     * project of its name runs from another folder, whose it is then.
     */
    async madeFor(stack: StackSpec): Promise<MadeByCompose | undefined> {
      if (await isElsewhere(stack.name, stack.workingDir)) return undefined
      return {
        networks: [`${stack.name}_default`, ...ownNamesOf(stack.networks)],
        volumes: ownNamesOf(stack.volumes),
      }
    },

    /** Part of the transaction that applies a stack. With differences it is there to be replaced. */
    async record(tx: Tx, stack: string, claims: readonly Claim[]): Promise<void> {
      for (const { found, name, differences, wanted } of claims) {
        const digest = differences.length === 0 ? wanted.digest : ''
        const row = { stack, instance: name, digest }
        await upsertAdoption(tx, { container_id: idOf(found), ...row })
        tx.afterCommit(() => void digests.set(idOf(found), row))
      }
    },

    forget(stack: string): void {
      for (const [id, row] of digests) if (row.stack === stack) digests.delete(id)
    },
  }
}

/** Who it is to Keelson is told to a container at its start alone, and means nothing to itself. */
export const withoutOurs = (differences: readonly string[]): string[] =>
  differences.filter((path) => !path.startsWith('environment.KEELSON_'))

const noneWithoutEngine = (error: unknown): ObservedInstance[] => {
  if (error instanceof AppError) return []
  throw error
}

/** What a container would be started as, had Keelson started it. */
const specFor = (
  stack: StackSpec,
  { spec, digest, injected }: Pick<WantedService, 'spec' | 'digest' | 'injected'>,
  instance: WantedService['instances'][number],
  { incarnation }: ObservedInstance,
): InstanceSpec => ({
  ...{ stack: stack.name, service: spec.name, name: instance.name, index: instance.index },
  ...{ incarnation, spec, digest, ports: instance.ports, stackDir: stack.workingDir },
  environment: instanceEnvironment(spec, injected, instance),
  networkNames: namesOf(stack.networks),
  volumeNames: namesOf(stack.volumes),
})

const ownNamesOf = (
  resources: Readonly<Record<string, { name: string; external: boolean }>>,
): string[] => Object.values(resources).flatMap(({ name, external }) => (external ? [] : [name]))

const namesOf = (named: Readonly<Record<string, { name: string }>>): Record<string, string> =>
  Object.fromEntries(Object.entries(named).map(([key, { name }]) => [key, name]))
