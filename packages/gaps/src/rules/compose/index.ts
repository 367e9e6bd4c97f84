import type { Rule } from '../rule.ts'
import { doesNotLoad } from './does-not-load.ts'

export const composeRules: readonly Rule[] = [doesNotLoad]
