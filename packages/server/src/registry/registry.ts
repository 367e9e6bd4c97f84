import { AppError } from '../kernel/errors.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Db } from '../kernel/db.ts'
import type { Recorder } from '../kernel/recorder.ts'
import { categoryOf } from './category.ts'
import type { InstanceFacts, RegisteredInstance, ServiceDeclaration } from './declaration.ts'
import {
  deleteInstance,
  deleteService,
  renewLeases,
  selectInstances,
  selectServices,
  upsertInstance,
  upsertService,
} from './store.ts'

export type RegistryChange =
  | { kind: 'service'; service: ServiceDeclaration }
  | { kind: 'service_removed'; service: ServiceDeclaration }
  | { kind: 'instance'; instance: RegisteredInstance; before: RegisteredInstance | undefined }
  | { kind: 'instance_removed'; instance: RegisteredInstance }

export type Registry = ReturnType<typeof createRegistry>

/** Renewed every third of it, so two lost renewals are forgiven. */
export const leaseMs = 15_000

export const serviceIdOf = (stack: string, service: string): string => `${stack}/${service}`

export const createRegistry = (deps: { db: Db; recorder: Recorder; clock: Clock }) => {
  const { db, recorder, clock } = deps
  const services = new Map<string, ServiceDeclaration>()
  const instances = new Map<string, RegisteredInstance>()
  const instancesByService = new Map<string, Map<string, RegisteredInstance>>()
  const listeners: ((change: RegistryChange) => void)[] = []

  const announce = (change: RegistryChange): void => {
    for (const listener of listeners) listener(change)
  }
  const newLease = (): Date => new Date(clock.now().getTime() + leaseMs)

  const keep = (instance: RegisteredInstance): void => {
    instances.set(instance.name, instance)
    const siblings = instancesByService.get(instance.serviceId) ?? new Map()
    instancesByService.set(instance.serviceId, siblings.set(instance.name, instance))
  }

  return {
    /** Reads what was registered before this process started; nothing is announced for it. */
    async load(): Promise<void> {
      for (const service of await selectServices(db)) services.set(service.id, service)
      for (const instance of await selectInstances(db)) keep({ ...instance, adopted: true })
    },

    onChange(listener: (change: RegistryChange) => void): void {
      listeners.push(listener)
    },

    declare(service: ServiceDeclaration): void {
      services.set(service.id, service)
      recorder.record((tx) => upsertService(tx, service, clock.now()))
      announce({ kind: 'service', service })
    },

    /** Takes back a declaration and all instances of it. */
    withdraw(id: string): void {
      const service = services.get(id)
      if (service === undefined) return
      for (const name of instancesByService.get(id)?.keys() ?? []) this.remove(name)
      services.delete(id)
      instancesByService.delete(id)
      recorder.record((tx) => deleteService(tx, id))
      announce({ kind: 'service_removed', service })
    },

    put(facts: InstanceFacts): void {
      const before = instances.get(facts.name)
      const draining = before?.draining ?? false
      const instance = { ...facts, draining, leaseExpiresAt: newLease() }
      keep(instance)
      recorder.record((tx) => upsertInstance(tx, instance))
      announce({ kind: 'instance', instance, before })
    },

    /**
     * Says that new requests go elsewhere, or come here again. It holds whatever its supervisor
     * says of the instance meanwhile, and over a restart of Keelson: until it is set back or the
     * instance is removed. Nothing happens to one that is not known.
     */
    setDraining(name: string, draining: boolean): void {
      const before = instances.get(name)
      if (before === undefined || before.draining === draining) return
      const instance = { ...before, draining }
      keep(instance)
      recorder.record((tx) => upsertInstance(tx, instance))
      announce({ kind: 'instance', instance, before })
    },

    remove(name: string): void {
      const instance = instances.get(name)
      if (instance === undefined) return
      instances.delete(name)
      instancesByService.get(instance.serviceId)?.delete(name)
      recorder.record((tx) => deleteInstance(tx, name))
      announce({ kind: 'instance_removed', instance })
    },

    /** Says that these instances are still vouched for. Not announced: nothing changed. */
    renew(names: readonly string[]): void {
      const leaseExpiresAt = newLease()
      for (const name of names) {
        const instance = instances.get(name)
        if (instance !== undefined) keep({ ...instance, leaseExpiresAt })
      }
      recorder.record((tx) => renewLeases(tx, names, leaseExpiresAt))
    },

    services: (): ServiceDeclaration[] => [...services.values()],
    instances: (): RegisteredInstance[] => [...instances.values()],
    findService: (id: string): ServiceDeclaration | undefined => services.get(id),
    findInstance: (name: string): RegisteredInstance | undefined => instances.get(name),
    instancesOf: (id: string): RegisteredInstance[] =>
      [...(instancesByService.get(id)?.values() ?? [])].sort((a, b) => a.index - b.index),

    /** By `<stack>/<service>`, or by service name alone when only one stack has it; among some. */
    getService(
      name: string,
      stack?: string,
      isAmong: (service: ServiceDeclaration) => boolean = () => true,
    ): ServiceDeclaration {
      const named = name.includes('/')
        ? [services.get(name)].filter((service) => service !== undefined)
        : [...services.values()].filter(
            (service) =>
              service.spec.name === name && (stack === undefined || service.stack === stack),
          )
      const matches = named.filter(isAmong)
      const [only, second] = matches
      if (only === undefined) {
        throw new AppError('service_not_found', { message: `There is no service ${name}` })
      }
      if (second !== undefined) {
        const stacks = matches.map((match) => match.stack).join(', ')
        const message = `${name} is in several stacks: ${stacks}`
        throw new AppError('service_ambiguous', { message })
      }
      return only
    },

    categoryOf: (service: ServiceDeclaration) => categoryOf(service.spec),
  }
}
