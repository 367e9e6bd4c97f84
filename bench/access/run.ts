import { builtInRoles, serviceObject } from '@keelson/contract'
import { createEngine, type Grant } from '../../packages/server/src/identity/access/engine.ts'

/**
 * What a decision costs in process with 10,000 grants of one principal: half by name, the others by
 * label and owner, each tenth a deny. Prints the 50th and 99th percentile of `decide` and `explain`.
 *
 *     node bench/access/run.ts
 */
const grantCount = 10_000
const rounds = 20_000
const explainRounds = 2000

const selectorOf = (at: number): Grant['on'] => {
  if (at % 4 === 0) return { labels: { team: `team-${at}` } }
  if (at % 4 === 1) return { owner: `owner-${at}` }
  return { name: at % 4 === 2 ? `stack:stack-${at}` : `service:stack-${at}/web*` }
}

const grants: Grant[] = Array.from({ length: grantCount }, (_, at) => ({
  ...{ id: String(at), holder: { kind: 'principal', id: 'ana' }, role: 'operator' },
  ...{ effect: at % 10 === 9 ? 'deny' : 'allow', on: selectorOf(at), expiresAt: null },
}))
const roles = new Map(Object.entries(builtInRoles).map(([name, role]) => [name, role.permissions]))
const engine = createEngine({ disabled: new Set(), teams: new Map(), roles, grants })

const objectAt = (at: number) =>
  serviceObject(`stack-${(at * 7919) % grantCount}`, 'web-1', {
    labels: { team: `team-${at % grantCount}`, tier: 'front' },
    owner: `owner-${at % grantCount}`,
  })

const measure = (name: string, times: number, run: (at: number) => void): void => {
  for (let at = 0; at < times; at += 1) run(at)
  const tookUs: number[] = []
  for (let at = 0; at < times; at += 1) {
    const startedAt = process.hrtime.bigint()
    run(at)
    tookUs.push(Number(process.hrtime.bigint() - startedAt) / 1000)
  }
  tookUs.sort((a, b) => a - b)
  const at = (share: number): string => (tookUs[Math.floor(share * times)] ?? 0).toFixed(1)
  console.log(`${name}: p50 ${at(0.5)} µs, p99 ${at(0.99)} µs`)
}

const nowMs = Date.now()
measure('decide', rounds, (at) => engine.decide('ana', 'services:restart', objectAt(at), nowMs))
measure('held', rounds, () => engine.held('ana', nowMs))
measure('explain', explainRounds, (at) =>
  engine.explain('ana', 'services:restart', objectAt(at), nowMs),
)
