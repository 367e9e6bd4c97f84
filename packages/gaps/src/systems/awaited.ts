import type { System } from './system.ts'

const known = new WeakMap<System['services'], ReadonlySet<string>>()

/** Services whose end another one waits for. Counted once: many rules ask it of each of 2,000. */
export const awaitedEnds = (services: System['services']): ReadonlySet<string> => {
  const found = known.get(services) ?? new Set(namesOf(services))
  known.set(services, found)
  return found
}

const namesOf = (services: System['services']): string[] =>
  [...services.values()].flatMap(({ model }) =>
    Object.entries(model.dependsOn)
      .filter(([, { condition }]) => condition === 'service_completed_successfully')
      .map(([name]) => name),
  )
