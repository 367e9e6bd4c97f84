/**
 * Registry: which services are declared and which instances of them exist, vouched for by leases.
 *
 * Tables `registry.service`, `registry.instance`. Announces nothing durable: what matters to
 * people is announced by whoever knows why. Invariants: one writer, the control process; memory is
 * ahead of the tables by what the recorder still holds; an instance belongs to a declared service.
 */
export { createRegistry, leaseMs, serviceIdOf } from './registry.ts'
export type { Registry, RegistryChange } from './registry.ts'
export { findServiceIn, knownObject, mayReadService, maySeeCaller, maySeeEvent } from './objects.ts'
export { objectOf, probeOf } from './declaration.ts'
export type { InstanceFacts, RegisteredInstance, ServiceDeclaration } from './declaration.ts'
