import type { Rule } from '../rule.ts'
import { checkCannotFail } from './check-cannot-fail.ts'
import { noCheck } from './no-check.ts'
import { noRestart } from './no-restart.ts'
import { probeProgram } from './probe-program.ts'
import { probeTarget } from './probe-target.ts'
import { startOrder } from './start-order.ts'
import { waitNotReady } from './wait-not-ready.ts'
import { waitWithoutCheck } from './wait-without-check.ts'

export const healthRules: readonly Rule[] = [
  ...[noCheck, waitWithoutCheck, waitNotReady, startOrder],
  ...[probeProgram, probeTarget, checkCannotFail, noRestart],
]
