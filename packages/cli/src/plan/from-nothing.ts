import type { Plan, PlanAction, ServiceSpec, StackSpec } from '@keelson/contract'

/** What a first start does, in the order of the dependencies: for when no platform runs. */
export const planFromNothing = (spec: StackSpec): Plan => ({
  stack: spec.name,
  revision: 1,
  digest: '',
  actions: inStartOrder(spec.services).flatMap((service) => startActions(spec, service)),
  unchanged: [],
})

const startActions = (spec: StackSpec, service: ServiceSpec): PlanAction[] =>
  Array.from({ length: service.replicas }, (_, index) => {
    const subject = `${spec.name}-${service.name}-${index + 1}`
    const [origin] = service.origins[''] ?? []
    return {
      id: `start_instance:${subject}`,
      kind: 'start_instance',
      subject,
      service: service.name,
      cause: `${service.name} is declared and does not run`,
      changes: [],
      after: [],
      waitFor: service.dependsOn.map(({ service: name, condition }) => ({
        service: name,
        condition,
      })),
      ...(origin === undefined ? {} : { origin }),
    }
  })

/** Depth first; the loader has refused cycles. */
const inStartOrder = (services: readonly ServiceSpec[]): ServiceSpec[] => {
  const byName = new Map(services.map((service) => [service.name, service]))
  const ordered = new Set<ServiceSpec>()
  const visit = (service: ServiceSpec) => {
    if (ordered.has(service)) return
    for (const { service: name } of service.dependsOn) {
      const before = byName.get(name)
      if (before !== undefined) visit(before)
    }
    ordered.add(service)
  }
  services.forEach(visit)
  return [...ordered]
}
