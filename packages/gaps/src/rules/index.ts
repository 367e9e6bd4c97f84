import { claimsRules } from './claims/index.ts'
import { composeRules } from './compose/index.ts'
import { configurationRules } from './configuration/index.ts'
import { healthRules } from './health/index.ts'
import { missingRules } from './missing/index.ts'
import { networkRules } from './network/index.ts'
import { observabilityRules } from './observability/index.ts'
import { resilienceRules } from './resilience/index.ts'
import { routesRules } from './routes/index.ts'
import type { Rule } from './rule.ts'
import { runningRules } from './running/index.ts'
import { securityRules } from './security/index.ts'
import { suppressionRules } from './suppression/index.ts'

/** Every rule, in the order of the documentation. */
export const rules: readonly Rule[] = [
  ...composeRules,
  ...claimsRules,
  ...missingRules,
  ...healthRules,
  ...configurationRules,
  ...networkRules,
  ...observabilityRules,
  ...resilienceRules,
  ...securityRules,
  ...routesRules,
  ...runningRules,
  ...suppressionRules,
]
