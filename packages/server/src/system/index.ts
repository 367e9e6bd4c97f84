/**
 * System: the platform as others see it: its routes, the page, the live topics, and its own parts
 * as services like any other. No tables. Announces `system.started`.
 */
export { createSystem } from './system.ts'
