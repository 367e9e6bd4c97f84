import { join } from 'node:path'
import { conformanceDir, missingConformance } from '../../../compose/src/conformance.ts'

/** Public stacks, trimmed. */
export const stacks = [
  ...['self-hosted', 'opentelemetry-demo', 'robot-shop', 'piggymetrics', 'dockprom', 'temporal'],
  ...['spring-petclinic-microservices', 'langfuse', 'awesome-compose'],
] as const

export const stacksFolder = join(conformanceDir, 'stacks')

/** The message a test skips with, or false when the stacks are there. */
export const missingStacks = (): string | false => missingConformance('stacks/README.md')
