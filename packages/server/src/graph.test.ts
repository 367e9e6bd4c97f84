import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { Context } from './kernel/context.ts'
import { startOrder, targets, type Target } from './kernel/lifecycle.ts'
import { createGraph, migrationSources, type Modules } from './graph.ts'

// What a module is made of is imported when it is made, and here none is.
const graph = createGraph({} as Context)
const names = Object.keys(graph) as (keyof Modules)[]

const orders: Record<Target, (keyof Modules)[]> = {
  control: [
    ...(['database', 'schema', 'db', 'events', 'recorder'] as const),
    ...(['keyring', 'audit', 'identity', 'http', 'live'] as const),
    ...([
      'registry',
      'health',
      'logs',
      'orchestrator',
      'gatewayControl',
      'publisher',
      'drain',
      'certificates',
      'traffic',
      'gaps',
      'system',
    ] as const),
  ],
  gateway: ['database', 'db', 'dataPlane'],
}

for (const target of targets) {
  test(`the target ${target} starts in this order, each module after all it needs`, () => {
    const order = startOrder(graph, target)
    assert.deepEqual(order, orders[target])
    for (const [index, name] of order.entries()) {
      for (const need of graph[name].needs) {
        assert.ok(order.indexOf(need) < index, `${name} starts before ${need}`)
        assert.ok(graph[need].targets.includes(target), `${need} is not part of ${target}`)
      }
    }
  })
}

test('every module is part of a target', () => {
  for (const name of names) assert.ok(graph[name].targets.length > 0, name)
})

test('a module needs nothing from a floor above its own', () => {
  for (const name of names) {
    // The server of the kernel is handed the way to ask who is there.
    const needs = graph[name].needs.filter((need) => !(name === 'http' && need === 'identity'))
    for (const need of needs) {
      assert.ok(graph[need].floor <= graph[name].floor, `${name} needs ${need} from above`)
    }
  }
})

test('whatever holds a resource is stopped', () => {
  const stateless: (keyof Modules)[] = ['schema', 'keyring', 'registry']
  assert.deepEqual(
    names.filter((name) => graph[name].stop === undefined),
    stateless,
  )
})

test('the migrations of every room with a folder of them are applied', () => {
  const domains = migrationSources.map(({ domain }) => domain)
  assert.deepEqual(domains, [
    ...['kernel', 'registry', 'identity', 'health', 'gateway', 'orchestrator', 'gaps'],
  ])
})

test('the gateway loads no room but its own', () => {
  const source = readFileSync(new URL('./graph.ts', import.meta.url), 'utf8')
  const loaded = [...source.matchAll(/^import (?!type)[^;]*?from '\.\/(\w+)\//gm)]
  assert.deepEqual([...new Set(loaded.map(([, room]) => room))], ['kernel'])
})
