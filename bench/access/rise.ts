import { builtInRoles } from '@keelson/contract'
import type { Grant } from '../../packages/server/src/identity/access/engine.ts'
import {
  bookOf,
  createHolding,
  lastingIn,
} from '../../packages/server/src/identity/access/rights.ts'

/**
 * What it costs to tell whether somebody may as much as another, who hold the same 1,000 narrow grants
 * each (the most one holder has), as every change of an account asks. Prints milliseconds by role.
 *
 *     node bench/access/rise.ts
 */
const grantCount = 1000
const roles = new Map(Object.entries(builtInRoles).map(([name, role]) => [name, role.permissions]))

const grantsOf = (id: string, role: string, nameOf: (at: number) => string): Grant[] =>
  Array.from({ length: grantCount }, (_, at) => ({
    ...{ id: `${id}-${at}`, holder: { kind: 'principal', id }, role },
    ...{ effect: 'allow', on: { name: nameOf(at) }, expiresAt: null },
  }))

const shapes: [string, (at: number) => string][] = [
  ['stacks by name', (at) => `stack:s${at}`],
  ['stacks by pattern', (at) => `stack:s${at}-*`],
]
for (const role of ['viewer', 'administrator']) {
  for (const [shape, nameOf] of shapes) {
    const grants = ['ana', 'leo'].flatMap((id) => grantsOf(id, role, nameOf))
    const facts = { disabled: new Set<string>(), teams: new Map(), roles, grants }
    const startedAt = performance.now()
    const holds = createHolding(facts, { principals: ['ana'], scopes: null }, 0)
    const { rights, denied } = lastingIn(bookOf(facts, 'leo', 0))
    const isHeld = [...rights].every((right) => holds(right, denied))
    const tookMs = (performance.now() - startedAt).toFixed(0)
    console.log(`${role}, ${shape}: ${isHeld ? 'held' : 'more'} in ${tookMs} ms`)
  }
}
