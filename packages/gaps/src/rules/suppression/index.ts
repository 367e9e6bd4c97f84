import type { Rule } from '../rule.ts'
import { noReason } from './no-reason.ts'
import { stale } from './stale.ts'
import { unknownRule } from './unknown-rule.ts'

export const suppressionRules: readonly Rule[] = [stale, noReason, unknownRule]
