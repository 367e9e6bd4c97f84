/**
 * Health: whether services are well, since when, and because of what.
 *
 * Probes every running instance (probe.ts, prober.ts), judges instances and services (verdict.ts,
 * pure), rolls states up over dependencies, and tells it to people (views.ts, why.ts). Tables
 * `health.verdict`, `health.change`. Announces `instance.state_changed`, `service.state_changed`.
 * Invariants: every state has a reason and a since; silence becomes `unknown`, never `healthy`.
 */
export { createHealth } from './health.ts'
export type { Health } from './health.ts'
export { serviceRoutes } from './routes.ts'
export { describeService, describeTimeline } from './views.ts'
