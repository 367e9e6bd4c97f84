import type { Rule } from '../rule.ts'
import { deadUpstream } from './dead-upstream.ts'
import { shadowed } from './shadowed.ts'
import { unrouted } from './unrouted.ts'

export const routesRules: readonly Rule[] = [deadUpstream, shadowed, unrouted]
