import type { Operator } from '../mutant.ts'
import { claimOperators } from './claims.ts'
import { composeOperators } from './compose.ts'
import { configurationOperators } from './configuration.ts'
import { healthOperators } from './health.ts'
import { missingOperators } from './missing.ts'
import { networkOperators } from './network.ts'
import { observabilityOperators } from './observability.ts'
import { resilienceOperators } from './resilience.ts'
import { routeOperators } from './routes.ts'
import { runningOperators } from './running.ts'
import { securityOperators } from './security.ts'
import { suppressionOperators } from './suppression.ts'

/** Every way a stack is broken in, in the order of the rules. */
export const operators: readonly Operator[] = [
  ...composeOperators,
  ...claimOperators,
  ...missingOperators,
  ...healthOperators,
  ...configurationOperators,
  ...networkOperators,
  ...routeOperators,
  ...observabilityOperators,
  ...securityOperators,
  ...resilienceOperators,
  ...runningOperators,
  ...suppressionOperators,
]
