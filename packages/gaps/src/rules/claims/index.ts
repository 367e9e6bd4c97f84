import type { Rule } from '../rule.ts'
import { missingFile } from './missing-file.ts'
import { serviceCount } from './service-count.ts'
import { undocumentedService } from './undocumented-service.ts'
import { unknownService } from './unknown-service.ts'
import { unknownVariable } from './unknown-variable.ts'
import { wrongCommand } from './wrong-command.ts'
import { wrongPort } from './wrong-port.ts'

export const claimsRules: readonly Rule[] = [
  serviceCount,
  unknownService,
  undocumentedService,
  wrongPort,
  wrongCommand,
  missingFile,
  unknownVariable,
]
