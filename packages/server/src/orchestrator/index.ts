/**
 * Orchestrator: from what a stack should be to what runs, and keeping it so.
 *
 * Observed state (runtimes) → plan (plan.ts, pure) → books (what each service is to run) → one
 * conductor per service (rollout/: which instances there are, and their update) → one keeper per
 * instance (keeper.ts, by the table in machine.ts) → a runtime (runtime-process, runtime-container).
 *
 * Tables, all in the schema `orchestrator`. What is applied: `stack`, `stack_revision` (the last 20),
 * `definition` (parts and digests of services). What is to run: `service` and `place` (stopped,
 * scaled, under way; its instances). What is remembered of it: `instance` (restarts, held), `port`
 * (given out), `adoption` (containers of Docker Compose that were taken over), `drift`, `stack_start`.
 *
 * Announces `stack.applied`, `.removed`, `.drifted`, `.mended`; `action.failed`; `rollout.started`,
 * `.advanced`, `.ended`; `instance.*`; of services `restart_requested`, `start_requested`,
 * `stop_requested`, `scaled`, `storm_started`, `storm_ended`. Live: the actions of plans.
 *
 * Invariants:
 * - An incarnation starts at most once; what nobody wants is ended when Keelson starts.
 * - A stack changes in one place at a time, and what a request was told is durable.
 * - A keeper never waits for another; an engine that hangs holds up its own instances alone.
 * - Looking (plan, drift) changes nothing; a foreign container is touched only once it is taken over.
 * - Files come into instances only from the folder of the stack, or from what a service watches.
 */
export { openOrchestrator } from './open.ts'
export { ownStack } from './known-stacks.ts'
export type { GatewayFile, Orchestrator } from './orchestrator.ts'
export { looksSecret } from './plan/environment.ts'
export { stackRoutes } from './routes.ts'
export { stacksFor } from './views/stacks-for.ts'
export { readableTo } from './views/readable-to.ts'
export { observationFor } from './views/readable-stack.ts'
export { maySeeProgress } from './views/readable-plan.ts'
export { createLogStore, type LogStore } from './logs/index.ts'
